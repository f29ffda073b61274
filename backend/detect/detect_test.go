package detect

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// fakeHost is a machine with the given files and environment, and no programs.
func fakeHost(files, env map[string]string) Host {
	return Host{
		GOOS: "linux", UID: 1000, Home: "/home/u",
		Getenv: func(k string) string { return env[k] },
		ReadFile: func(p string) ([]byte, error) {
			if text, ok := files[p]; ok {
				return []byte(text), nil
			}
			return nil, &fs.PathError{Op: "open", Path: p, Err: fs.ErrNotExist}
		},
		ReadDir: func(dir string) ([]os.DirEntry, error) {
			var entries []os.DirEntry
			for p := range files {
				if filepath.Dir(p) == dir {
					entries = append(entries, fileEntry(filepath.Base(p)))
				}
			}
			return entries, nil
		},
		LookPath: func(string) (string, error) { return "", errors.New("not found") },
		Owner:    func(string) (int, error) { return 0, fs.ErrNotExist },
		Output:   func(context.Context, string, ...string) ([]byte, error) { return nil, errors.New("no such program") },
	}
}

// fileEntry is an entry of a directory of which nothing but the name matters.
type fileEntry string

func (e fileEntry) Name() string             { return string(e) }
func (fileEntry) IsDir() bool                { return false }
func (fileEntry) Type() fs.FileMode          { return 0 }
func (fileEntry) Info() (fs.FileInfo, error) { return nil, fs.ErrInvalid }

const colimaMeta = "/home/u/.docker/contexts/meta/f24fd3749c1368328e2b149bec149cb6795619f244c5b584e844961215dadd16/meta.json"

func TestCandidates(t *testing.T) {
	files := map[string]string{
		"/home/u/.docker/config.json": `{"currentContext":"colima"}`,
		colimaMeta:                    `{"Name":"colima","Endpoints":{"docker":{"Host":"unix:///colima.sock"}}}`,
		"/home/u/.config/containers/podman-connections.json": `{"Connection":{"Default":"vm","Connections":{
			"vm":{"URI":"ssh://core@127.0.0.1:50000/run/user/501/podman/podman.sock","Identity":"/id"}}}}`,
		"/etc/containers/containers.conf": "[engine]\nactive_service = \"old\"\n[engine.service_destinations.old]\nuri = \"unix:///old.sock\"\n",
	}
	type want struct{ source, uri string }
	for _, tc := range []struct {
		name string
		env  map[string]string
		o    Options
		want []want
	}{
		{"a flag is the only one", map[string]string{"DOCKER_HOST": "unix:///x"}, Options{Host: "unix:///flag", HostSource: "--host"},
			[]want{{"--host", "unix:///flag"}}},
		{"podman's variables before docker's", map[string]string{"CONTAINER_HOST": "unix:///c", "DOCKER_HOST": "unix:///d"}, Options{},
			[]want{{"CONTAINER_HOST", "unix:///c"}}},
		{"a connection by name", map[string]string{"CONTAINER_CONNECTION": "old"}, Options{}, []want{{"CONTAINER_CONNECTION", "unix:///old.sock"}}},
		{"a context by name", map[string]string{"DOCKER_CONTEXT": "colima"}, Options{}, []want{{"DOCKER_CONTEXT colima", "unix:///colima.sock"}}},
		{"the way back to the default context", map[string]string{"DOCKER_CONTEXT": "default"}, Options{}, []want{
			{"podman connection vm", "ssh://core@127.0.0.1:50000/run/user/501/podman/podman.sock"},
			{"Docker's socket", "unix:///var/run/docker.sock"},
		}},
		{"contexts, connections, well-known places", nil, Options{}, []want{
			{"docker context colima", "unix:///colima.sock"},
			{"podman connection vm", "ssh://core@127.0.0.1:50000/run/user/501/podman/podman.sock"},
			{"Docker's socket", "unix:///var/run/docker.sock"},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			list, _ := candidates(t.Context(), fakeHost(files, tc.env), tc.o)
			require.GreaterOrEqual(t, len(list), len(tc.want))
			for i, w := range tc.want {
				require.Equal(t, w.source, list[i].Source)
				require.Equal(t, w.uri, list[i].Endpoint.URI)
			}
			if tc.o.Host != "" || tc.env != nil && tc.env["DOCKER_CONTEXT"] != defaultContext {
				require.True(t, list[0].Explicit)
				require.Len(t, list, len(tc.want))
			}
		})
	}
}

