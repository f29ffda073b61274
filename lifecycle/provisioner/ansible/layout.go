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
	files      []sandbox.File
	// outside are the places of what does not lie in the project.
	outside map[string]string
	// secret is the mode of files with secrets.
	secret fs.FileMode

	playbook, inventory, config string
	vaults                      []string
	roles, library              []string
	filters, callbacks, lookups []string
	extraVars                   []string
	requirements                requirements
}

// layout lays the project out below root for a run with a connection. secret is the mode
// of files with secrets.
func (a *Ansible) layout(root, connection string, secret fs.FileMode) (*layout, error) {
	l := &layout{root: root, work: path.Join(root, projectDir), outside: map[string]string{}, secret: secret}
	files, err := sandbox.Tree(a.Root, projectDir, a.skip)
	if err != nil {
		return nil, fmt.Errorf("read the project: %w", err)
	}
	l.files = files
	if err := a.addPlaybook(l); err != nil {
		return nil, err
	}
	for _, add := range []func(*layout) error{a.addNamed, a.addCopies, a.addRoles, a.addPlugins, a.addRequirements} {
		if err := add(l); err != nil {
			return nil, err
		}
	}
	if err := a.addInventory(l, connection); err != nil {
		return nil, err
	}
	return l, a.addVars(l, connection)
}

// skip reports what of the project stays out.
func (a *Ansible) skip(rel string, dir bool) bool {
	k := a.instance.Provisioner.Ansible
	name := path.Base(rel)
	if dir && slices.Contains([]string{".git", ".kitchen", ".hg", ".svn", ".vagrant", ".tox", ".venv", "node_modules", "__pycache__"}, name) {
		return true
	}
	if rel == configFile && k.IgnoreConfig {
		return true
	}
	return slices.Contains(k.IgnorePaths, rel) || !dir && slices.Contains(k.IgnoreExtension, path.Ext(name))
}

// carry returns where a path of this machine is, and adds it to the files when it does
// not lie in the project.
func (a *Ansible) carry(l *layout, from string) (string, error) {
	if _, err := os.Stat(from); err != nil {
		return "", err
	}
	if rel, err := filepath.Rel(a.Root, from); err == nil && filepath.IsLocal(rel) {
		return path.Join(l.work, filepath.ToSlash(rel)), nil
	}
	if to, ok := l.outside[from]; ok {
		return to, nil
	}
	rel := path.Join("outside", fmt.Sprint(len(l.outside)), filepath.Base(from))
	files, err := converge.Carry(from, rel)
	if err != nil {
		return "", err
	}
	l.files = append(l.files, files...)
	l.outside[from] = path.Join(l.root, rel)
	return l.outside[from], nil
}

// find is a key's path, or the place where kitchen-ansible looks without it, or "".
func (a *Ansible) find(named, usual string, dir bool) string {
	if named != "" {
		return named
	}
	return a.FindFor(plugin, a.instance.Suite, usual, dir)
}

// addPlaybook finds the playbook.
func (a *Ansible) addPlaybook(l *layout) error {
	from := a.instance.Provisioner.Ansible.Playbook
	for _, usual := range []string{"default.yml", "playbook.yml", "site.yml"} {
		if from == "" {
			from = a.find("", usual, false)
		}
	}
	if from == "" {
		return fmt.Errorf("there is no playbook for %s\nPut a default.yml into %s, or set provisioner.playbook",
			a.instance.Name, a.SuiteDir(a.instance.Suite))
	}
	to, err := a.carry(l, from)
	if err != nil {
		return fmt.Errorf("provisioner.playbook: %w", err)
	}
	l.playbook = to
	return nil
}

// beside is a place next to the playbook, relative to the root.
func (l *layout) beside(name string) string {
	return path.Join(strings.TrimPrefix(path.Dir(l.playbook), l.root+"/"), name)
}

// addNamed carries the files that options name.
func (a *Ansible) addNamed(l *layout) error {
	k := a.instance.Provisioner.Ansible
	if from := a.find(k.ConfigFile, "ansible.cfg", false); from != "" && !k.IgnoreConfig {
		to, err := a.carry(l, from)
		if err != nil {
			return fmt.Errorf("provisioner.ansible_cfg_path: %w", err)
		}
		l.config = to
	}
	if l.config == "" && k.OverwriteConfig {
		l.config = path.Join(l.root, configFile)
		l.files = append(l.files, sandbox.File{Path: configFile, Data: []byte("# made by galley: provisioner.ansible_cfg_overwrite: false leaves the runner's own in place\n")})
	}
	vaults := k.VaultPasswordFiles
	if usual := a.find("", "ansible-vault-password", false); len(vaults) == 0 && usual != "" {
		vaults = []string{usual}
	}
	for _, from := range vaults {
		to, err := a.carry(l, from)
		if err != nil {
			return fmt.Errorf("provisioner.ansible_vault_password_file: %w", err)
		}
		l.private(to)
		l.vaults = append(l.vaults, to)
	}
	for _, f := range k.ExtraVarsFiles {
		to, err := a.carry(l, f)
		if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(f, a.instance.Provisioner.RootPath+"/") {
			// Where the runner will have it, by additional_copy_path.
			to, err = path.Join(l.root, strings.TrimPrefix(f, a.instance.Provisioner.RootPath)), nil
		}
		if err != nil {
			return fmt.Errorf("provisioner.extra_vars_file: %w", err)
		}
		l.extraVars = append(l.extraVars, to)
	}
	return nil
}

