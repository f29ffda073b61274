package detect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/dial"
)

// Options are what the user asked for.
type Options struct {
	// Engine is "docker", "podman" or empty for whichever answers first. EngineSource tells who named it: "--engine",
	// "GALLEY_ENGINE", "driver.engine".
	Engine, EngineSource string
	// Host is the address to use, or empty to look for one; HostSource tells who named it: "--host", "GALLEY_HOST",
	// "driver.docker_host_url".
	Host, HostSource string
	// All asks every candidate even when an earlier one answered, and those that could not be chosen since the user
	// named a place.
	All bool
	// Everywhere adds all contexts of Docker's and connections of Podman's, which are not selected; it goes with All.
	Everywhere bool
	// TLSCertPath is a directory with ca.pem, cert.pem and key.pem for Host, in place of DOCKER_CERT_PATH.
	// TLSSkipVerify turns off the check of the server's certificate.
	TLSCertPath   string
	TLSSkipVerify bool
	// NoService forbids to start a private service.
	NoService bool
	// Services are those of the run; nil gives this search one of its own.
	Services *Services
	// Engines are those of the program; Docker and Podman are known without them.
	Engines backend.Engines
}

// Result is what was found.
type Result struct {
	// Candidates are all places that were thought of, in order.
	Candidates []Candidate
	// Chosen is the endpoint to use; its Kind tells the backend.
	Chosen backend.Endpoint
	// Warning is what the user must know about the safety of the connection to the chosen endpoint, or empty.
	Warning string
	// Close stops the private service if one was started. It is never nil.
	Close func() error
}

// Find asks the candidates in order and chooses the first that answers.
//
// Errors: backend.ErrUnreachable when nothing answers or what was asked for explicitly does not, with the reason of
// each refusal. The Result is filled in any case.
func Find(ctx context.Context, h Host, o Options) (Result, error) {
	list, may := candidates(ctx, h, o)
	res := Result{Candidates: list, Close: func() error { return nil }}
	if o.All {
		// Side by side: one that does not answer takes its time.
		var wg sync.WaitGroup
		for i := range list {
			if !list[i].Private {
				wg.Go(func() { ask(ctx, o, &list[i]) })
			}
		}
		wg.Wait()
	}
	chosen := -1
	for i := range list {
		c := &list[i]
		taken := chosen >= 0 || i >= may
		switch {
		case taken && !o.All:
			c.Verdict = NotAsked
			continue
		case c.Private && taken:
			c.Verdict, c.Reason = Usable, "would be started if nothing else answered"
			continue
		case c.Private:
			private(ctx, h, o, c, &res)
		case !o.All:
			ask(ctx, o, c)
		}
		if ctx.Err() != nil {
			return res, ctx.Err()
		}
		switch {
		case c.Verdict == Refused:
		case c.partial:
			c.Verdict, c.Reason = Refused, partly
			c.Remedy = "Name it to try it: --host " + c.Endpoint.URI
		case o.Engine != "" && string(c.Endpoint.Kind) != o.Engine:
			c.Verdict, c.Reason = Refused, fmt.Sprintf("%s answers here, and %s was asked for", title(c.Endpoint.Kind), o.Engine)
		case taken:
			c.Verdict = Usable
		default:
			chosen = i
			c.Verdict = Chosen
			res.Chosen, res.Warning = c.Endpoint, c.Warning
		}
	}
	if chosen < 0 {
		return res, notFound(h, o, list[:may])
	}
	return res, nil
}

// ask finds out what answers at a candidate, unless it could not even be resolved.
func ask(ctx context.Context, o Options, c *Candidate) {
	if c.Verdict == Refused {
		return
	}
	c.Endpoint.Kind = c.prefer
	if err := ping(ctx, o.Engines, &c.Endpoint); err != nil {
		c.Endpoint.Kind = ""
		c.refuse(err)
		c.Remedy = cmp.Or(c.Remedy, remedyFor(err, c.Endpoint.URI))
		return
	}
	c.Warning = dial.Warning(c.Endpoint)
}

