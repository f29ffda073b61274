package dial

import (
	"context"
	"net"
	"net/url"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/galley-kitchen/galley/backend"
)

const (
	// loginTimeout bounds how long ssh may take until the remote host is ready. A login may have to wait for a key to be
	// touched.
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
