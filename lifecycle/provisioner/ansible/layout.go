package ansible

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// The directories of Ansible's sandbox.
const (
	projectDir   = "project"
	rolesDir     = "roles"
	inventoryDir = "inventory"
	varsFile     = "galley_vars.json"
	galaxyDir    = "galaxy"
)

// layout is where a run of ansible-playbook finds its things: in the sandbox, or
// on this machine. All paths are those of where it runs.
type layout struct {
	// root is the directory of what galley makes, work the one to run in.
	root, work string
	files      []sandbox.File
	// carry tells where a path of this machine is; it may add to files.
	carry func(from string) (string, error)

	playbook, inventory, config string
	vaults                      []string
	roles                       []string
	library, filters            string
	callbacks, lookups          string
	extraVars                   []string
	requirements                string
	// galaxy is where ansible-galaxy installs, digest that of the requirements.
	galaxy, digest            string
	wantsRoles, wantsContents bool
}

// layout lays the project out for a run in the runner.
func (a *Ansible) layout(sb sandbox.Dir) (*layout, error) {
	l := &layout{root: sb.Remote, work: path.Join(sb.Remote, projectDir)}
	project, err := sandbox.Tree(a.Root, projectDir, a.skip)
	if err != nil {
		return nil, fmt.Errorf("read the project: %w", err)
	}
	l.files = project
	outside := map[string]string{}
	l.carry = func(from string) (string, error) {
		if rel, err := filepath.Rel(a.Root, from); err == nil && filepath.IsLocal(rel) {
			if _, err := os.Stat(from); err != nil {
				return "", err
			}
			return path.Join(l.work, filepath.ToSlash(rel)), nil
		}
		if to, ok := outside[from]; ok {
			return to, nil
		}
		rel := path.Join("outside", fmt.Sprint(len(outside)), filepath.Base(from))
		files, err := converge.Carry(from, rel)
		if err != nil {
			return "", err
		}
		l.files = append(l.files, files...)
		outside[from] = path.Join(l.root, rel)
		return outside[from], nil
	}
	return l, a.fill(l, "local")
}

// skip tells what of the project stays out of the sandbox.
func (a *Ansible) skip(rel string, dir bool) bool {
	k := a.instance.Provisioner.Ansible
	name := path.Base(rel)
	if dir && slices.Contains([]string{".git", ".kitchen", ".hg", ".svn", ".vagrant", ".tox", ".venv", "node_modules", "__pycache__"}, name) {
		return true
	}
	return slices.Contains(k.IgnorePaths, rel) || !dir && slices.Contains(k.IgnoreExtension, path.Ext(name))
}

// fill finds everything and makes what galley makes itself.
func (a *Ansible) fill(l *layout, connection string) error {
	k := a.instance.Provisioner.Ansible
	playbook, err := a.playbook()
	if err != nil {
		return err
	}
	for _, p := range []struct {
		key, from string
		to        *string
	}{
		{"playbook", playbook, &l.playbook}, {"ansible_cfg_path", k.ConfigFile, &l.config},
		{"library_plugins_path", k.LibraryPath, &l.library},
		{"filter_plugins_path", k.FilterPlugins, &l.filters}, {"callback_plugins_path", k.CallbackPlugins, &l.callbacks},
		{"lookup_plugins_path", k.LookupPlugins, &l.lookups}, {"requirements_path", k.Requirements, &l.requirements},
	} {
		if p.from == "" {
			continue
		}
		if *p.to, err = l.carry(p.from); err != nil {
			return fmt.Errorf("provisioner.%s: %w", p.key, err)
		}
	}
	for _, f := range k.VaultPasswordFiles {
		to, err := l.carry(f)
		if err != nil {
			return fmt.Errorf("provisioner.ansible_vault_password_file: %w", err)
		}
		l.vaults = append(l.vaults, to)
	}
	for _, f := range k.ExtraVarsFiles {
		to, err := l.carry(f)
		if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(f, l.root+"/") {
			to, err = f, nil // where the runner will have it, by additional_copy_path
		}
		if err != nil {
			return fmt.Errorf("provisioner.extra_vars_file: %w", err)
		}
		l.extraVars = append(l.extraVars, to)
	}
	for _, from := range k.Copy {
		files, err := converge.Carry(from, filepath.Base(from))
		if err != nil {
			return fmt.Errorf("provisioner.additional_copy_path: %w", err)
		}
		l.files = append(l.files, files...)
	}
	for _, f := range []func(*layout, string) error{a.addRoles, a.addInventory, a.addVars, a.addRequirements} {
		if err := f(l, connection); err != nil {
			return err
		}
	}
	return nil
}

// playbook is the playbook's path on this machine.
func (a *Ansible) playbook() (string, error) {
	if p := a.instance.Provisioner.Ansible.Playbook; p != "" {
		return p, nil
	}
	for _, name := range []string{"default.yml", "playbook.yml", "site.yml"} {
		if p := a.Find(a.instance.Suite, name); p != "" {
			return p, nil
		}
	}
	return "", fmt.Errorf("there is no playbook for %s\nPut a default.yml into %s, or set provisioner.playbook",
		a.instance.Name, filepath.Join(a.TestBase, a.instance.Suite))
}

