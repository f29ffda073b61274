package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/process"
	"github.com/galley-kitchen/galley/internal/userdir"
)

const (
	// loginTimeout bounds how long ssh may take until the remote host is ready. A login may have to wait for a key to
	// be touched.
	loginTimeout = 60 * time.Second
	// logins is how many connections may be logging in to one host at once. sshd turns away some of more than ten.
	logins = 5
)

// LoginTime is how long the connection to an endpoint may take before anything can be asked there: that of a login by
// ssh, and nothing worth mentioning elsewhere.
func LoginTime(ep backend.Endpoint) time.Duration {
	if strings.HasPrefix(ep.URI, "ssh://") {
		return loginTimeout
	}
	return 0
}

// sshDialer runs the user's own ssh, so that ~/.ssh/config, agents, jump hosts and known_hosts count exactly as they do
// for a login, and speaks to the engine through a small script on the remote host.
func sshDialer(ep backend.Endpoint, u *url.URL) (Func, error) {
	_, password := u.User.Password()
	switch {
	case u.Hostname() == "":
		return nil, invalid(ep, "no host: write ssh://user@host")
	case strings.HasPrefix(u.Hostname(), "-") || strings.HasPrefix(u.User.Username(), "-"):
		return nil, invalid(ep, "a host or user name cannot start with a dash")
	case password:
		return nil, invalid(ep, "a password does not belong into an address: use a key")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, invalid(ep, "write ssh://user@host:port/path/to/socket and nothing more")
	}
	options, host := sshArgs(ep, u, runtime.GOOS)
	command := remoteCommand(strings.TrimSuffix(u.Path, "/"), ep.Kind)
	turn := make(chan struct{}, logins)
	var shared sync.Once
	return func(ctx context.Context) (net.Conn, error) {
		program, err := exec.LookPath("ssh")
		if err != nil {
			return nil, &backend.Error{Op: "connect to " + ep.URI, Kind: backend.ErrUnreachable,
				Detail: "there is no ssh program on PATH", Remedy: "Install OpenSSH's client.", Err: err}
		}
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		shared.Do(func() {
			options = append(options, sharing(ctx, program, runtime.GOOS, append(slices.Clone(options), "--", host))...)
		})
		return startTunnel(ctx, ep, program, append(slices.Clone(options), "--", host, command))
	}, nil
}

// sshArgs are the options of one connection, and the host.
func sshArgs(ep backend.Endpoint, u *url.URL, goos string) (options []string, host string) {
	args := []string{"-T",
		"-o", "BatchMode=yes", // no person is there to answer a question
		"-o", "ConnectTimeout=10",
		"-o", "ServerAliveInterval=20", // a dead line is noticed within a minute
		// What the user's configuration wants of a login must not be in the way.
		"-o", "RemoteCommand=none",
		"-o", "ClearAllForwardings=yes",
	}
	if name := u.User.Username(); name != "" {
		args = append(args, "-l", name)
	}
	if port := u.Port(); port != "" {
		args = append(args, "-p", port)
	}
	if ep.Identity != "" {
		args = append(args, "-i", ep.Identity, "-o", "IdentitiesOnly=yes")
	}
	if ep.Machine && loopback(u.Hostname()) {
		nowhere := "/dev/null"
		if goos == "windows" {
			nowhere = "NUL"
		}
		args = append(args, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile="+nowhere)
	}
	return args, u.Hostname()
}

const (
	// configTime bounds how long ssh may take to read its configuration, in which programs may be named (Match exec).
	configTime = 10 * time.Second
	// shareIdle is for how many seconds a shared login outlives its last connection, and so galley.
	shareIdle = "20"
	// maxControlPath is how long the path of a control socket may be: that of a socket may have 104 bytes on macOS,
	// ssh's own name in it takes 40, and while it is made another 17.
	maxControlPath = 104 - 40 - 17 - 1
)

// sharing are the arguments that let several connections share one login, which costs more than all that is said
// afterwards. A user who has arranged for that in ~/.ssh/config goes on doing so: such a login may have needed a
// person. Where sharing is not possible, each connection logs in by itself.
func sharing(ctx context.Context, program, goos string, args []string) []string {
	if goos == "windows" { // its ssh cannot
		return nil
	}
	dir, err := controlDir()
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, configTime)
	defer cancel()
	conf, err := process.Command(ctx, tunnelStop, program, append([]string{"-G"}, args...)...).Output()
	if err != nil || configured(string(conf), "controlpath") {
		return nil
	}
	return []string{"-o", "ControlMaster=auto", "-o", "ControlPersist=" + shareIdle, "-o",
		"ControlPath=" + filepath.Join(dir, "%C")}
}

// configured reports whether a keyword has a value in what `ssh -G` prints.
func configured(conf, keyword string) bool {
	for line := range strings.Lines(conf) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.EqualFold(key, keyword) {
			return value != "none"
		}
	}
	return false
}

// controlDir is a directory for control sockets that only this user can enter, with a path that is short enough: in
// XDG_RUNTIME_DIR, else in the user's cache. One that another user may have prepared is passed over, whatever the
// variables say: logins could be taken there.
func controlDir() (string, error) {
	bases := []string{userdir.Runtime(os.Getenv)}
	if cache, err := os.UserCacheDir(); err == nil && os.MkdirAll(cache, 0o700) == nil {
		bases = append(bases, cache)
	}
	var tried []error
	for _, base := range bases {
		if base == "" {
			continue
		}
		if len(filepath.Join(base, "galley", "ssh")) > maxControlPath {
			tried = append(tried, fmt.Errorf("the path %s is too long for a socket in it", base))
			continue
		}
		dir, err := userdir.Make(base, "galley", "ssh")
		if err == nil {
			return dir, nil
		}
		tried = append(tried, err)
	}
	return "", fmt.Errorf("there is no place for ssh's sockets: %w", errors.Join(tried...))
}

