//go:build !windows

package dial

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/userdir"
)

func TestSSHArgs(t *testing.T) {
	for _, tc := range []struct {
		ep   backend.Endpoint
		goos string
		has  string
		host string
	}{
		{backend.Endpoint{URI: "ssh://build"}, "linux", "ClearAllForwardings=yes", "build"},
		{backend.Endpoint{URI: "ssh://me@Build_1:2222"}, "linux", "-l me -p 2222", "Build_1"},
		{backend.Endpoint{URI: "ssh://core@127.0.0.1:50000/run/user/501/podman/podman.sock", Identity: "/id",
			Machine: true}, "darwin",
			"-l core -p 50000 -i /id -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
			"127.0.0.1"},
		{backend.Endpoint{URI: "ssh://core@localhost:50000/x", Machine: true}, "windows", "UserKnownHostsFile=NUL",
			"localhost"},
		// Only a machine on this computer goes unchecked.
		{backend.Endpoint{URI: "ssh://core@far/x", Machine: true}, "linux", "-l core", "far"},
		{backend.Endpoint{URI: "ssh://[::1]/x"}, "linux", "ClearAllForwardings=yes", "::1"},
	} {
		u, err := url.Parse(tc.ep.URI)
		require.NoError(t, err)
		options, host := sshArgs(tc.ep, u, tc.goos)
		line := strings.Join(options, " ")
		require.True(t, strings.HasSuffix(line, tc.has), line)
		require.Contains(t, line, "BatchMode=yes")
		require.Equal(t, tc.host, host)
	}
	require.True(t, strings.HasSuffix(remoteCommand("/it's", backend.KindPodman), `galley '/it'\''s' 'podman'`))
}

// A user who shares logins already goes on doing so.
// TestLoginTime: who asks a far engine has to leave as much time as a login may take.
func TestLoginTime(t *testing.T) {
	for uri, want := range map[string]time.Duration{"ssh://h": loginTimeout, "unix:///s": 0, "tcp://h:1": 0,
		"npipe:////./pipe/p": 0} {
		require.Equal(t, want, LoginTime(backend.Endpoint{URI: uri}), uri)
	}
}

func TestSharing(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "g") // a socket's path may not be long
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	t.Setenv("XDG_RUNTIME_DIR", dir)
	ssh := filepath.Join(dir, "ssh")
	config := func(line string) {
		require.NoError(t, os.WriteFile(ssh, []byte("#!/bin/sh\n[ $1 = -G ] && echo '"+line+"'\n"), 0o755))
	}
	config("hostname far")
	want := "ControlPath=" + filepath.Join(dir, "galley", "ssh", "%C")
	require.Contains(t, sharing(t.Context(), ssh, "linux", nil), want)
	require.Empty(t, sharing(t.Context(), ssh, "windows", nil))
	config("controlpath none")
	require.Contains(t, sharing(t.Context(), ssh, "linux", nil), want)
	config("controlpath /home/me/.ssh/%C")
	require.Empty(t, sharing(t.Context(), ssh, "linux", nil))
	config("hostname far")
	dirOf, err := controlDir()
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dirOf, 0o755))
	t.Setenv("XDG_CACHE_HOME", "/dev/null/none") // there is no other place
	require.Empty(t, sharing(t.Context(), ssh, "linux", nil), "others could log in through it")
}