// TestPodmanConnections: later files add to earlier ones and change what they say.
func TestPodmanConnections(t *testing.T) {
	service := func(name, uri string) string {
		return "[engine.service_destinations." + name + "]\nuri = \"" + uri + "\"\n"
	}
	files := map[string]string{
		"/etc/containers/containers.conf":                     "[engine]\nactive_service = \"a\"\n" + service("a", "unix:///etc") + service("b", "unix:///etc"),
		"/etc/containers/containers.conf.d/20.conf":           service("b", "unix:///etc/20"),
		"/etc/containers/containers.conf.d/10.conf":           service("b", "unix:///etc/10") + service("c", "unix:///etc/10"),
		"/etc/containers/containers.conf.d/README":            service("c", "unix:///readme"),
		"/home/u/.config/containers/containers.conf.d/x.conf": "[engine]\nactive_service = \"c\"\n",
		"/over.conf":                         service("a", "unix:///over"),
		"/only.conf":                         service("o", "unix:///only"),
		"containers/containers.conf":         service("evil", "unix:///of-the-project"),
		"containers/podman-connections.json": `{"Connection":{"Default":"evil"}}`,
		filepath.Join("/app", "containers", "podman-connections.json"): `{"Connection":{"Default":"vm","Connections":{"vm":{"URI":"ssh://vm"}}}}`,
	}
	for name, tc := range map[string]struct {
		change func(*Host)
		env    map[string]string
		chosen string
		want   map[string]string
	}{
		"all files": {nil, nil, "c", map[string]string{"a": "unix:///etc", "b": "unix:///etc/20", "c": "unix:///etc/10"}},
		"an override": {nil, map[string]string{"CONTAINERS_CONF_OVERRIDE": "/over.conf"}, "c",
			map[string]string{"a": "unix:///over", "b": "unix:///etc/20", "c": "unix:///etc/10"}},
		"one file only": {nil, map[string]string{"CONTAINERS_CONF": "/only.conf"}, "", map[string]string{"o": "unix:///only"}},
		"no home":       {func(h *Host) { h.Home = "" }, nil, "a", map[string]string{"a": "unix:///etc", "b": "unix:///etc/20", "c": "unix:///etc/10"}},
		"Windows": {func(h *Host) { h.GOOS = "windows" }, map[string]string{"APPDATA": "/app", "CONTAINERS_CONF": "/none"}, "vm",
			map[string]string{"vm": "ssh://vm"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := fakeHost(files, tc.env)
			if tc.change != nil {
				tc.change(&h)
			}
			got := podmanConnections(h)
			require.Equal(t, tc.chosen, got.Default)
			uris := map[string]string{}
			for name, c := range got.Named {
				uris[name] = c.URI
			}
			require.Equal(t, tc.want, uris)
		})
	}
}

// Without a home nothing is looked for in the working directory, which is the project's.
func TestWithoutAHome(t *testing.T) {
	h := fakeHost(map[string]string{"config.json": `{"currentContext":"evil"}`, "ca.pem": "", "cert.pem": "",
		"contexts/meta/" + filepath.Base(filepath.Dir(colimaMeta)) + "/meta.json": `{"Endpoints":{"docker":{"Host":"unix:///evil"}}}`},
		map[string]string{"DOCKER_TLS_VERIFY": "1"})
	h.Home = ""
	require.Empty(t, dockerCurrentContext(h))
	require.Equal(t, &backend.TLS{}, tlsFor(h, Options{}, "tcp://h:2376"))
	c := dockerContext(h, "colima", "DOCKER_CONTEXT colima", true)
	require.Equal(t, Refused, c.Verdict)
	require.Contains(t, c.Reason, "there is no home")
}

