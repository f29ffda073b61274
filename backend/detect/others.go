package detect

import (
	"cmp"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/userdir"
)

// colimaProfiles are Colima's machines besides the default one, which have a socket, by name.
func colimaProfiles(h Host) (list []Candidate) {
	dir := cmp.Or(h.Getenv("COLIMA_HOME"), h.inHome(".colima"))
	if dir == "" {
		return nil
	}
	entries, err := h.ReadDir(dir)
	if err != nil {
		return nil // there is no Colima
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name(), "docker.sock")
		if h.exists(path) {
			list = append(list, Candidate{Source: "Colima, profile " + e.Name(),
				Endpoint: backend.Endpoint{URI: "unix://" + path}})
		}
	}
	slices.SortFunc(list, func(a, b Candidate) int { return cmp.Compare(a.Source, b.Source) })
	return list
}

// exists reports whether there is a file.
func (h Host) exists(path string) bool {
	_, err := h.Owner(path)
	return path != "" && err == nil
}

// rancherDesktop is Rancher Desktop when its settings choose containerd, which has no API of Docker's.
func rancherDesktop(h Host) []Candidate {
	file := userdir.In(cmp.Or(h.Getenv("XDG_CONFIG_HOME"), h.inHome(".config")), "rancher-desktop", "settings.json")
	switch h.GOOS {
	case "darwin":
		file = h.inHome("Library", "Preferences", "rancher-desktop", "settings.json")
	case "windows":
		file = userdir.In(h.Getenv("LOCALAPPDATA"), "rancher-desktop", "settings.json")
	}
	var settings struct{ ContainerEngine struct{ Name string } }
	data, err := h.ReadFile(file)
	if err != nil || json.Unmarshal(data, &settings) != nil || settings.ContainerEngine.Name != "containerd" {
		return nil
	}
	c := Candidate{Source: "Rancher Desktop with containerd"}
	c.refuse(errors.New("containerd has no API of Docker's"))
	c.Remedy = "Choose dockerd in Rancher Desktop: rdctl set --container-engine.name=moby"
	return []Candidate{c}
}

// wslc is the containers of Windows' own WSL, where its program is.
func wslc(h Host) []Candidate {
	if _, err := h.LookPath("wslc"); h.GOOS != "windows" || err != nil {
		return nil
	}
	c := Candidate{Source: "wslc"}
	c.refuse(errors.New("it is a command, and has no API of Docker's"))
	c.Remedy = "Start Docker Desktop, or install Podman: winget install RedHat.Podman"
	return []Candidate{c}
}

// partly is why an engine is not chosen by itself that answers as a Docker.
const partly = "it has a part of Docker's API, and galley was never tried with it"

// partialEngines are engines that offer a part of Docker's API, where their sockets are there. They are for those who
// name them.
func partialEngines(h Host) (list []Candidate) {
	for _, place := range []struct{ source, path string }{
		{"Finch", "/run/finch.sock"},
		{"Finch", h.inHome(".finch", "finch.sock")},
		{"socktainer", h.inHome(".socktainer", "container.sock")},
	} {
		if h.GOOS != "windows" && h.exists(place.path) {
			list = append(list, Candidate{Source: place.source, partial: true,
				Endpoint: backend.Endpoint{URI: "unix://" + place.path}})
		}
	}
	return list
}

// others are engines that are not chosen by themselves, or that have no API at all: they are told.
func others(h Host) []Candidate {
	return slices.Concat(partialEngines(h), rancherDesktop(h), wslc(h))
}
