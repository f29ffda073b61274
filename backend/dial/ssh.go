package dial

import (
	"context"
	"net"
	"net/url"
	"os/exec"
	"strings"

	"github.com/docker/cli/cli/connhelper/commandconn"

	"github.com/galley-kitchen/galley/backend"
)

// sshDialer runs the user's own ssh, so that ~/.ssh/config, agents, jump hosts
// and known_hosts count exactly as they do for a login, and speaks to the engine
// through `system dial-stdio` on the far side.
func sshDialer(ep backend.Endpoint, u *url.URL) (Func, error) {
	if u.Hostname() == "" {
		return nil, invalid(ep, "no host: write ssh://user@host")
	}
	if strings.HasPrefix(u.Hostname(), "-") {
		return nil, invalid(ep, "a host name cannot start with a dash")
	}
	args := sshArgs(ep, u)
	return func(ctx context.Context) (net.Conn, error) {
		if _, err := exec.LookPath("ssh"); err != nil {
			return nil, &backend.Error{Op: "connect to " + ep.URI, Kind: backend.ErrUnreachable,
				Detail: "there is no ssh program on PATH", Remedy: "Install OpenSSH's client.", Err: err}
		}
		// The connection outlives the call that made it, so it must not end with ctx.
		return wrap(ep)(commandconn.New(context.WithoutCancel(ctx), "ssh", args...))
	}, nil
}

// sshArgs is the command line of one connection. A path in the address is the
// socket of the engine on the far side, as Podman's connections have it.
func sshArgs(ep backend.Endpoint, u *url.URL) []string {
	args := []string{"-o", "ConnectTimeout=10", "-o", "BatchMode=yes", "-T"}
	if name := u.User.Username(); name != "" {
		args = append(args, "-l", name)
	}
	if port := u.Port(); port != "" {
		args = append(args, "-p", port)
	}
	if ep.Identity != "" {
		args = append(args, "-i", ep.Identity)
	}
	args = append(args, "--", u.Hostname())
	if socket := strings.TrimSuffix(u.Path, "/"); socket != "" {
		return append(args, "podman", "--remote", "--url", "unix://"+socket, "system", "dial-stdio")
	}
	return append(args, "docker", "system", "dial-stdio")
}