// A user is never handed root's Podman, nor root a user's.
func TestSocketsByUser(t *testing.T) {
	uris := func(h Host) (list []string) {
		for _, c := range wellKnownSockets(h) {
			list = append(list, c.Endpoint.URI)
		}
		return list
	}
	user, root := fakeHost(nil, nil), fakeHost(nil, nil)
	root.UID = 0
	require.Contains(t, uris(user), "unix:///run/user/1000/podman/podman.sock")
	require.NotContains(t, uris(user), "unix:///run/podman/podman.sock")
	require.Contains(t, uris(root), "unix:///run/podman/podman.sock")
	windows := fakeHost(nil, nil)
	windows.GOOS = "windows"
	require.Equal(t, []string{"npipe:////./pipe/docker_engine"}, uris(windows))
}

// A socket below a directory that the environment names, or with this user's name in /tmp, need not be this user's.
func TestSocketOfSomebodyElse(t *testing.T) {
	for _, tt := range []struct {
		env     map[string]string
		foreign string // what belongs to another user
		refused []string
	}{
		{nil, "", nil},
		{nil, "/tmp/podman-run-1000", []string{"/tmp/podman-run-1000/podman/podman.sock"}},
		{map[string]string{"XDG_RUNTIME_DIR": "/shared"}, "", nil},
		{map[string]string{"XDG_RUNTIME_DIR": "/shared"}, "/shared", []string{"/shared/docker.sock", "/shared/podman/podman.sock"}},
		{map[string]string{"XDG_RUNTIME_DIR": "/shared/"}, "/shared/podman", []string{"/shared/podman/podman.sock"}},
		{map[string]string{"XDG_RUNTIME_DIR": "/shared"}, "/shared/docker.sock", []string{"/shared/docker.sock"}},
	} {
		h := fakeHost(nil, tt.env)
		h.Owner = func(p string) (int, error) {
			switch p {
			case tt.foreign:
				return 1001, nil
			case "/shared", "/tmp":
				return 0, nil
			}
			return 1000, nil
		}
		var refused []string
		for _, c := range wellKnownSockets(h) {
			if c.Verdict == Refused {
				require.Contains(t, c.Reason, tt.foreign+" belongs to another user")
				refused = append(refused, strings.TrimPrefix(c.Endpoint.URI, "unix://"))
			}
		}
		require.Equal(t, tt.refused, refused, "%v", tt)
	}
	require.NotContains(t, fakeHost(nil, map[string]string{"XDG_RUNTIME_DIR": "here"}).runtimeDir(), "here")
}

func TestPodmanMachine(t *testing.T) {
	h := fakeHost(nil, nil)
	h.GOOS = "darwin"
	h.LookPath = func(string) (string, error) { return "/opt/podman", nil }
	h.Output = func(context.Context, string, ...string) ([]byte, error) {
		return []byte(`[{"ConnectionInfo":{"PodmanSocket":{"Path":"/vm/podman.sock"}}}]`), nil
	}
	c := podmanMachine(t.Context(), h)
	require.Equal(t, "unix:///vm/podman.sock", c.Endpoint.URI)
	h.Output = func(ctx context.Context, _ string, _ ...string) ([]byte, error) {
		_, bounded := ctx.Deadline()
		require.True(t, bounded, "one that hangs must not hold up the other places")
		return []byte(`[]`), nil
	}
	c = podmanMachine(t.Context(), h)
	require.Equal(t, Refused, c.Verdict)
	require.Contains(t, c.Remedy, "podman machine init")
}

