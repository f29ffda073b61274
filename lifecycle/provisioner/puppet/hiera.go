package puppet

import (
	"cmp"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

// hiera is Hiera's part of a run.
type hiera struct {
	// config is Hiera's configuration on this machine, or "".
	config string
	// named are the directories of data that it names, relative to itself.
	named []string
	// data are the directories of data that are carried.
	data []dataDir
}

// dataDir is a directory of Hiera's data: where it is, and where it goes in the sandbox.
type dataDir struct{ from, to string }

// hiera finds Hiera's configuration, as kitchen-puppet does that of the global layer first, and its data:
// hiera_data_path, or the usual directories and those that the configuration names relative to itself. Without a
// configuration, only kitchen-puppet's own name means Hiera.
func (p Puppet) hiera() hiera {
	k := p.Provisioner.Puppet
	h := hiera{config: p.Usual(k.HieraConfig, plugin, "hiera.global.yaml", false)}
	h.config = p.Usual(h.config, plugin, hieraFile, false)
	names := []string{"hiera"}
	if h.config != "" {
		h.named = datadirs(h.config)
		names = append(names, "hieradata", "data")
	}
	if k.HieraData != "" {
		h.data = []dataDir{{k.HieraData, filepath.Base(k.HieraData)}}
		return h
	}
	for _, name := range names {
		if from := p.Usual("", plugin, name, true); from != "" {
			h.data = append(h.data, dataDir{from, name})
		}
	}
	for _, name := range h.named {
		from := filepath.Join(filepath.Dir(h.config), filepath.FromSlash(name))
		to := path.Clean(name)
		if !project.IsDir(from) || !filepath.IsLocal(filepath.FromSlash(to)) {
			continue // elsewhere in the runner, or not there
		}
		if !slices.ContainsFunc(h.data, func(d dataDir) bool { return d.to == to }) {
			h.data = append(h.data, dataDir{from, to})
		}
	}
	return h
}

// datadirs are the directories of data that a hiera.yaml names. One that cannot be read
// names none: Puppet says best what is wrong with it.
func datadirs(file string) []string {
	type level struct{ Datadir string }
	var h struct {
		Defaults  level
		Hierarchy []level
	}
	if data, err := os.ReadFile(file); err != nil || yaml.Unmarshal(data, &h) != nil {
		return nil
	}
	var dirs []string
	for _, level := range append(h.Hierarchy, h.Defaults) {
		if d := level.Datadir; d != "" && !slices.Contains(dirs, d) {
			dirs = append(dirs, d)
		}
	}
	return dirs
}

// hieraFiles adds Hiera's configuration with its data beside it.
func (p Puppet) hieraFiles(f *converge.Files, h hiera) {
	f.Carry("hiera_config_path", h.config, hieraFile)
	before := len(f.List)
	for _, d := range h.data {
		f.Carry("hiera_data_path", d.from, d.to)
	}
	switch carried := len(f.List) > before; {
	case h.config == "" && carried:
		p.Notice("Hiera has data but no configuration: neither hiera.global.yaml nor %s was found, so Puppet looks only "+
			"where its own default says; name one in provisioner.hiera_config_path", hieraFile)
	case h.config != "" && !carried:
		p.Notice("Hiera finds no data: %s looks in %s, where there is nothing to bring along", p.Shown(h.config),
			cmp.Or(strings.Join(h.named, ", "), "the usual directory, data"))
	}
}