// TestControlDir: whatever the variables name, the sockets are in a directory of this
// user's that no other user can enter, or logins are not shared.
func TestControlDir(t *testing.T) {
	base, err := os.MkdirTemp("/tmp", "g")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(base)) })
	place := func(name string, mode os.FileMode) string {
		dir := filepath.Join(base, name)
		require.NoError(t, os.Mkdir(dir, 0o700))
		require.NoError(t, os.Chmod(dir, mode))
		return dir
	}
	good, cache := place("good", 0o700), place("c", 0o700)
	linked := place("linked", 0o700)
	require.NoError(t, os.Symlink(good, filepath.Join(linked, "galley")))
	link := filepath.Join(base, "link")
	require.NoError(t, os.Symlink(good, link))
	t.Setenv("XDG_CACHE_HOME", cache)
	in := func(dir string) string { return filepath.Join(dir, "galley", "ssh") }
	for _, tt := range []struct{ runtimeDir, want string }{
		{good, in(good)},
		{"", in(cache)},
		{"relative", in(cache)},
		{"/missing/directory", in(cache)},
		{"/tmp", in(cache)}, // belongs to root, and everybody may write there
		{place("open", 0o777), in(cache)},
		{link, in(cache)},
		{linked, in(cache)},
		{place(strings.Repeat("l", maxControlPath), 0o700), in(cache)},
	} {
		t.Setenv("XDG_RUNTIME_DIR", tt.runtimeDir)
		got, err := controlDir()
		require.NoError(t, err)
		require.Equal(t, tt.want, got, tt.runtimeDir)
		st, err := os.Stat(got)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), st.Mode().Perm())
	}
	t.Setenv("XDG_CACHE_HOME", place("shared", 0o777))
	_, err = controlDir()
	require.ErrorIs(t, err, userdir.ErrUnsafe)
}

func TestAddressesThatAreRefused(t *testing.T) {
	for uri, text := range map[string]string{
		"ssh://":                  "no host",
		"ssh://-oProxyCommand=x":  "dash",
		"ssh://-l@host":           "dash",
		"ssh://me:secret@host":    "use a key",
		"ssh://host?x=1":          "nothing more",
		"unix://":                 "no path",
		"tcp://host":              "no port",
		"/var/run/docker.sock":    "unknown scheme",
		"fd://1":                  "unknown scheme",
		"ssh://host:port/":        "is not a port",
		"https://host:1/\x7fpath": "invalid control character",
	} {
		_, err := New(backend.Endpoint{URI: uri})
		require.ErrorIs(t, err, backend.ErrInvalid, uri)
		require.ErrorContains(t, err, text, uri)
	}
}

// The script travels in single quotes on one line.
func TestFarScriptCanTravel(t *testing.T) {
	require.NotContains(t, remoteScript, "'")
	require.NotContains(t, remoteScript, "\n")
	require.NotContains(t, remoteScript, "!")
}

// farHost is a directory that stands for a remote host: its programs, and an `ssh`
// that "logs in" by running the command there.
type farHost struct {
	t   *testing.T
	dir string
}

func newFarHost(t *testing.T) farHost {
	t.Helper()
	dir, err := os.MkdirTemp("", "far")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	h := farHost{t, dir}
	h.ssh(`[ "$1" != -G ] || exit 1
while [ "$1" != -- ]; do shift; done
HOME=` + dir + ` XDG_RUNTIME_DIR=` + dir + `/run PATH=` + dir + `/far exec /bin/sh -c "echo hello from .bashrc; $3"`)
	t.Setenv("PATH", filepath.Join(dir, "near")+":"+os.Getenv("PATH"))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "run"), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "far"), 0o755))
	for _, name := range []string{"sh", "id"} {
		path, err := exec.LookPath(name)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(path, filepath.Join(dir, "far", name)))
	}
	return h
}

func (h farHost) ssh(script string) { h.program("near/ssh", script) }

