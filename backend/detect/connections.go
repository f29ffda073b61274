package detect

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/pelletier/go-toml/v2"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/userdir"
)

// connections are Podman's named connections, from the file that `podman system connection` keeps since 5.0, and from
// containers.conf before it.
type connections struct {
	Default string
	Named   map[string]connection
}

type connection struct {
	URI      string `toml:"uri"`
	Identity string `toml:"identity"`
	// IsMachine marks a virtual machine that Podman manages.
	IsMachine bool `toml:"is_machine"`
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
				ActiveService       string                `toml:"active_service"`
				ServiceDestinations map[string]connection `toml:"service_destinations"`
			} `toml:"engine"`
		}
		if toml.Unmarshal(data, &conf) != nil {
			continue // Podman itself will tell its user what is wrong there
		}
		all.Default = cmp.Or(conf.Engine.ActiveService, all.Default)
		maps.Copy(all.Named, conf.Engine.ServiceDestinations)
	}
	path := cmp.Or(h.Getenv("PODMAN_CONNECTIONS_CONF"), userdir.In(h.podmanHome(), "podman-connections.json"))
	if data, err := h.ReadFile(path); err == nil {
		var conf struct {
			Connection struct {
				Default     string
				Connections map[string]connection
			}
		}
		if json.Unmarshal(data, &conf) == nil {
			all.Default = cmp.Or(conf.Connection.Default, all.Default)
			maps.Copy(all.Named, conf.Connection.Connections)
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
	if p := h.Getenv(overrideVariable); p != "" {
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

func podmanConnection(h Host, name string) Candidate {
	c := Candidate{Source: "podman connection " + name, prefer: backend.KindPodman}
	conn, ok := podmanConnections(h).Named[name]
	if !ok {
		c.refuse(&backend.Error{Op: "podman connection " + name, Kind: backend.ErrNotFound,
			Detail: fmt.Sprintf("there is no podman connection %q", name),
			Remedy: "List the connections with `podman system connection list`."})
		return c
	}
	c.Endpoint = backend.Endpoint{URI: conn.URI, Identity: cmp.Or(h.Getenv("CONTAINER_SSHKEY"), conn.Identity),
		Machine: conn.IsMachine}
	c.resolve()
	return c
}