// addRoles finds the directories of roles. A directory that is a role itself gets
// one above it.
func (a *Ansible) addRoles(l *layout, _ string) error {
	k := a.instance.Provisioner.Ansible
	if k.RolesPath != "" && !isRole(k.RolesPath) {
		to, err := l.carry(k.RolesPath)
		if err != nil {
			return fmt.Errorf("provisioner.roles_path: %w", err)
		}
		l.roles = append(l.roles, to)
	}
	for _, dir := range []string{k.RolesPath, a.Root} {
		if dir == "" || !isRole(dir) {
			continue
		}
		name := k.RoleName
		if name == "" {
			name = strings.TrimPrefix(strings.TrimPrefix(filepath.Base(dir), "ansible-role-"), "ansible-")
		}
		files, err := sandbox.Tree(dir, path.Join(rolesDir, name), func(rel string, d bool) bool {
			top, _, _ := strings.Cut(rel, "/")
			return !slices.Contains(roleParts(), top) || a.skip(rel, d)
		})
		if err != nil {
			return fmt.Errorf("read the role %s: %w", name, err)
		}
		l.files = append(l.files, files...)
		if r := path.Join(l.root, rolesDir); !slices.Contains(l.roles, r) {
			l.roles = append(l.roles, r)
		}
	}
	for _, dir := range k.MoreRoles {
		to, err := l.carry(dir)
		if err != nil {
			return fmt.Errorf("provisioner.additional_copy_role_path: %w", err)
		}
		l.roles = append(l.roles, to)
	}
	for _, dir := range []string{"roles", filepath.Join("test", "roles")} {
		if ok, err := isThere(filepath.Join(a.Root, dir)); err != nil {
			return err
		} else if ok {
			l.roles = append(l.roles, path.Join(l.work, filepath.ToSlash(dir)))
		}
	}
	return nil
}

// roleParts are the directories of a role.
func roleParts() []string {
	return []string{"defaults", "files", "filter_plugins", "handlers", "library", "lookup_plugins", "meta", "module_utils", "tasks", "templates", "vars"}
}

func isRole(dir string) bool {
	for _, file := range []string{"tasks/main.yml", "tasks/main.yaml", "meta/main.yml", "meta/main.yaml"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(file))); err == nil {
			return true
		}
	}
	return false
}

// addInventory carries the inventory of kitchen.yml, or makes one of the instance
// alone.
func (a *Ansible) addInventory(l *layout, connection string) error {
	k := a.instance.Provisioner.Ansible
	for _, v := range []struct{ key, from, to string }{{"group_vars_path", k.GroupVars, "group_vars"}, {"host_vars_path", k.HostVars, "host_vars"}} {
		if v.from == "" {
			continue
		}
		files, err := converge.Carry(v.from, path.Join(inventoryDir, v.to))
		if err != nil {
			return fmt.Errorf("provisioner.%s: %w", v.key, err)
		}
		l.files = append(l.files, files...)
	}
	if k.Inventory != "" {
		to, err := l.carry(k.Inventory)
		if err != nil {
			return fmt.Errorf("provisioner.ansible_inventory: %w", err)
		}
		l.inventory = to
		return nil
	}
	l.files = append(l.files, sandbox.File{Path: path.Join(inventoryDir, "hosts"), Data: []byte(inventory(a.instance.Name, k.Hosts, connection))})
	l.inventory = path.Join(l.root, inventoryDir, "hosts")
	return nil
}

// inventory lists one host in its groups.
func inventory(name string, groups []string, connection string) string {
	host := name
	var in []string
	for _, g := range groups {
		switch g {
		case "all":
		case "localhost", "127.0.0.1":
			host = g
		default:
			in = append(in, g)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s ansible_connection=%s\n", host, connection)
	for _, g := range in {
		fmt.Fprintf(&b, "\n[%s]\n%s\n", g, host)
	}
	return b.String()
}

// addVars hands extra variables over in a file: on a command line all would see
// them. An inventory of the user's own is for other connections.
func (a *Ansible) addVars(l *layout, connection string) error {
	k := a.instance.Provisioner.Ansible
	vars := k.ExtraVars
	if k.Inventory != "" {
		vars = vars.With("ansible_connection", connection)
	}
	if k.Interpreter != "" {
		vars = vars.With("ansible_python_interpreter", k.Interpreter)
	}
	if len(vars) == 0 {
		return nil
	}
	data, err := config.MarshalPlain(vars)
	if err != nil {
		return fmt.Errorf("provisioner.extra_vars: %w", err)
	}
	l.files = append(l.files, sandbox.File{Path: varsFile, Data: data})
	l.extraVars = append(l.extraVars, path.Join(l.root, varsFile))
	return nil
}

var (
	galaxyCollections = regexp.MustCompile(`(?m)^collections\s*:`)
	galaxyRoles       = regexp.MustCompile(`(?m)^(roles\s*:|-\s)`)
)

// addRequirements looks what ansible-galaxy is to install.
func (a *Ansible) addRequirements(l *layout, _ string) error {
	from := a.instance.Provisioner.Ansible.Requirements
	if from == "" {
		for _, name := range []string{"requirements.yml", "roles/requirements.yml"} {
			p := filepath.Join(a.Root, filepath.FromSlash(name))
			if _, err := os.Stat(p); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			// One that is just there is only for those who ask for it.
			a.Notice("%s is not installed: set provisioner.requirements_path to have it so", name)
			break
		}
		return nil
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("provisioner.requirements_path: %w", err)
	}
	sum := sha256.Sum256(data)
	l.digest = hex.EncodeToString(sum[:8])
	l.wantsContents, l.wantsRoles = galaxyCollections.Match(data), galaxyRoles.Match(data)
	l.galaxy = path.Join(l.root, galaxyDir)
	l.roles = append(l.roles, path.Join(l.galaxy, "roles"))
	return nil
}

// isThere reports whether there is a file or directory.
func isThere(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
