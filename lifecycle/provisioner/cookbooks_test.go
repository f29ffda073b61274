package provisioner

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
)

const dokken = "provisioner: {name: dokken}\n" + platform

// cookbookFiles are the cookbooks' files in a sandbox.
func cookbookFiles(files map[string]string) []string {
	var list []string
	for name := range files {
		if strings.HasPrefix(name, "cookbooks/") || strings.HasPrefix(name, "cookbook_artifacts/") {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

func TestCookbooks(t *testing.T) {
	for name, c := range map[string]struct {
		kitchen string
		files   map[string]string
		want    []string
	}{
		"none": {want: []string{"cookbooks/_galley/metadata.json"}},
		"this one": {
			files: map[string]string{"metadata.rb": "name 'mine'\n", "README.md": "", "LICENSE": "",
				"recipes/default.rb":     "",
				"files/default/.profile": "",
				"templates/a/b/c.erb":    "", "test/x": "", "vendor/big/recipes/x.rb": "", ".git/config": "",
				"Gemfile":       "",
				"attributes.rb": ""},
			want: []string{"cookbooks/mine/README.md", "cookbooks/mine/attributes.rb",
				"cookbooks/mine/files/default/.profile",
				"cookbooks/mine/metadata.rb", "cookbooks/mine/recipes/default.rb",
				"cookbooks/mine/templates/a/b/c.erb"},
		},
		"cookbooks and this one": {
			files: map[string]string{"metadata.json": `{"name": "mine"}`, "recipes/default.rb": "",
				"cookbooks/a/recipes/default.rb": "", "cookbooks/a/spec/x": "",
				"cookbooks/README.md": "", "site-cookbooks/a/recipes/default.rb": "site",
				"site-cookbooks/b/metadata.rb": ""},
			want: []string{"cookbooks/a/recipes/default.rb", "cookbooks/b/metadata.rb", "cookbooks/mine/metadata.json",
				"cookbooks/mine/recipes/default.rb"},
		},
		"chefignore": {
			files: map[string]string{"cookbooks/chefignore": "\ufeff*/skip-all.rb\n",
				"cookbooks/a/chefignore": "# comment\n*.swp\nfiles/secret/*\n.*\nrecipes/old_?.rb\nlibraries/*.rb # not a " +
					"comment\n",
				"cookbooks/a/recipes/a.rb": "", "cookbooks/a/recipes/a.rb.swp": "", "cookbooks/a/recipes/old_1.rb": "",
				"cookbooks/a/files/secret/x/y": "",
				"cookbooks/a/libraries/l.rb":   "", "cookbooks/a/files/.hidden": "",
				"cookbooks/a/recipes/skip-all.rb": "",
				"cookbooks/b/recipes/x.swp":       ""},
			want: []string{"cookbooks/a/files/.hidden", "cookbooks/a/libraries/l.rb", "cookbooks/a/recipes/a.rb",
				"cookbooks/b/recipes/x.swp"},
		},
		"chefignore means files": {
			files: map[string]string{"metadata.rb": "name 'mine'\n",
				"chefignore": "# OS #\n*.com\n*.o\n\\#*\n.#*\n*#*#\nlibraries\ntemplates/old/*\n" +
					"resources/**/\n",
				"files/host-www.example.com/motd": "", "files/default/dos.com": "", "files/default/a#b": "",
				"files/default/#a#": "", "files/conf.o/x/y": "",
				"libraries/l.rb": "", "templates/old/a/b.erb": "", "templates/older/b.erb": "", "resources/a/b.rb": ""},
			want: []string{"cookbooks/mine/files/conf.o/x/y", "cookbooks/mine/files/default/a#b",
				"cookbooks/mine/files/host-www.example.com/motd",
				"cookbooks/mine/libraries/l.rb", "cookbooks/mine/metadata.rb", "cookbooks/mine/resources/a/b.rb",
				"cookbooks/mine/templates/older/b.erb"},
		},
		"globs": {
			kitchen: "provisioner: {name: dokken, cookbook_files_glob: 'metadata.{rb,json},recipes/**/*,**/*.md'}\n" +
				platform,
			files: map[string]string{"metadata.rb": "name 'mine'\n", "recipes/a/b.rb": "", "files/x": "",
				"docs/a/b.md": "",
				"x.md":        "", "x.mdx": ""},
			want: []string{"cookbooks/mine/docs/a/b.md", "cookbooks/mine/metadata.rb", "cookbooks/mine/recipes/a/b.rb",
				"cookbooks/mine/x.md"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"kitchen.yml": dokken}
			if c.kitchen != "" {
				files["kitchen.yml"] = c.kitchen
			}
			maps.Copy(files, c.files)
			require.Equal(t, c.want, cookbookFiles(newBed(t, files).prepare()))
		})
	}
}

func TestMistakesAroundCookbooks(t *testing.T) {
	for name, c := range map[string]struct {
		keys  string
		files map[string]string
		want  string
	}{
		"no name": {files: map[string]string{"metadata.rb": "version '1'\nname compute\n"},
			want: "names no cookbook that can be read without running Ruby\nAdd a line such as"},
		"broken metadata": {files: map[string]string{"metadata.json": "{"}, want: "metadata.json: unexpected end"},
		"no Policyfile":   {keys: ", policyfile: none.rb", want: "provisioner.policyfile: "},
		"no Berksfile":    {keys: ", berksfile_path: none", want: "provisioner.berksfile_path: "},
		"roles is a file": {keys: ", roles_path: kitchen.yml", want: "is not a directory"},
		"no secret": {keys: ", encrypted_data_bag_secret_key_path: none",
			want: "provisioner.encrypted_data_bag_secret_key_path: "},
		"nothing like JSON": {keys: ", attributes: {a: .inf}",
			want: "provisioner.attributes holds what JSON does not have"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"kitchen.yml": "provisioner: {name: dokken" + c.keys + "}\n" + platform}
			maps.Copy(files, c.files)
			b := newBed(t, files)
			require.ErrorContains(t, b.provisioner().Prepare(t.Context(), b.box), c.want)
		})
	}
}

// A directory that is named and not there is told of, and no more: a fresh clone has no empty ones.
func TestMissingDirectoriesOfData(t *testing.T) {
	b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: dokken, roles_path: none}\n" + platform,
		"metadata.rb": "name 'mine'\n"})
	for name := range b.prepare() {
		require.NotContains(t, name, "roles/")
	}
	require.Equal(t, []string{"provisioner.roles_path: there is no directory " + filepath.Join(b.root, "none")}, b.said)
}

// Instances share what they may and do not touch the configuration.
func TestPrepareLeavesTheConfigurationAlone(t *testing.T) {
	b := newBed(t, map[string]string{"kitchen.yml": "provisioner: {name: dokken, attributes: {a: 1}, run_list: [x]}\n" +
		platform})
	before := b.instances[0]
	attributes := slices.Clone(before.Provisioner.Chef.Attributes)
	b.prepare()
	require.Equal(t, attributes, b.instances[0].Provisioner.Chef.Attributes)
	require.Equal(t, config.ProvisionerChef, before.Provisioner.Kind)
}