func (h farHost) program(name, script string) {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	require.NoError(h.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(h.t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
}

// client installs a docker or podman that finds the socket by itself too.
func (h farHost) client(name, socket string) {
	h.t.Helper()
	self, err := os.Executable()
	require.NoError(h.t, err)
	h.program("far/"+name, `[ "$1" != info ] || { echo "unix://`+socket+`"; exit; }
`+relayVariable+`="`+socket+`" exec `+self+` "$@"`)
}

// listen serves a socket that says a word and then sends back in upper case all that it gets.
func (h farHost) listen(name, word string) (path string) {
	h.t.Helper()
	path = filepath.Join(h.dir, name)
	require.NoError(h.t, os.MkdirAll(filepath.Dir(path), 0o755))
	l, err := net.Listen("unix", path)
	require.NoError(h.t, err)
	h.t.Cleanup(func() { require.NoError(h.t, l.Close()) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				defer c.Close()
				// What fails here, the other end sees.
				text, _ := io.ReadAll(c)
				_, _ = io.WriteString(c, word+" "+strings.ToUpper(string(text)))
			}()
		}
	}()
	return path
}

// talk says something over a connection and returns the answer, which comes after the end of what was said.
func talk(t *testing.T, c net.Conn, text string) string {
	t.Helper()
	_, err := io.WriteString(c, text)
	require.NoError(t, err)
	require.NoError(t, c.(interface{ CloseWrite() error }).CloseWrite())
	answer, err := io.ReadAll(c)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	return string(answer)
}

// Where no path is given, what the far host has decides.
func TestFarSide(t *testing.T) {
	for _, tc := range []struct {
		name  string
		setup func(h farHost)
		path  string
		kind  backend.Kind
		want  string
	}{
		{"the path by podman", func(h farHost) { h.client("podman", "/nowhere") }, "s", "", "s X"},
		{"the path by docker", func(h farHost) { h.client("docker", "/nowhere") }, "s", "", "s X"},
		{"docker's context", func(h farHost) {
			h.client("docker", filepath.Join(h.dir, "s"))
			require.NoError(h.t, os.MkdirAll(filepath.Join(h.dir, ".docker", "contexts", "meta"), 0o755))
		}, "", "", "s X"},
		{"rootless docker", func(h farHost) {
			h.client("docker", "/nowhere") // it looks in /var/run of itself
			h.listen("run/docker.sock", "rootless")
		}, "", "", "rootless X"},
		{"podman's socket asked", func(h farHost) { h.client("podman", h.listen("p", "podman")) }, "", "", "podman X"},
		{"docker is preferred", func(h farHost) {
			h.client("docker", "/nowhere")
			h.listen("run/docker.sock", "docker")
			h.client("podman", h.listen("p", "podman"))
		}, "", "", "docker X"},
		{"podman is preferred where it was asked for", func(h farHost) {
			h.client("docker", "/nowhere")
			h.listen("run/docker.sock", "docker")
			h.client("podman", h.listen("p", "podman"))
		}, "", backend.KindPodman, "podman X"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.path == "" && anEngineIsHere() {
				t.Skip("this machine has an engine in a well-known place, which would answer instead")
			}
			h := newFarHost(t)
			h.listen("s", "s")
			tc.setup(h)
			uri := "ssh://far"
			if tc.path != "" {
				uri += filepath.Join(h.dir, tc.path)
			}
			f, err := New(backend.Endpoint{URI: uri, Kind: tc.kind})
			require.NoError(t, err)
			c, err := f(t.Context())
			require.NoError(t, err)
			require.Equal(t, tc.want, talk(t, c, "x"))
		})
	}
}

func anEngineIsHere() bool {
	for _, path := range []string{"/var/run/docker.sock", "/run/podman/podman.sock"} {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return false
}

func TestFarSideWithoutEngine(t *testing.T) {
	for _, tc := range []struct {
		name  string
		setup func(h farHost)
		path  string
		kind  error
		text  string
	}{
		{"no such socket", func(farHost) {}, "/nowhere", backend.ErrUnreachable, "no socket at /nowhere on that host"},
		{"podman without a service", func(h farHost) { h.client("podman", "/nowhere") }, "", backend.ErrUnreachable,
			"enable --now podman.socket"},
		{"docker says it itself", func(h farHost) {
			h.program("far/docker", `echo "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?" >&2; exit 1`)
			require.NoError(h.t, os.MkdirAll(filepath.Join(h.dir, ".docker", "contexts", "meta"), 0o755))
		}, "", backend.ErrUnreachable, "Docker does not run on that host"},
		{"not sh", func(h farHost) { h.ssh("exit 0") }, "/x", backend.ErrUnreachable, "ssh ended without a word"},
		{"a greeting without end", func(h farHost) { h.ssh("[ $1 = -G ] || yes") }, "/x", backend.ErrUnreachable,
			"prints without end"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.path == "" && anEngineIsHere() {
				t.Skip("this machine has an engine in a well-known place, which would answer instead")
			}
			h := newFarHost(t)
			tc.setup(h)
			f, err := once(backend.Endpoint{URI: "ssh://far" + tc.path})
			require.NoError(t, err)
			c, err := f(t.Context())
			if err == nil { // the login was fine: what follows is not
				_, err = io.ReadAll(c)
				require.NoError(t, c.Close())
			}
			require.ErrorIs(t, err, tc.kind)
			require.ErrorContains(t, err, tc.text)
		})
	}
}

