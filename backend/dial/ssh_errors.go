package dial

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/galley-kitchen/galley/backend"
)

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
			"If the host was set up anew, remove the old key with ssh-keygen -R NAME, then log in once with ssh HOST and check the new one. If not, another machine may be listening in."},
		{"Host key verification failed", nil, "the host's key is not in known_hosts",
			"Log in once with ssh HOST, and accept the key if its fingerprint is the right one."},
		{"UNPROTECTED PRIVATE KEY FILE", backend.ErrPermission, "ssh refuses the private key, since others may read its file",
			"Protect it: chmod 600 FILE"},
		{"Too many authentication failures", backend.ErrPermission,
			"the host refuses the login: ssh offered too many wrong keys",
			"Name the right one for this host in ~/.ssh/config, with IdentityFile and IdentitiesOnly yes."},
		{"Permission denied (", backend.ErrPermission, "the host refuses the login: none of the keys is good for it",
			"galley asks for no password. Load the key with ssh-add, or name it in ~/.ssh/config (IdentityFile), until this works: ssh -o BatchMode=yes HOST true"},
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