// private makes a file that holds a secret readable by its owner alone; one that is a
// program stays one.
func (l *layout) private(at string) {
	rel := strings.TrimPrefix(at, l.root+"/")
	for i := range l.files {
		f := &l.files[i]
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
func (a *Ansible) addCopies(l *layout) error {
	k := a.instance.Provisioner.Ansible
	copies := slices.Clone(k.Copy)
	if len(copies) == 0 {
		for _, usual := range []string{"additional_copy", "recursive_additional_copy"} {
			if dir := a.find("", usual, true); dir != "" {
				copies = append(copies, dir)
			}
		}
	}
	for _, from := range copies {
		for _, to := range []string{filepath.Base(from), l.beside(filepath.Base(from))} {
			if filepath.Clean(from) == filepath.Clean(a.Root) {
				continue // the whole project is there already
			}
			files, err := converge.Carry(from, to)
			if err != nil {
				return fmt.Errorf("provisioner.additional_copy_path: %w", err)
			}
			l.files = append(l.files, files...)
		}
	}
	return nil
}

// addRoles finds the directories of roles. A directory that is a role itself gets one
// above it.
func (a *Ansible) addRoles(l *layout) error {
	k := a.instance.Provisioner.Ansible
	add := func(dir, key string) error {
		to, err := a.carry(l, dir)
		if err != nil {
			return fmt.Errorf("provisioner.%s: %w", key, err)
		}
		if !slices.Contains(l.roles, to) {
			l.roles = append(l.roles, to)
		}
		return nil
	}
	if k.RolesPath != "" && !isRole(k.RolesPath) {
		if err := add(k.RolesPath, "roles_path"); err != nil {
			return err
		}
	}
	for _, dir := range []string{k.RolesPath, a.Root} {
		if dir == "" || !isRole(dir) {
			continue
		}
		for _, name := range a.roleNames(dir) {
			files, err := sandbox.Tree(dir, path.Join(rolesDir, name), func(rel string, d bool) bool {
				top, _, _ := strings.Cut(rel, "/")
				return !slices.Contains(roleParts(), top) || a.skip(rel, d)
			})
			if err != nil {
				return fmt.Errorf("read the role %s: %w", name, err)
			}
			l.files = append(l.files, files...)
		}
		if r := path.Join(l.root, rolesDir); !slices.Contains(l.roles, r) {
			l.roles = append(l.roles, r)
		}
	}
	for _, dir := range k.MoreRoles {
		if err := add(dir, "additional_copy_role_path"); err != nil {
			return err
		}
	}
	for _, dir := range append(a.Places(plugin, a.instance.Suite, "roles"), filepath.Join(a.Root, "test", "roles")) {
		if st, err := os.Stat(dir); err != nil || !st.IsDir() {
			continue
		}
		if err := add(dir, "roles_path"); err != nil {
			return err
		}
	}
	return nil
}

// roleNames are the names under which playbooks may know the role in a directory:
// role_name of kitchen.yml alone; else the directory's, that without the usual prefixes,
// and those of its meta/main.yml.
func (a *Ansible) roleNames(dir string) []string {
	if name := a.instance.Provisioner.Ansible.RoleName; name != "" {
		return []string{name}
	}
	base := filepath.Base(dir)
	names := []string{base}
	for _, name := range append([]string{strings.TrimPrefix(strings.TrimPrefix(base, "ansible-role-"), "ansible-")}, metaNames(dir)...) {
		if name != "" && name == path.Base(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// roleParts are the directories of a role.
func roleParts() []string {
	return []string{"action_plugins", "callback_plugins", "connection_plugins", "defaults", "files", "filter_plugins", "handlers", "library", "lookup_plugins",
		"meta", "module_utils", "tasks", "templates", "test_plugins", "vars"}
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
func (a *Ansible) addPlugins(l *layout) error {
	k := a.instance.Provisioner.Ansible
	for _, p := range []struct {
		key, named, usual string
		to                *[]string
	}{
		{"library_plugins_path", k.LibraryPath, "library", &l.library},
		{"filter_plugins_path", k.FilterPlugins, "filter_plugins", &l.filters},
		{"callback_plugins_path", k.CallbackPlugins, "callback_plugins", &l.callbacks},
		{"lookup_plugins_path", k.LookupPlugins, "lookup_plugins", &l.lookups},
	} {
		if err := a.addPlugin(l, p.key, a.find(p.named, p.usual, true), p.to); err != nil {
			return err
		}
	}
	modules := k.ModulesPaths
	if len(modules) == 0 {
		modules = []string{a.find("", "modules", true)}
	}
	for _, dir := range modules {
		if err := a.addPlugin(l, "modules_path", dir, &l.library); err != nil {
			return err
		}
	}
	// Ansible finds what lies beside the playbook without being told.
	l.files = append(l.files, sandbox.File{Path: l.beside("callback_plugins/galley_report.py"), Data: callbackPlugin})
	return nil
}

// addPlugin carries a directory of plugins, if there is one.
func (a *Ansible) addPlugin(l *layout, key, from string, to *[]string) error {
	if from == "" {
		return nil
	}
	at, err := a.carry(l, from)
	if err != nil {
		return fmt.Errorf("provisioner.%s: %w", key, err)
	}
	*to = append(*to, at)
	return nil
}
