package detect

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/pelletier/go-toml/v2"

	"github.com/galley-kitchen/galley/backend"
)

// connections are Podman's named connections, from the file that `podman system connection` keeps since 5.0, and from
// containers.conf before it.
type connections struct {
	Default string
	Named   map[string]connection
}

type connection struct {
	URI, Identity string
	// IsMachine marks a virtual machine that Podman manages.
	IsMachine bool
}

func podmanConnections(h Host) connections {
	all := connections{Named: map[string]connection{}}
	for _, path := range containersConfPaths(h) {
		data, err := h.ReadFile(path)
		if err != nil {
			continue
		}
		var conf struct {
			Engine struct {
				ActiveService       string `toml:"active_service"`
				ServiceDestinations map[string]struct {
					URI       string `toml:"uri"`
					Identity  string `toml:"identity"`
					IsMachine bool   `toml:"is_machine"`
				} `toml:"service_destinations"`
			} `toml:"engine"`
		}
		if toml.Unmarshal(data, &conf) != nil {
			continue // Podman itself will tell its user what is wrong there
		}
		if conf.Engine.ActiveService != "" {
			all.Default = conf.Engine.ActiveService
		}
		for name, d := range conf.Engine.ServiceDestinations {
			all.Named[name] = connection(d)
		}
	}
	path := h.Getenv("PODMAN_CONNECTIONS_CONF")
	if path == "" {
		path = inDir(h.podmanHome(), "podman-connections.json")
	}
	if data, err := h.ReadFile(path); err == nil {
		var conf struct {
			Connection struct {
				Default     string
				Connections map[string]connection
			}
		}
		if json.Unmarshal(data, &conf) == nil {
			if conf.Connection.Default != "" {
				all.Default = conf.Connection.Default
			}
			for name, c := range conf.Connection.Connections {
				all.Named[name] = c
			}
		}
	}
	return all
}

// containersConfPaths are read in this order, later ones winning.
func containersConfPaths(h Host) []string {
	var paths []string
	if p := h.Getenv("CONTAINERS_CONF"); p != "" {
		paths = append(paths, p)
	} else {
		for _, dir := range []string{"/usr/share/containers", "/etc/containers", h.podmanHome()} {
			if dir != "" {
				paths = append(paths, filepath.Join(dir, "containers.conf"))
				paths = append(paths, dropIns(h, filepath.Join(dir, "containers.conf.d"))...)
			}
		}
	}
	if p := h.Getenv("CONTAINERS_CONF_OVERRIDE"); p != "" {
		paths = append(paths, p)
	}
	return paths
}

// dropIns are the files of a directory that add to the configuration beside it.
func dropIns(h Host, dir string) []string {
	entries, err := h.ReadDir(dir)
	if err != nil {
		return nil // there are none
	}
	var paths []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".conf" {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	slices.Sort(paths)
	return paths
}

func podmanConnection(h Host, name string) (Candidate, error) {
	c := Candidate{Source: "podman connection " + name, prefer: backend.KindPodman}
	conn, ok := podmanConnections(h).Named[name]
	if !ok {
		return c, &backend.Error{Op: "podman connection " + name, Kind: backend.ErrNotFound,
			Detail: fmt.Sprintf("there is no podman connection %q", name),
			Remedy: "List the connections with `podman system connection list`."}
	}
	c.Endpoint = backend.Endpoint{URI: conn.URI, Identity: conn.Identity, Machine: conn.IsMachine}
	if key := h.Getenv("CONTAINER_SSHKEY"); key != "" {
		c.Endpoint.Identity = key
	}
	c.resolve()
	return c, nil
}

func podmanDefaultConnection(h Host) (Candidate, bool) {
	name := podmanConnections(h).Default
	if name == "" {
		return Candidate{}, false
	}
	c, err := podmanConnection(h, name)
	if err != nil {
		c.refuse(err)
	}
	return c, true
}