// sshRule says what a text of ssh's means.
type sshRule struct {
	text   string
	kind   error
	detail string
	// remedy may hold HOST for what to give to ssh, and NAME for the host alone.
	remedy string
}

// sshRules are tried in their order; the texts are those of OpenSSH.
func sshRules() []sshRule {
	const (
		whole = "Check the name and the port with: ssh HOST true"
		up    = "Check that the host is up, and the network or VPN that leads to it: ssh HOST true"
	)
	return []sshRule{
		{"REMOTE HOST IDENTIFICATION HAS CHANGED", nil, "the host shows another key than the one that known_hosts has for it",
			"If the host was set up anew, remove the old key with ssh-keygen -R NAME, then log in once with ssh HOST " +
				"and check the new one. If not, another machine may be listening in."},
		{"Host key verification failed", nil, "the host's key is not in known_hosts",
			"Log in once with ssh HOST, and accept the key if its fingerprint is the right one."},
		{"UNPROTECTED PRIVATE KEY FILE", backend.ErrPermission, "ssh refuses the private key, since others may read its file",
			"Protect it: chmod 600 FILE"},
		{"Too many authentication failures", backend.ErrPermission,
			"the host refuses the login: ssh offered too many wrong keys",
			"Name the right one for this host in ~/.ssh/config, with IdentityFile and IdentitiesOnly yes."},
		{"Permission denied (", backend.ErrPermission, "the host refuses the login: none of the keys is good for it",
			"galley asks for no password. Load the key with ssh-add, or name it in ~/.ssh/config (IdentityFile), " +
				"until this works: ssh -o BatchMode=yes HOST true"},
		{"Could not resolve hostname", nil, "there is no host of that name", whole},
		{"Connection refused", nil, "the host is there, but has no ssh server on that port", whole},
		{"timed out", nil, "the host does not answer", up},
		{"not responding", nil, "the host does not answer any more", up},
		{"No route to host", nil, "there is no way to that host", up},
		{"Network is unreachable", nil, "there is no way to that host", up},
		{"Bad owner or permissions on", nil, "ssh does not trust its own configuration",
			"Protect it: chmod 600 ~/.ssh/config"},
		{"Cannot connect to the Docker daemon", nil, "Docker does not run on that host",
			"Start it there: sudo systemctl start docker"},
		{"permission denied while trying to connect", backend.ErrPermission,
			"on that host, its user may not open Docker's socket",
			"Log in there as a user who may, or add this one to the group docker."},
	}
}

// busyTexts are what ssh says when sshd turns away a login since there are too many at once.
func busyTexts() []string {
	return []string{"kex_exchange_identification:", "ssh_exchange_identification:", "Connection reset by"}
}

// explainSSH turns what an ssh printed before it ended into an error.
func explainSSH(ep backend.Endpoint, stderr string, cause error) error {
	if line, ok := lineWith(stderr, remoteFailure); ok {
		return remoteError(ep, line)
	}
	said := lastLines(stderr, 3)
	login, known := sshNames(ep)
	e := &backend.Error{Op: "connect to " + ep.URI, Kind: backend.ErrUnreachable, Err: cause,
		Detail: "ssh ended: " + said, Remedy: "Try it by hand: ssh " + login}
	if said == "" {
		e.Detail = fmt.Sprintf("ssh ended without a word (%v)", cause)
	}
	for _, r := range sshRules() {
		if !strings.Contains(stderr, r.text) {
			continue
		}
		e.Detail = r.detail
		if line, ok := lineWith(stderr, r.text); ok {
			e.Detail += " (" + strings.Trim(line, "@ ") + ")"
		}
		e.Remedy = strings.NewReplacer("HOST", login, "NAME", known).Replace(r.remedy)
		if r.kind != nil {
			e.Kind = r.kind
		}
		return e
	}
	for _, text := range busyTexts() {
		if strings.Contains(stderr, text) {
			e.Err = fmt.Errorf("%w: %w", errBusy, cause)
			e.Remedy = "The host may be busy with other logins: see MaxStartups in its sshd_config."
		}
	}
	return e
}

// sshNames are what to give to ssh for a login by hand, and the name by which known_hosts has the host.
func sshNames(ep backend.Endpoint) (login, known string) {
	u, err := url.Parse(ep.URI)
	if err != nil {
		return ep.URI, ep.URI
	}
	login, known = u.Hostname(), u.Hostname()
	if name := u.User.Username(); name != "" {
		login = name + "@" + login
	}
	if port := u.Port(); port != "" {
		login = "-p " + port + " " + login
		if port != "22" {
			known = fmt.Sprintf("'[%s]:%s'", known, port)
		}
	}
	return login, known
}

// lineWith is the line of a text that holds a word.
func lineWith(text, word string) (string, bool) {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			return strings.TrimSpace(line), true
		}
	}
	return "", false
}

// lastLines joins the last few lines that say something.
func lastLines(text string, n int) string {
	var said []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			said = append(said, line)
		}
	}
	return strings.Join(said[max(0, len(said)-n):], "; ")
}
