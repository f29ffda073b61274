package ansible

import (
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
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// The directories and files that a run of ansible-playbook is laid out in.
const (
	projectDir   = "project"
	rolesDir     = "roles"
	inventoryDir = "inventory"
	varsFile     = "galley_vars.json"
	galaxyDir    = "galaxy"
	configFile   = "ansible.cfg"
)

// plugin is the name of the directory among a suite's tests that is Ansible's alone.
const plugin = "ansible"

// layout is where a run of ansible-playbook finds its things: in the sandbox, or in a
// private directory of this machine. All paths are those of where it runs.
type layout struct {
	// root is the directory of everything, work the copy of the project in it.
	root, work string
	*converge.Files
	// outside are the places of what does not lie in the project.
	outside map[string]string
	// secret is the mode of files with secrets.
	secret fs.FileMode

	playbook, inventory      string
	vaults, roles, extraVars []string
	requirements             requirements
	// env are Ansible's settings that have no option.
	env map[string]string
}

// layout lays the project out below root for a run with a connection. secret is the mode of files with secrets.
func (a Ansible) layout(root, connection string, secret fs.FileMode) (*layout, error) {
	l := &layout{root: root, work: path.Join(root, projectDir), outside: map[string]string{}, secret: secret,
		Files: a.Files(), env: map[string]string{"ANSIBLE_NOCOLOR": "1", "ANSIBLE_RETRY_FILES_ENABLED": "0",
			"ANSIBLE_LOCALHOST_WARNING": "0", "PYTHONUNBUFFERED": "1"}}
	l.Tree("read "+a.Root, a.Root, projectDir, a.skip)
	a.addPlaybook(l)
	a.addNamed(l)
	a.addCopies(l)
	a.addRoles(l)
	a.addPlugins(l)
	a.addRequirements(l)
	a.addInventory(l, connection)
	a.addVars(l, connection)
	return l, l.Err
}

// skip reports what of the project stays out.
func (a Ansible) skip(rel string, dir bool) bool {
	k := a.Provisioner.Ansible
	name := path.Base(rel)
	if dir && slices.Contains([]string{".git", ".kitchen", ".hg", ".svn", ".vagrant", ".tox", ".venv", "node_modules",
		"__pycache__"}, name) {
		return true
	}
	if rel == configFile && k.IgnoreConfig {
		return true
	}
	return slices.Contains(k.IgnorePaths, rel) || !dir && slices.Contains(k.IgnoreExtension, path.Ext(name))
}

// carry returns where the run finds what a key names by a path of this machine, and adds
// it to the files when it does not lie in the project.
func (a Ansible) carry(l *layout, key, from string) string {
	if _, err := os.Stat(from); err != nil {
		l.Fail(fmt.Errorf("provisioner.%s: %w", key, err))
	}
	if rel, err := filepath.Rel(a.Root, from); err == nil && filepath.IsLocal(rel) {
		return path.Join(l.work, filepath.ToSlash(rel))
	}
	if l.outside[from] == "" {
		rel := path.Join("outside", fmt.Sprint(len(l.outside)), filepath.Base(from))
		l.Carry(key, from, rel)
		l.outside[from] = path.Join(l.root, rel)
	}
	return l.outside[from]
}

// addPlaybook finds the playbook.
func (a Ansible) addPlaybook(l *layout) {
	from := a.Provisioner.Ansible.Playbook
	for _, usual := range []string{"default.yml", "playbook.yml", "site.yml"} {
		from = a.Usual(from, plugin, usual, false)
	}
	if from == "" {
		l.Fail(fmt.Errorf("there is no playbook for %s\nPut a default.yml into %s, or set provisioner.playbook", a.Name,
			a.SuiteDir(a.Suite)))
		return
	}
	l.playbook = a.carry(l, "playbook", from)
}

// beside is a place next to the playbook, relative to the root.
func (l *layout) beside(name string) string {
	return path.Join(strings.TrimPrefix(path.Dir(l.playbook), l.root+"/"), name)
}

// addNamed carries the files that options name.
func (a Ansible) addNamed(l *layout) {
	k := a.Provisioner.Ansible
	if from := a.Usual(k.ConfigFile, plugin, configFile, false); from != "" && !k.IgnoreConfig {
		l.env["ANSIBLE_CONFIG"] = a.carry(l, "ansible_cfg_path", from)
	}
	if l.env["ANSIBLE_CONFIG"] == "" && k.OverwriteConfig {
		l.env["ANSIBLE_CONFIG"] = path.Join(l.root, configFile)
		l.Add(sandbox.File{Path: configFile,
			Data: []byte("# made by galley: provisioner.ansible_cfg_overwrite: false leaves the runner's own in place\n")})
	}
	vaults := k.VaultPasswordFiles
	if usual := a.Usual("", plugin, "ansible-vault-password", false); len(vaults) == 0 && usual != "" {
		vaults = []string{usual}
	}
	for _, from := range vaults {
		to := a.carry(l, "ansible_vault_password_file", from)
		l.private(to)
		l.vaults = append(l.vaults, to)
	}
	for _, from := range k.ExtraVarsFiles {
		_, err := os.Stat(from)
		inRunner, ok := strings.CutPrefix(from, a.Provisioner.RootPath+"/")
		if errors.Is(err, fs.ErrNotExist) && ok {
			// Where the runner will have it, by additional_copy_path.
			l.extraVars = append(l.extraVars, path.Join(l.root, inRunner))
			continue
		}
		l.extraVars = append(l.extraVars, a.carry(l, "extra_vars_file", from))
	}
}

// private makes a file that holds a secret readable by its owner alone; one that is a program stays one.
func (l *layout) private(at string) {
	rel := strings.TrimPrefix(at, l.root+"/")
	for i := range l.List {
		f := &l.List[i]
		if f.Path != rel {
			continue
		}
		f.Mode = l.secret
		if st, err := os.Stat(f.Source); err == nil && st.Mode()&0o100 != 0 {
			f.Mode |= l.secret >> 2 & 0o111 // who may read the program may run it
		}
	}
}

// addCopies puts what additional_copy_path names at the root and, as in kitchen-ansible,
// side by side with the playbook.
func (a Ansible) addCopies(l *layout) {
	copies := a.Provisioner.Ansible.Copy
	if len(copies) == 0 {
		copies = []string{a.Usual("", plugin, "additional_copy", true),
			a.Usual("", plugin, "recursive_additional_copy", true)}
	}
	for _, from := range copies {
		if from == "" || filepath.Clean(from) == filepath.Clean(a.Root) {
			continue // the whole project is there already
		}
		l.Carry("additional_copy_path", from, filepath.Base(from))
		l.Carry("additional_copy_path", from, l.beside(filepath.Base(from)))
	}
}

// addRoles finds the directories of roles. A directory that is a role itself gets one above it.
func (a Ansible) addRoles(l *layout) {
	k := a.Provisioner.Ansible
	parts := []string{"action_plugins", "callback_plugins", "connection_plugins", "defaults", "files", "filter_plugins",
		"handlers", "library", "lookup_plugins", "meta", "module_utils", "tasks", "templates", "test_plugins", "vars"}
	add := func(dir string) {
		if !slices.Contains(l.roles, dir) {
			l.roles = append(l.roles, dir)
		}
	}
	if k.RolesPath != "" && !isRole(k.RolesPath) {
		add(a.carry(l, "roles_path", k.RolesPath))
	}
	for _, dir := range []string{k.RolesPath, a.Root} {
		if dir == "" || !isRole(dir) {
			continue
		}
		for _, name := range a.roleNames(dir) {
			l.Tree("read "+dir, dir, path.Join(rolesDir, name), func(rel string, d bool) bool {
				top, _, _ := strings.Cut(rel, "/")
				return !slices.Contains(parts, top) || a.skip(rel, d)
			})
		}
		add(path.Join(l.root, rolesDir))
	}
	for _, dir := range k.MoreRoles {
		add(a.carry(l, "additional_copy_role_path", dir))
	}
	for _, dir := range a.usualRoles() {
		if project.IsDir(dir) {
			add(a.carry(l, "roles_path", dir))
		}
	}
}

// usualRoles are the directories of roles that need not be named.
func (a Ansible) usualRoles() []string {
	return append(a.Places(plugin, a.Suite, "roles"), filepath.Join(a.Root, "test", "roles"),
		filepath.Join(a.Root, "tests", "roles"))
}

// roleNames are the names under which playbooks may know the role in a directory: those of
// links to it among the roles; and role_name of kitchen.yml, or else the directory's, that
// without the usual prefixes, and those of its meta/main.yml.
func (a Ansible) roleNames(dir string) []string {
	// Such a link is not copied, since the copy would hold itself.
	links := project.LinksTo(dir, append(a.usualRoles(), a.Provisioner.Ansible.RolesPath))
	if name := a.Provisioner.Ansible.RoleName; name != "" {
		return append(links, name)
	}
	base := filepath.Base(dir)
	names := []string{base}
	usual := strings.TrimPrefix(strings.TrimPrefix(base, "ansible-role-"), "ansible-")
	for _, name := range slices.Concat(links, []string{usual}, metaNames(dir)) {
		if name != "" && name == path.Base(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func isRole(dir string) bool {
	for _, file := range []string{"tasks/main.yml", "tasks/main.yaml", "meta/main.yml", "meta/main.yaml"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(file))); err == nil {
			return true
		}
	}
	return false
}

// addPlugins finds the directories of modules and plugins.
func (a Ansible) addPlugins(l *layout) {
	k := a.Provisioner.Ansible
	add := func(variable, key, from string) {
		if from != "" {
			l.env[variable] = strings.TrimPrefix(l.env[variable]+":"+a.carry(l, key, from), ":")
		}
	}
	add("ANSIBLE_LIBRARY", "library_plugins_path", a.Usual(k.LibraryPath, plugin, "library", true))
	add("ANSIBLE_FILTER_PLUGINS", "filter_plugins_path", a.Usual(k.FilterPlugins, plugin, "filter_plugins", true))
	add("ANSIBLE_CALLBACK_PLUGINS", "callback_plugins_path", a.Usual(k.CallbackPlugins, plugin, "callback_plugins", true))
	add("ANSIBLE_LOOKUP_PLUGINS", "lookup_plugins_path", a.Usual(k.LookupPlugins, plugin, "lookup_plugins", true))
	modules := k.ModulesPaths
	if len(modules) == 0 {
		modules = []string{a.Usual("", plugin, "modules", true)}
	}
	for _, dir := range modules {
		add("ANSIBLE_LIBRARY", "modules_path", dir)
	}
	// Ansible finds what lies beside the playbook without being told.
	l.Add(sandbox.File{Path: l.beside("callback_plugins/galley_report.py"), Data: callbackPlugin})
}
