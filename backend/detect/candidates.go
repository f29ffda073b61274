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
	"github.com/galley-kitchen/galley/internal/userdir"
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
	// partial is set for an engine that is chosen by those alone who name it.
	partial bool
	err     error
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
	list = fromEnvironment(h, o)
	only := len(list) > 0 && o.Engine == ""
	if strings.TrimSpace(o.Host) != "" {
		list, only = slices.Insert(list, 0, named(h, o)), true
	}
	if only && !o.All {
		return list[:1], 1
	}
	list = append(list, byThemselves(ctx, h)...)
	if o.Everywhere {
		list = append(list, everywhere(h, list)...)
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
	for _, k := range everywhere(h, nil) {
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
	if list := fromEnvironment(h, o); len(list) > 0 && o.Engine == "" {
		return list[0], true
	}
	return Candidate{}, false
}

// Offers reports whether an address is one of the places where an engine is looked for, chosen or not. It asks none of
// them.
func Offers(ctx context.Context, h Host, o Options, uri string) bool {
	o.All, o.Everywhere = true, true
	list, _ := candidates(ctx, h, o)
	return slices.ContainsFunc(list, func(c Candidate) bool { return c.Endpoint.URI == uri })
}

// byThemselves are the places that are looked at when none is named.
func byThemselves(ctx context.Context, h Host) (list []Candidate) {
	if name := dockerCurrentContext(h); name != "" {
		list = append(list, dockerContext(h, name, "docker context "+name, false))
	}
	if name := podmanConnections(h).Default; name != "" {
		list = append(list, podmanConnection(h, name))
	}
	list = append(list, wellKnownSockets(h)...)
	list = append(list, others(h)...)
	if _, err := h.LookPath("podman"); err != nil {
		return list
	}
	if h.GOOS != "linux" {
		return append(list, podmanMachine(ctx, h))
	}
	return append(list, Candidate{Source: "private podman service", Private: true,
		Endpoint: backend.Endpoint{URI: "started when needed"}})
}

// everywhere are the contexts and connections that are not among those that are known already.
func everywhere(h Host, have []Candidate) (list []Candidate) {
	for _, name := range dockerContexts(h) {
		list = append(list, dockerContext(h, name, "docker context "+name, false))
	}
	for _, name := range slices.Sorted(maps.Keys(podmanConnections(h).Named)) {
		list = append(list, podmanConnection(h, name))
	}
	return slices.DeleteFunc(list, func(c Candidate) bool {
		return slices.ContainsFunc(have, func(known Candidate) bool { return known.Source == c.Source })
	})
}

// fromEnvironment are the places that variables name, the strongest first.
func fromEnvironment(h Host, o Options) (list []Candidate) {
	if name := h.Getenv("CONTAINER_CONNECTION"); name != "" {
		c := podmanConnection(h, name)
		c.Source, c.Explicit = "CONTAINER_CONNECTION", true
		list = append(list, c)
	}
	if uri := h.Getenv("CONTAINER_HOST"); strings.TrimSpace(uri) != "" {
		c := Candidate{Source: "CONTAINER_HOST", Explicit: true, prefer: backend.KindPodman,
			Endpoint: backend.Endpoint{URI: uri, Identity: h.Getenv("CONTAINER_SSHKEY")}}
		c.resolve()
		list = append(list, c)
	}
	if uri := h.Getenv("DOCKER_HOST"); strings.TrimSpace(uri) != "" {
		c := Candidate{Source: "DOCKER_HOST", Explicit: true, Endpoint: backend.Endpoint{URI: uri}}
		c.resolve()
		c.Endpoint.TLS = tlsFor(h, o, c.Endpoint.URI)
		list = append(list, c)
	}
	if name := h.Getenv("DOCKER_CONTEXT"); name != "" && name != defaultContext {
		list = append(list, dockerContext(h, name, "DOCKER_CONTEXT "+name, true))
	}
	return list
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
	add("rootless Docker", userdir.In(rt, "docker.sock"))
	add("Docker Desktop", h.inHome(".docker", "run", "docker.sock"))
	add("Docker Desktop on Linux", h.inHome(".docker", "desktop", "docker.sock"))
	add("Colima", h.inHome(".colima", "default", "docker.sock"))
	add("Colima, old place", h.inHome(".colima", "docker.sock"))
	for _, c := range colimaProfiles(h) {
		add(c.Source, strings.TrimPrefix(c.Endpoint.URI, "unix://"))
	}
	add("Rancher Desktop", h.inHome(".rd", "docker.sock"))
	add("OrbStack", h.inHome(".orbstack", "run", "docker.sock"))
	add("Lima", h.inHome(".lima", "default", "sock", "docker.sock"))
	if h.UID == 0 {
		add("Podman's socket", "/run/podman/podman.sock")
	} else {
		add("rootless Podman", userdir.In(rt, "podman", "podman.sock"))
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

// refuseForeign refuses the sockets below a directory that the environment names, where it, the socket or what is
// between them belongs to another user than this one and root: the directory may be one in which everybody can make
// files, and its owner would be sent this user's logins.
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
func podmanMachine(ctx context.Context, h Host) Candidate {
	c := Candidate{Source: "podman machine"}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	out, err := h.Output(ctx, "podman", "machine", "inspect")
	if err != nil {
		c.refuse(fmt.Errorf("podman machine inspect: %w", err))
		c.Remedy = "Run `podman machine init` once and `podman machine start`."
		return c
	}
	var machines []struct {
		ConnectionInfo struct {
			PodmanSocket, PodmanPipe *struct{ Path string }
		}
	}
	if err := json.Unmarshal(out, &machines); err != nil {
		c.refuse(fmt.Errorf("podman machine inspect: %w", err))
		return c
	}
	for _, m := range machines {
		if s := m.ConnectionInfo.PodmanSocket; s != nil && s.Path != "" {
			c.Endpoint.URI = "unix://" + s.Path
			return c
		}
		if p := m.ConnectionInfo.PodmanPipe; p != nil && p.Path != "" {
			c.Endpoint.URI = "npipe://" + filepath.ToSlash(p.Path)
			return c
		}
	}
	c.refuse(errors.New("there is no podman machine"))
	c.Remedy = "Run `podman machine init` once and `podman machine start`."
	return c
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
