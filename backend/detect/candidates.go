package detect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend"
)

// Candidate is a place where an engine may answer, and what became of asking.
type Candidate struct {
	// Source tells who named it, for people: "DOCKER_HOST", "docker context colima".
	Source string
	// Explicit means that the user asked for this one: when it does not answer, that is an error, and nothing else is
	// tried.
	Explicit bool
	// Endpoint is where to ask; after a good answer its Kind and versions are set.
	Endpoint backend.Endpoint
	// Private is true for the service that galley would start itself.
	Private bool
	Verdict Verdict
	// Reason is why it was refused, or what is special about it.
	Reason string
	// Remedy is what the user can do about a refusal.
	Remedy string
	// Warning is what the user must know about the safety of the connection.
	Warning string

	// prefer is the kind of engine that the source speaks of, for a host that may have several.
	prefer backend.Kind
	err    error
}

// Verdict is what became of a candidate.
type Verdict string

// The verdicts.
const (
	// NotAsked: an earlier one answered.
	NotAsked Verdict = "not asked"
	// Chosen is the engine that galley works with.
	Chosen Verdict = "chosen"
	// Usable would do, but an earlier one was chosen.
	Usable Verdict = "usable"
	// Refused: see Reason.
	Refused Verdict = "refused"
)

// candidates lists all places in the order in which they are asked. Only the first few, as many as may, may be chosen:
// when the user named a place, the others are there to be looked at.
func candidates(ctx context.Context, h Host, o Options) (list []Candidate, may int) {
	add := func(c Candidate) { list = append(list, c) }
	if strings.TrimSpace(o.Host) != "" {
		add(named(h, o))
	} else {
		fromEnvironment(h, o, add)
	}
	only := len(list) > 0 && (strings.TrimSpace(o.Host) != "" || o.Engine == "")
	if only && !o.All {
		return list[:1], 1
	}
	if strings.TrimSpace(o.Host) != "" {
		fromEnvironment(h, o, add)
	}
	byThemselves(ctx, h, add)
	if o.Everywhere {
		everywhere(h, list, add)
	}
	if only {
		return list, 1
	}
	return list, len(list)
}

// named is the address that the user named, with what is needed to talk to it: from the settings, or from a context or
// connection that has the same address.
func named(h Host, o Options) Candidate {
	c := Candidate{Source: o.HostSource, Explicit: true, Endpoint: backend.Endpoint{URI: o.Host}}
	c.resolve()
	c.prefer = backend.Kind(o.Engine)
	ep := &c.Endpoint
	ep.TLS, ep.Identity = tlsFor(h, o, ep.URI), h.Getenv("CONTAINER_SSHKEY")
	if c.Verdict == Refused || ep.TLS != nil || ep.Identity != "" || strings.HasPrefix(ep.URI, "unix:") {
		return c
	}
	var known []Candidate
	everywhere(h, nil, func(c Candidate) { known = append(known, c) })
	for _, k := range known {
		if k.Endpoint.URI == ep.URI {
			c.Endpoint = k.Endpoint
		}
	}
	return c
}

// Explicit is the place that the user asked for (with --host, GALLEY_HOST, CONTAINER_CONNECTION, CONTAINER_HOST,
// DOCKER_HOST or DOCKER_CONTEXT), without asking what is there. ok is false when galley is free to look for an engine.
func Explicit(h Host, o Options) (c Candidate, ok bool) {
	if strings.TrimSpace(o.Host) != "" {
		return named(h, o), true
	}
	fromEnvironment(h, o, func(found Candidate) {
		if !ok && o.Engine == "" {
			c, ok = found, true
		}
	})
	return c, ok
}

// Offers reports whether an address is one of the places where an engine is looked for, chosen or not. It asks none of
// them.
func Offers(ctx context.Context, h Host, o Options, uri string) bool {
	o.All, o.Everywhere = true, true
	list, _ := candidates(ctx, h, o)
	return slices.ContainsFunc(list, func(c Candidate) bool { return c.Endpoint.URI == uri })
}

// byThemselves are the places that are looked at when none is named.
func byThemselves(ctx context.Context, h Host, add func(Candidate)) {
	if name := dockerCurrentContext(h); name != "" {
		add(dockerContext(h, name, "docker context "+name, false))
	}
	if c, ok := podmanDefaultConnection(h); ok {
		add(c)
	}
	for _, s := range wellKnownSockets(h) {
		add(s)
	}
	if h.GOOS != "linux" {
		if c, ok := podmanMachine(ctx, h); ok {
			add(c)
		}
	} else if _, err := h.LookPath("podman"); err == nil {
		add(Candidate{Source: "private podman service", Private: true,
			Endpoint: backend.Endpoint{URI: "started when needed"}})
	}
}

