// Package peers is what the nodes of a suite of several machines are told of each other.
package peers

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
)

// Machine is a node, or a service, as others see it.
type Machine struct {
	// Name is what it is found by on the network of the group.
	Name string
	// Address is its IP address there.
	Address string
	// Container is its name on the engine.
	Container string
	// Ports are those of the engine's host at which its own are published, by names such as "80/tcp".
	Ports map[string]int
	// Instance is what kitchen.yml says of a node, nil for a service, and for a node that is not part of the run.
	Instance *config.Instance
}

// Group is what is known of a suite of several machines on a platform.
type Group struct {
	Name            string
	Nodes, Services []Machine
}

// Env are the variables that commands for a node, or for the group as a whole, get. docs/nodes.md has them.
func (g Group) Env(i config.Instance) map[string]string {
	env := map[string]string{"GALLEY_GROUP": g.Name}
	if i.Node != nil {
		env["GALLEY_NODE"] = i.Node.Name
	}
	add := func(kind string, list []Machine) {
		var names []string
		for _, m := range list {
			names = append(names, m.Name)
			prefix := "GALLEY_" + kind + "_" + variable(m.Name) + "_"
			env[prefix+"ADDRESS"], env[prefix+"CONTAINER"] = m.Address, m.Container
			for port, host := range m.Ports {
				env[prefix+"PORT_"+variable(strings.TrimSuffix(port, "/tcp"))] = fmt.Sprint(host)
			}
		}
		env["GALLEY_"+kind+"S"] = strings.Join(names, " ")
	}
	add("NODE", g.Nodes)
	add("SERVICE", g.Services)
	return env
}

// variable is a name as part of an environment variable's.
func variable(name string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_", "/", "_").Replace(name))
}

// Tell returns an instance whose provisioner and verifier have what is known of the group. What kitchen.yml says under
// the same names stays.
func (g Group) Tell(i config.Instance) config.Instance {
	env := g.Env(i)
	i.Provisioner.Env, i.Verifier.Env = under(env, i.Provisioner.Env), under(env, i.Verifier.Env)
	for _, to := range []*config.Hash{&i.Verifier.Inspec.Inputs, &i.Provisioner.Puppet.Facts} {
		*to = add(add(*to, "galley_nodes", g.Nodes), "galley_services", g.Services)
	}
	return i
}

// Hooks returns hooks of an instance that have it too.
func (g Group) Hooks(i config.Instance, list []config.Hook) []config.Hook {
	list = slices.Clone(list)
	for n, h := range list {
		list[n].Environment = under(g.Env(i), h.Environment)
	}
	return list
}

// under is a map with another one over it.
func under(weak, strong map[string]string) map[string]string {
	weak = maps.Clone(weak)
	maps.Copy(weak, strong)
	return weak
}

// add gives a hash of kitchen.yml the addresses of machines by their names, unless it has something under that key.
func add(h config.Hash, key string, list []Machine) config.Hash {
	if slices.ContainsFunc(h, func(p config.Pair) bool { return p.Key == key }) {
		return h
	}
	all := config.Hash{}
	for _, m := range list {
		ports := config.Hash{}
		for _, port := range slices.Sorted(maps.Keys(m.Ports)) {
			ports = ports.With(port, m.Ports[port])
		}
		all = all.With(m.Name, config.Hash{{Key: "address", Value: m.Address}, {Key: "container", Value: m.Container},
			{Key: "ports", Value: ports}})
	}
	return h.With(key, all)
}
