package detect

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/mask"
)

const (
	// dockerPort, dockerSocket and dockerPipe are what Docker's client adds where an address leaves them out
	// (opts.ParseHost in github.com/docker/cli).
	dockerPort   = "2375"
	dockerSocket = "/var/run/docker.sock"
	dockerPipe   = "//./pipe/docker_engine"
	// forms are the addresses that a person may write.
	forms = "Write unix:///path/to/socket, tcp://host:port, ssh://user@host or npipe:////./pipe/name."
)

// address reads an engine's address as Docker's client does: blanks around it do not count, an address without a scheme
// is a TCP one, and what is left out has Docker's defaults. Podman has no defaults, so for its variables (prefer) they
// are not added. The result never holds a password: Docker drops the user of a TCP address, and for ssh it is an error.
// Errors: backend.ErrInvalid, with the address masked.
func address(text string, prefer backend.Kind) (string, error) {
	text = strings.TrimSpace(text)
	fail := func(detail string) (string, error) {
		return "", &backend.Error{Op: "engine address " + mask.Address(text), Kind: backend.ErrInvalid, Detail: detail,
			Remedy: forms}
	}
	docker := prefer != backend.KindPodman
	scheme, rest, found := strings.Cut(text, "://")
	switch {
	case !found && strings.HasPrefix(text, "/"):
		return fail("a path alone is not an address")
	case !found:
		scheme, rest = "tcp", text
	}
	switch scheme {
	case "unix":
		if rest == "" && docker {
			rest = dockerSocket
		}
	case "npipe":
		if rest == "" && docker {
			rest = dockerPipe
		}
	case "tcp", "http", "https":
		return tcpAddress(scheme, rest, docker, fail)
	case "ssh":
		u, err := url.Parse(text)
		if err != nil {
			return fail(mask.AddressError(err).Error())
		}
		if _, has := u.User.Password(); has {
			return fail("a password does not belong in an address: use a key")
		}
		return text, nil
	case "fd":
		return fail("fd:// is for a daemon that systemd starts; a client connects to its socket")
	default:
		return fail("the scheme " + strconv.Quote(mask.Address(scheme)) + " is not known")
	}
	switch {
	case rest == "":
		return fail("the path is missing")
	case strings.Contains(rest, "://"):
		return fail("it has two schemes")
	}
	return scheme + "://" + rest, nil
}

func tcpAddress(scheme, rest string, docker bool, fail func(string) (string, error)) (string, error) {
	u, err := url.Parse(scheme + "://" + rest)
	if err != nil {
		return fail(mask.AddressError(err).Error())
	}
	host, port := u.Hostname(), u.Port()
	switch {
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return fail("nothing can stand behind the port")
	case host == "" && docker:
		host = "localhost"
	case host == "":
		return fail("the host is missing")
	}
	if port == "" {
		if !docker || scheme != "tcp" {
			return fail("the port is missing")
		}
		port = dockerPort
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fail("there is no port " + port)
	}
	return scheme + "://" + net.JoinHostPort(host, port), nil
}

// resolve replaces a candidate's address with what it means, or refuses the candidate.
func (c *Candidate) resolve() {
	if c.Verdict == Refused {
		return
	}
	uri, err := address(c.Endpoint.URI, c.prefer)
	if err != nil {
		c.Endpoint.URI = mask.Address(strings.TrimSpace(c.Endpoint.URI))
		c.refuse(err)
		return
	}
	c.Endpoint.URI = uri
}