// everywhere adds the contexts and connections that are not selected.
func everywhere(h Host, have []Candidate, add func(Candidate)) {
	seen := map[string]bool{}
	for _, c := range have {
		seen[c.Source] = true
	}
	for _, name := range dockerContexts(h) {
		if source := "docker context " + name; !seen[source] {
			add(dockerContext(h, name, source, false))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(podmanConnections(h).Named)) {
		if seen["podman connection "+name] {
			continue
		}
		c, err := podmanConnection(h, name)
		if err != nil {
			c.refuse(err)
		}
		add(c)
	}
}

func fromEnvironment(h Host, o Options, add func(Candidate)) {
	if name := h.Getenv("CONTAINER_CONNECTION"); name != "" {
		c, err := podmanConnection(h, name)
		c.Source, c.Explicit = "CONTAINER_CONNECTION", true
		if err != nil {
			c.refuse(err)
		}
		add(c)
	}
	if uri := h.Getenv("CONTAINER_HOST"); strings.TrimSpace(uri) != "" {
		c := Candidate{Source: "CONTAINER_HOST", Explicit: true, prefer: backend.KindPodman,
			Endpoint: backend.Endpoint{URI: uri, Identity: h.Getenv("CONTAINER_SSHKEY")}}
		c.resolve()
		add(c)
	}
	if uri := h.Getenv("DOCKER_HOST"); strings.TrimSpace(uri) != "" {
		c := Candidate{Source: "DOCKER_HOST", Explicit: true, Endpoint: backend.Endpoint{URI: uri}}
		c.resolve()
		c.Endpoint.TLS = tlsFor(h, o, c.Endpoint.URI)
		add(c)
	}
	if name := h.Getenv("DOCKER_CONTEXT"); name != "" && name != defaultContext {
		add(dockerContext(h, name, "DOCKER_CONTEXT "+name, true))
	}
}

// wellKnownSockets are the places where engines put their sockets unless told otherwise. A user is never handed
// root's Podman, nor root a user's.
func wellKnownSockets(h Host) []Candidate {
	if h.GOOS == "windows" {
		return []Candidate{{Source: "Docker's named pipe", Endpoint: backend.Endpoint{URI: "npipe:////./pipe/docker_engine"}}}
	}
	var list []Candidate
	seen := map[string]bool{}
	add := func(source, path string) {
		if path != "" && !seen[path] {
			seen[path] = true
			list = append(list, Candidate{Source: source, Endpoint: backend.Endpoint{URI: "unix://" + path}})
		}
	}
	rt := h.runtimeDir()
	add("Docker's socket", "/var/run/docker.sock")
	add("rootless Docker", inDir(rt, "docker.sock"))
	add("Docker Desktop", h.inHome(".docker", "run", "docker.sock"))
	add("Docker Desktop on Linux", h.inHome(".docker", "desktop", "docker.sock"))
	add("Colima", h.inHome(".colima", "default", "docker.sock"))
	add("Colima, old place", h.inHome(".colima", "docker.sock"))
	add("Rancher Desktop", h.inHome(".rd", "docker.sock"))
	add("OrbStack", h.inHome(".orbstack", "run", "docker.sock"))
	add("Lima", h.inHome(".lima", "default", "sock", "docker.sock"))
	if h.UID == 0 {
		add("Podman's socket", "/run/podman/podman.sock")
	} else {
		add("rootless Podman", inDir(rt, "podman", "podman.sock"))
		add("rootless Podman", filepath.Join("/run/user", strconv.Itoa(h.UID), "podman", "podman.sock"))
		tmp := h.Getenv("TMPDIR")
		if tmp == "" {
			tmp = "/tmp"
		}
		dir := filepath.Join(tmp, "podman-run-"+strconv.Itoa(h.UID))
		add("rootless Podman", filepath.Join(dir, "podman", "podman.sock"))
		h.refuseForeign(list, dir)
	}
	if rt != "" {
		h.refuseForeign(list, rt)
	}
	return list
}

// refuseForeign refuses the sockets below a directory that the environment names, where it, the socket or what is between
// them belongs to another user than this one and root: the directory may be one in which everybody can make files, and
// its owner would be sent this user's logins.
func (h Host) refuseForeign(list []Candidate, dir string) {
	for i := range list {
		c := &list[i]
		path, isFile := strings.CutPrefix(c.Endpoint.URI, "unix://")
		if !isFile || !strings.HasPrefix(path, dir+"/") {
			continue
		}
		for p := path; len(p) >= len(dir); p = filepath.Dir(p) {
			if owner, err := h.Owner(p); err == nil && owner != h.UID && owner != 0 {
				c.refuse(fmt.Errorf("%s belongs to another user (%d)", p, owner))
				c.Remedy = "Find out who made " + p +
					": it has the name of something of yours. If you trust that engine, name it with --host."
			}
		}
	}
}

// podmanMachine asks Podman for the socket of its virtual machine.
func podmanMachine(ctx context.Context, h Host) (Candidate, bool) {
	if _, err := h.LookPath("podman"); err != nil {
		return Candidate{}, false
	}
	c := Candidate{Source: "podman machine"}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	out, err := h.Output(ctx, "podman", "machine", "inspect")
	if err != nil {
		c.refuse(fmt.Errorf("podman machine inspect: %w", err))
		c.Remedy = "Run `podman machine init` once and `podman machine start`."
		return c, true
	}
	var machines []struct {
		ConnectionInfo struct {
			PodmanSocket, PodmanPipe *struct{ Path string }
		}
	}
	if err := json.Unmarshal(out, &machines); err != nil {
		c.refuse(fmt.Errorf("podman machine inspect: %w", err))
		return c, true
	}
	for _, m := range machines {
		if s := m.ConnectionInfo.PodmanSocket; s != nil && s.Path != "" {
			c.Endpoint.URI = "unix://" + s.Path
			return c, true
		}
		if p := m.ConnectionInfo.PodmanPipe; p != nil && p.Path != "" {
			c.Endpoint.URI = "npipe://" + filepath.ToSlash(p.Path)
			return c, true
		}
	}
	c.refuse(errors.New("there is no podman machine"))
	c.Remedy = "Run `podman machine init` once and `podman machine start`."
	return c, true
}

func (c *Candidate) refuse(err error) {
	c.Verdict, c.err, c.Reason = Refused, err, reason(err)
	var be *backend.Error
	if c.Remedy == "" && errors.As(err, &be) {
		c.Remedy = be.Remedy
	}
}

// reason is an error's text without what the list shows already.
func reason(err error) string {
	var be *backend.Error
	if errors.As(err, &be) && be.Detail != "" {
		return be.Detail
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no such file"
	}
	return err.Error()
}
