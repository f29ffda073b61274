package puppet

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// hieraConfig is Hiera's configuration on this machine, or "". kitchen-puppet looks for
// that of the global layer first.
func (p *Puppet) hieraConfig() string {
	if named := p.instance.Provisioner.Puppet.HieraConfig; named != "" {
		return named
	}
	for _, name := range []string{"hiera.global.yaml", hieraFile} {
		if found := p.FindFor(plugin, p.instance.Suite, name, false); found != "" {
			return found
		}
	}
	return ""
}

// hieraSettings is what galley reads of a hiera.yaml.
type hieraSettings struct {
	Defaults  hieraLevel
	Hierarchy []hieraLevel
}

// hieraLevel is a level of the hierarchy, or its defaults.
type hieraLevel struct {
	Datadir string
	Path    string
	Paths   []string
}

// readHiera reads a hiera.yaml. One that cannot be read has no settings: Puppet says best
// what is wrong with it.
func readHiera(file string) hieraSettings {
	var h hieraSettings
	if data, err := os.ReadFile(file); err != nil || yaml.Unmarshal(data, &h) != nil {
		return hieraSettings{}
	}
	return h
}

// datadirs are the directories of data that the settings name, relative to the file.
func (h hieraSettings) datadirs() []string {
	var dirs []string
	for _, level := range append(h.Hierarchy, h.Defaults) {
		if d := level.Datadir; d != "" && !slices.Contains(dirs, d) {
			dirs = append(dirs, d)
		}
	}
	return dirs
}

// hiera is Hiera's configuration with its data beside it.
func (p *Puppet) hiera() ([]sandbox.File, error) {
	var files []sandbox.File
	config := p.hieraConfig()
	if config != "" {
		carried, err := converge.Carry(config, hieraFile)
		if err != nil {
			return nil, fmt.Errorf("provisioner.hiera_config_path: %w", err)
		}
		files = carried
	}
	carried := false
	for _, d := range p.hieraData(config) {
		data, err := converge.Carry(d.from, d.to)
		if err != nil {
			return nil, fmt.Errorf("provisioner.hiera_data_path: %w", err)
		}
		files, carried = append(files, data...), carried || len(data) > 0
	}
	switch {
	case config == "" && carried:
		p.Notice("Hiera has data but no configuration: neither hiera.global.yaml nor %s was found, so Puppet looks only where "+
			"its own default says; name one in provisioner.hiera_config_path", hieraFile)
	case config != "" && !carried:
		p.Notice("Hiera finds no data: %s looks in %s, where there is nothing to bring along", p.Shown(config),
			strings.Join(readHiera(config).datadirs(), ", "))
	}
	return files, nil
}

// dataDir is a directory of Hiera's data: where it is, and where it goes in the sandbox.
type dataDir struct{ from, to string }

// hieraData are the directories of data: that of hiera_data_path, or the usual ones and
// those that Hiera's configuration names relative to itself. Without a configuration,
// only kitchen-puppet's own name means Hiera.
func (p *Puppet) hieraData(config string) []dataDir {
	if named := p.instance.Provisioner.Puppet.HieraData; named != "" {
		return []dataDir{{named, filepath.Base(named)}}
	}
	names := []string{"hiera", "hieradata", "data"}
	if config == "" {
		names = names[:1]
	}
	var dirs []dataDir
	for _, name := range names {
		if from := p.FindFor(plugin, p.instance.Suite, name, true); from != "" {
			dirs = append(dirs, dataDir{from, name})
		}
	}
	if config == "" {
		return dirs
	}
	for _, name := range readHiera(config).datadirs() {
		from := filepath.Join(filepath.Dir(config), filepath.FromSlash(name))
		to := path.Clean(name)
		if st, err := os.Stat(from); err != nil || !st.IsDir() || !filepath.IsLocal(filepath.FromSlash(to)) {
			continue // elsewhere in the runner, or not there
		}
		if !slices.ContainsFunc(dirs, func(d dataDir) bool { return d.to == to }) {
			dirs = append(dirs, dataDir{from, to})
		}
	}
	return dirs
}

// hieraDirs are the directories of data in the sandbox that go to hieraRemote.
func (p *Puppet) hieraDirs() []string {
	var dirs []string
	for _, d := range p.hieraData(p.hieraConfig()) {
		dirs = append(dirs, d.to)
	}
	return dirs
}

// hieraRemote are the directories of the runner that get the data besides:
// hiera_data_remote_path, or the defaults of kitchen-puppet with packages of the
// distribution and with those of Puppet.
func (p *Puppet) hieraRemote() []string {
	if named := p.instance.Provisioner.Puppet.HieraDataRemote; named != "" {
		return []string{named}
	}
	return []string{"/var/lib/hiera", "/etc/puppetlabs/code/environments/production/hieradata"}
}
