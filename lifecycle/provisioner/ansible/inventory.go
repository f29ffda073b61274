package ansible

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// addInventory carries the inventory of kitchen.yml, or makes one as kitchen-ansible does.
// Variables of groups and hosts lie beside one that is made, else beside the playbook. The
// inventory "none" is kitchen-ansible's word for the one of Ansible's configuration.
func (a Ansible) addInventory(l *layout, connection string) {
	k := a.Provisioner.Ansible
	beside := inventoryDir
	if k.Inventory != "" {
		beside = l.beside("")
	}
	l.Carry("group_vars_path", a.Usual(k.GroupVars, plugin, "group_vars", true), path.Join(beside, "group_vars"))
	l.Carry("host_vars_path", a.Usual(k.HostVars, plugin, "host_vars", true), path.Join(beside, "host_vars"))
	if _, err := os.Stat(k.Inventory); errors.Is(err, fs.ErrNotExist) && a.Shown(k.Inventory) == "none" {
		return
	}
	if k.Inventory != "" {
		l.inventory = a.carry(l, "ansible_inventory", k.Inventory)
		l.scripts(l.inventory)
		return
	}
	l.Add(sandbox.File{Path: path.Join(inventoryDir, "hosts"), Data: []byte(a.inventory(connection))})
	l.inventory = path.Join(l.root, inventoryDir, "hosts")
}

// scripts makes those files of an inventory executable that begin with "#!", as
// kitchen-ansible does: Ansible runs them if they are, and else reads them.
func (l *layout) scripts(inventory string) {
	rel := strings.TrimPrefix(inventory, l.root+"/")
	for i := range l.List {
		f := &l.List[i]
		if f.Dir || f.Source == "" || f.Path != rel && path.Dir(f.Path) != rel {
			continue
		}
		in, _, err := sandbox.OpenRegular(f.Source)
		if err != nil {
			continue // told when it is copied
		}
		head := make([]byte, 2)
		if _, err := io.ReadFull(in, head); err == nil && string(head) == "#!" {
			f.Mode = 0o755
		}
		in.Close()
	}
}

// inventory lists one host in its groups. Like kitchen-ansible it calls it localhost, so
// that host_vars/localhost and `hosts: localhost` mean the runner.
func (a Ansible) inventory(connection string) string {
	return fmt.Sprintf("localhost ansible_connection=%s\n", connection) +
		inGroups(a.Provisioner.Ansible.Hosts, "localhost") + a.peers()
}

// inGroups puts a host into groups of an inventory.
func inGroups(groups []string, host string) string {
	var b strings.Builder
	for _, g := range groups {
		if g != "all" && g != "localhost" {
			fmt.Fprintf(&b, "\n[%s]\n%s\n", g, host)
		}
	}
	return b.String()
}

// peers are the other nodes in their groups, for playbooks to look up: --limit keeps them from being converged, as each
// has a converge of its own. All have the variables galley_node and galley_address, and are in the group galley_nodes.
func (a Ansible) peers() string {
	if a.Peers == nil {
		return ""
	}
	hosts, groups := "\n[galley_nodes]\n", ""
	for _, m := range a.Peers.Nodes {
		host, more := m.Name, " ansible_host="+m.Address
		if m.Name == a.Node.Name {
			host, more = "localhost", ""
		} else if m.Instance != nil {
			groups += inGroups(m.Instance.Provisioner.Ansible.Hosts, m.Name)
		}
		hosts += fmt.Sprintf("%s galley_node=%s galley_address=%s%s\n", host, m.Name, m.Address, more)
	}
	return hosts + groups
}

// addVars hands extra variables over in a file: on a command line all would see them.
// An inventory of the user's own is for other connections.
func (a Ansible) addVars(l *layout, connection string) {
	k := a.Provisioner.Ansible
	vars := k.ExtraVars
	if k.Inventory != "" {
		vars = vars.With("ansible_connection", connection)
	}
	if k.Interpreter != "" {
		vars = vars.With("ansible_python_interpreter", k.Interpreter)
	}
	if len(vars) == 0 {
		return
	}
	data, err := config.MarshalPlain(vars)
	if err != nil {
		l.Fail(fmt.Errorf("provisioner.extra_vars: %w", err))
	}
	l.Add(sandbox.File{Path: varsFile, Data: data, Mode: l.secret})
	l.extraVars = append(l.extraVars, path.Join(l.root, varsFile))
}

// requirements are what ansible-galaxy is to install.
type requirements struct {
	// file lists roles, if there are any; collections are files that list collections.
	file        string
	collections []string
	// dir is where they are installed, digest that of the files; it is empty when there are none.
	dir, digest string
}

// galaxyKinds reports what a file of requirements lists: a list is one of roles, and a mapping may have both. One that
// is no YAML is left to ansible-galaxy, which says best what is wrong.
func galaxyKinds(text []byte) (roles, collections bool) {
	var list []any
	if yaml.Unmarshal(text, &list) == nil {
		return len(list) > 0, false
	}
	var both struct{ Roles, Collections any }
	if yaml.Unmarshal(text, &both) != nil {
		return true, false
	}
	return both.Roles != nil, both.Collections != nil
}

// addRequirements reads what ansible-galaxy is to install.
func (a Ansible) addRequirements(l *layout) {
	k := a.Provisioner.Ansible
	if k.Requirements == "" {
		for _, name := range []string{"requirements.yml", "roles/requirements.yml"} {
			if _, err := os.Stat(filepath.Join(a.Root, filepath.FromSlash(name))); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			// One that is just there is only for those who ask for it.
			a.Notice("%s is not installed: set provisioner.requirements_path to have it so", name)
			break
		}
	}
	r := requirements{dir: path.Join(l.root, galaxyDir)}
	sum := sha256.New()
	for _, f := range []struct{ key, from string }{{"requirements_path", k.Requirements},
		{"requirements_collection_path", k.CollectionRequirements}} {
		if f.from == "" {
			continue
		}
		to := a.carry(l, f.key, f.from)
		data, err := os.ReadFile(f.from)
		if err != nil {
			l.Fail(fmt.Errorf("provisioner.%s: %w", f.key, err))
		}
		roles, collections := galaxyKinds(data)
		if f.from == k.CollectionRequirements {
			roles, collections = false, true
		}
		if roles {
			r.file = to
		}
		if collections {
			r.collections = append(r.collections, to)
		}
		fmt.Fprintf(sum, "%s %d\n%s", f.key, len(data), data)
		r.digest = hex.EncodeToString(sum.Sum(nil)[:8])
	}
	l.requirements = r
}

// metaNames are the names that a role's meta/main.yml gives it. One that cannot be read
// gives none: Ansible itself complains of it.
func metaNames(dir string) []string {
	for _, name := range []string{"main.yml", "main.yaml"} {
		data, err := os.ReadFile(filepath.Join(dir, "meta", name))
		if err != nil {
			continue
		}
		var meta struct {
			GalaxyInfo struct {
				RoleName  string `yaml:"role_name"`
				Namespace string `yaml:"namespace"`
			} `yaml:"galaxy_info"`
		}
		if yaml.Unmarshal(data, &meta) != nil || meta.GalaxyInfo.RoleName == "" {
			return nil
		}
		names := []string{meta.GalaxyInfo.RoleName}
		if meta.GalaxyInfo.Namespace != "" {
			names = append(names, meta.GalaxyInfo.Namespace+"."+meta.GalaxyInfo.RoleName)
		}
		return names
	}
	return nil
}