// What ssh says becomes an error of its own, with what can be done.
func TestSSHErrors(t *testing.T) {
	for _, tc := range []struct {
		stderr, detail, remedy string
		kind                   error
	}{
		{"@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@\nOffending key in /x:3\nHost key verification failed.\n",
			"shows another key", "ssh-keygen -R '[h]:2222'", backend.ErrUnreachable},
		{"No ED25519 host key is known for [h]:2222 and you have requested strict checking.\nHost key verification failed.\n",
			"not in known_hosts", "ssh me@h", backend.ErrUnreachable},
		{"me@h: Permission denied (publickey).\n", "none of the keys", "ssh-add", backend.ErrPermission},
		{"Received disconnect from h: 2: Too many authentication failures\n", "too many wrong keys", "IdentitiesOnly",
			backend.ErrPermission},
		{"ssh: Could not resolve hostname h: Name or service not known\n", "no host of that name", "ssh -p 2222 me@h",
			backend.ErrUnreachable},
		{"ssh: connect to host h port 2222: Connection refused\n", "no ssh server", "ssh -p 2222 me@h true",
			backend.ErrUnreachable},
		{"ssh: connect to host h port 2222: Connection timed out\n", "does not answer", "is up",
			backend.ErrUnreachable},
		{"Timeout, server h not responding.\n", "any more", "is up", backend.ErrUnreachable},
		{"ssh: connect to host h port 2222: No route to host\n", "no way", "VPN", backend.ErrUnreachable},
		{"bash: line 1: sh: command not found\n", "sh: command not found", "by hand: ssh -p 2222 me@h",
			backend.ErrUnreachable},
	} {
		ep := backend.Endpoint{URI: "ssh://me@h:2222/x"}
		if strings.Contains(tc.remedy, "ssh me@h") {
			ep.URI = "ssh://me@h"
		}
		err := explainSSH(ep, tc.stderr, io.EOF)
		var e *backend.Error
		require.ErrorAs(t, err, &e)
		require.Contains(t, e.Detail, tc.detail)
		require.Contains(t, e.Remedy, tc.remedy)
		require.ErrorIs(t, err, tc.kind)
	}
}

// The end of the user's patience ends a login, and the ssh with it.
func TestLoginIsCancelled(t *testing.T) {
	h := newFarHost(t)
	fifo := filepath.Join(h.dir, "begun")
	h.ssh("[ $1 != -G ] || exit 1; echo $$ > " + fifo + "; exec sleep 600")
	f, err := New(backend.Endpoint{URI: "ssh://far"})
	require.NoError(t, err)
	gone := errors.New("ctrl-c")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for {
			if data, err := os.ReadFile(fifo); err == nil && strings.HasSuffix(string(data), "\n") {
				cancel(gone)
				return
			}
		}
	}()
	_, err = f(ctx)
	require.ErrorIs(t, err, gone)
}

// sshd turns away logins when there are too many at once; they are tried again.
func TestBusyHost(t *testing.T) {
	h := newFarHost(t)
	socket := h.listen("s", "s")
	h.client("podman", socket)
	h.ssh(`[ "$1" != -G ] || exit 1
if mkdir ` + h.dir + `/turned-away 2>/dev/null; then
  echo "kex_exchange_identification: Connection closed by remote host" >&2; exit 255
fi
while [ "$1" != -- ]; do shift; done
PATH=` + h.dir + `/far:$PATH exec sh -c "$3"`)
	f, err := New(backend.Endpoint{URI: "ssh://far" + socket})
	require.NoError(t, err)
	c, err := f(t.Context())
	require.NoError(t, err)
	require.Equal(t, "s X", talk(t, c, "x"))
}