func TestDockerTLS(t *testing.T) {
	env := map[string]string{"DOCKER_CERT_PATH": "/certs", "DOCKER_TLS_VERIFY": "1"}
	files := map[string]string{"/certs/ca.pem": "", "/certs/cert.pem": "", "/certs/key.pem": ""}
	h := fakeHost(files, env)
	require.Equal(t, &backend.TLS{CA: "/certs/ca.pem", Cert: "/certs/cert.pem", Key: "/certs/key.pem"}, tlsFor(h, Options{}, "tcp://h:2376"))
	require.Nil(t, tlsFor(h, Options{}, "unix:///x"))
	require.Nil(t, tlsFor(fakeHost(nil, nil), Options{}, "tcp://h:2375"))
}

// serve answers pings on a socket with the given headers.
func serve(t *testing.T, path string, header map[string]string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for k, v := range header {
			w.Header().Set(k, v)
		}
	})}
	go func() { _ = srv.Serve(l) }() // ends with Close
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
}

// shortDir is a directory for sockets, whose paths may not be long.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "d")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func TestFind(t *testing.T) {
	dir := shortDir(t)
	dockerSock, podmanSock, webSock, oldSock := filepath.Join(dir, "d"), filepath.Join(dir, "p"), filepath.Join(dir, "w"), filepath.Join(dir, "o")
	serve(t, dockerSock, map[string]string{"Api-Version": "1.45", "Server": "Docker/26.1.5 (linux)"})
	serve(t, podmanSock, map[string]string{"Api-Version": "1.41", "Libpod-Api-Version": "5.4.2", "Server": "Libpod/5.4.2 (linux)"})
	serve(t, webSock, nil)
	serve(t, oldSock, map[string]string{"Api-Version": "1.40", "Libpod-Api-Version": "3.4.4"})
	find := func(path, engine string) (Result, error) {
		return Find(t.Context(), fakeHost(nil, nil), Options{Host: "unix://" + path, HostSource: "--host", Engine: engine})
	}

	r, err := find(dockerSock, "")
	require.NoError(t, err)
	require.Equal(t, backend.Endpoint{URI: "unix://" + dockerSock, Kind: backend.KindDocker, APIVersion: "1.45", EngineVersion: "26.1.5"}, r.Chosen)

	r, err = find(podmanSock, "")
	require.NoError(t, err, "podman is told by its header, whatever the path")
	require.Equal(t, backend.KindPodman, r.Chosen.Kind)
	require.Equal(t, "5.4.2", r.Chosen.EngineVersion)

	for path, text := range map[string]string{
		webSock:                          "no container engine",
		oldSock:                          "needs 4.0 or newer",
		filepath.Join(dir, "nothing"):    "there is no such socket",
		filepath.Join(dir, "\x00broken"): "cannot be used",
	} {
		_, err := find(path, "")
		require.ErrorIs(t, err, backend.ErrUnreachable)
		require.ErrorContains(t, err, text)
		require.ErrorContains(t, err, "--host")
	}

	_, err = find(podmanSock, "docker")
	require.ErrorContains(t, err, "Podman answers here, and docker was asked for")
}

// A socket that may not be opened is not one that is not there.
func TestFindPermissionDenied(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may open every socket")
	}
	dir := shortDir(t)
	path := filepath.Join(dir, "docker.sock")
	serve(t, path, map[string]string{"Api-Version": "1.45"})
	require.NoError(t, os.Chmod(path, 0))
	_, err := Find(t.Context(), fakeHost(nil, nil), Options{Host: "unix://" + path, HostSource: "--host"})
	require.ErrorContains(t, err, "usermod -aG docker")
}

func TestInstallPodman(t *testing.T) {
	for release, want := range map[string]string{
		"ID=fedora\nVERSION_ID=41\n":                            "sudo dnf install podman",
		"NAME=\"x\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n": "sudo apt-get install podman",
		"ID=nixos\n": "see podman.io/docs/installation",
	} {
		require.Equal(t, want, installPodman(fakeHost(map[string]string{"/etc/os-release": release}, nil)))
	}
}
