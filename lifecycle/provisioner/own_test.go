package provisioner

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A project that is its own data is sent without the repository and without what galley makes, so what is sent is the
// same at each converge. A link back to the project in modules_path still makes it a module.
func TestProjectAsItsOwnData(t *testing.T) {
	for name, c := range map[string]struct {
		keys   string
		wanted []string
	}{
		"shell":   {"name: shell, data_path: .", []string{"data/init.pp", "data/empty"}},
		"tool":    {"name: tool, command: x, files: {.: src}", []string{"src/init.pp", "src/empty"}},
		"ansible": {"name: ansible_playbook, playbook: site.yml, additional_copy_path: [.]", nil},
		"puppet": {"name: puppet_apply, manifests_path: m, modules_path: spec/fixtures/modules",
			[]string{"modules/me/manifests/init.pp", "modules/dep/x"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {" + c.keys + "}\n" + platform, "init.pp": "",
				"site.yml":          "",
				"manifests/init.pp": "", "m/site.pp": "", ".git/config": "", "sub/.git": "",
				"spec/fixtures/modules/dep/x": ""})
			root := b.project.Root
			require.NoError(t, os.Mkdir(filepath.Join(root, "empty"), 0o755))
			require.NoError(t, os.Symlink("../../..", filepath.Join(root, "spec", "fixtures", "modules", "me")))
			b.box.Local = filepath.Join(root, ".kitchen", "galley", "sandbox", "x", "kitchen")
			var first []string
			for range 5 {
				require.NoError(t, b.provisioner().Prepare(t.Context(), b.box))
				var all []string
				require.NoError(t, filepath.WalkDir(b.box.Local, func(p string, _ os.DirEntry, err error) error {
					require.NotContains(t, []string{".git", ".kitchen"}, filepath.Base(p))
					all = append(all, p)
					return err
				}))
				if first == nil {
					first = all
				}
				require.Equal(t, first, all)
			}
			for _, w := range c.wanted {
				require.Contains(t, first, filepath.Join(b.box.Local, filepath.FromSlash(w)))
			}
		})
	}
}

// What cannot be copied of the directories that kitchen.yml names is told.
func TestLeftOutIsTold(t *testing.T) {
	for name, keys := range map[string]string{
		"data_path": "name: shell, data_path: d", "files": "name: tool, command: x, files: {d: src}",
		"additional_copy_path": "name: ansible_playbook, playbook: site.yml, additional_copy_path: [d]",
		"hiera_data_path":      "name: puppet_apply, manifests_path: m, hiera_data_path: d",
		"data_bags_path":       "name: dokken, data_bags_path: d",
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {" + keys + "}\n" + platform, "d/file": "",
				"site.yml": "", "m/site.pp": "",
				"metadata.rb": "name 'a'\n"})
			require.NoError(t, os.Symlink("nowhere", filepath.Join(b.project.Root, "d", "dead")))
			require.NoError(t, b.provisioner().Prepare(t.Context(), b.box))
			require.Contains(t, b.said, "provisioner."+name+
				": left out links that lead elsewhere or nowhere, and what is no file: dead")
		})
	}
}