// private starts a service of galley's own, unless only a look was asked for.
func private(ctx context.Context, h Host, o Options, c *Candidate, res *Result) {
	switch {
	case o.Engine == string(backend.KindDocker):
		c.Verdict, c.Reason = Refused, "docker was asked for"
		return
	case o.NoService:
		c.Verdict, c.Reason = Refused, "starting a service was not allowed"
		return
	}
	ep, stop, err := cmp.Or(o.Services, &Services{}).open(ctx, h)
	if err != nil {
		c.refuse(err)
		return
	}
	ep.Ephemeral = true
	c.Endpoint, res.Close = ep, stop
	c.Reason = "started by galley, and stopped with it"
}

// notFound is the error of a search in which no candidate can be used: it lists every one with its reason, and what to
// do on this very machine.
func notFound(h Host, o Options, list []Candidate) error {
	e := &backend.Error{Kind: backend.ErrUnreachable, Remedy: remedy(h, o, list)}
	if len(list) > 0 && list[0].Explicit {
		e.Op = fmt.Sprintf("the container engine that %s names%s cannot be used", list[0].Source, list[0].at())
		e.Detail = list[0].Reason
		return e
	}
	e.Op = "no container engine found"
	if o.Engine != "" {
		e.Op += " for " + cmp.Or(o.EngineSource, "--engine") + " " + o.Engine
	}
	e.Detail = "tried"
	for _, c := range list {
		e.Detail += fmt.Sprintf("\n  %s%s: %s", c.Source, c.at(), c.Reason)
	}
	if len(list) == 0 {
		e.Detail += "\n  nothing: this machine has no place where one could be"
	}
	return e
}

// at is the candidate's address in parentheses, or nothing for a context or connection that does not exist.
func (c Candidate) at() string {
	if c.Endpoint.URI == "" {
		return ""
	}
	return " (" + c.Endpoint.URI + ")"
}

// remedy is chosen from what was seen, not from a general idea.
func remedy(h Host, o Options, list []Candidate) string {
	for _, c := range list {
		if c.Explicit {
			return cmp.Or(c.Remedy, "Start the engine there, or unset "+c.Source+" to let galley look for one.")
		}
	}
	for _, c := range list {
		if errors.Is(c.err, backend.ErrPermission) || errors.Is(c.err, backend.ErrUnsupported) {
			return c.Remedy
		}
	}
	switch h.GOOS {
	case "darwin":
		return "Start Docker Desktop, or install Podman: brew install podman && podman machine init && podman machine start"
	case "windows":
		return "Start Docker Desktop, or install Podman: winget install RedHat.Podman, " +
			"then podman machine init and podman machine start"
	}
	if o.Engine == string(backend.KindDocker) {
		return "Start Docker: sudo systemctl start docker"
	}
	return "Install Podman; galley needs no daemon and starts it by itself: " + installPodman(h)
}

// installPodman is the command for this distribution, from /etc/os-release.
func installPodman(h Host) string {
	data, err := h.ReadFile("/etc/os-release")
	if err != nil {
		return "see podman.io/docs/installation"
	}
	release := string(data)
	for _, d := range []struct{ id, command string }{
		{"fedora", "sudo dnf install podman"}, {"rhel", "sudo dnf install podman"}, {"centos", "sudo dnf install podman"},
		{"debian", "sudo apt-get install podman"}, {"ubuntu", "sudo apt-get install podman"},
		{"suse", "sudo zypper install podman"}, {"arch", "sudo pacman -S podman"}, {"alpine", "sudo apk add podman"},
	} {
		for line := range strings.Lines(release) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			if (key == "ID" || key == "ID_LIKE") && strings.Contains(value, d.id) {
				return d.command
			}
		}
	}
	return "see podman.io/docs/installation"
}

func remedyFor(err error, uri string) string {
	if !errors.Is(err, backend.ErrPermission) {
		return ""
	}
	path := strings.TrimPrefix(uri, "unix://")
	if strings.Contains(path, "docker") {
		return "This user may not open " + path +
			": sudo usermod -aG docker $USER, then log in again (the group is as good as root), or use rootless Podman."
	}
	return "This user may not open " + path + ": as a user, start your own with systemctl --user start podman.socket."
}

func title(k backend.Kind) string {
	return strings.ToUpper(string(k[:1])) + string(k[1:])
}
