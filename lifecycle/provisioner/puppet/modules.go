package puppet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

// modules adds the project when it is a module, and the modules of modules_path. As for kitchen-puppet, the first one
// of a name is taken whole, and a path that does not exist is passed over.
func (p Puppet) modules(f *converge.Files) {
	taken := p.ownModule(f)
	dirs := p.Provisioner.Puppet.ModulesPaths
	if len(dirs) == 0 {
		if dir := p.Usual("", plugin, modulesDir, true); dir != "" {
			dirs = []string{dir}
		}
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			p.Notice("provisioner.modules_path: there is no directory %s", dir)
			continue
		}
		if err != nil {
			f.Fail(fmt.Errorf("provisioner.modules_path: %w", err))
		}
		for _, e := range entries {
			from := filepath.Join(dir, e.Name())
			if !project.IsDir(from) {
				continue // no module, or a link that leads nowhere
			}
			if by, ok := taken[e.Name()]; ok {
				if by != from && by != p.Root {
					p.Notice("provisioner.modules_path: %s is taken from %s, not from %s", e.Name(), p.Shown(by), p.Shown(from))
				}
				continue
			}
			taken[e.Name()] = from
			f.Tree("provisioner.modules_path", from, path.Join(modulesDir, e.Name()), nil)
		}
	}
}

// ownModule adds the project as a module, under each of its names. It returns the names, and what has them.
func (p Puppet) ownModule(f *converge.Files) (taken map[string]string) {
	parts := []string{"manifests", "files", "templates", "lib", "facts.d", "functions", "types", "data", "hiera.yaml",
		"metadata.json", "tasks", "plans", "locales"}
	taken = map[string]string{}
	for _, name := range p.ownNames(f) {
		f.Tree("read the module "+name, p.Root, path.Join(modulesDir, name), func(rel string, _ bool) bool {
			top, _, _ := strings.Cut(rel, "/")
			return !slices.Contains(parts, top)
		})
		taken[name] = p.Root
	}
	return taken
}

// ownNames are the names under which the project is a module: that in its metadata.json,
// and those of links in modules_path that lead back to it, as in spec/fixtures/modules.
func (p Puppet) ownNames(f *converge.Files) []string {
	names := project.LinksTo(p.Root, p.Provisioner.Puppet.ModulesPaths)
	name, err := moduleName(p.Root)
	f.Fail(err)
	if name != "" && !slices.Contains(names, name) {
		names = append(names, name)
	}
	return names
}

// moduleName is the name of the Puppet module in a directory, "" when it is none.
func moduleName(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, "metadata.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	var meta struct{ Name string }
	if err == nil {
		err = json.Unmarshal(data, &meta)
	}
	if err != nil {
		return "", fmt.Errorf("read the module's metadata.json: %w", err)
	}
	// "author-module", of old "author/module"
	return meta.Name[strings.LastIndexAny(meta.Name, "-/")+1:], nil
}
