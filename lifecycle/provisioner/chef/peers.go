package chef

import (
	"fmt"
	"path"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/lifecycle/peers"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// runListEntry matches an entry of a run list: recipe[NAME@VERSION] or role[NAME], or a recipe by itself.
var runListEntry = lazyregexp.New(`^(?:(recipe|role)\[)?([^\]@]+)`)

// peers adds the node objects of the other nodes, which the client finds in local mode as it would find those of a
// server: by search, and by name.
func (c Chef) peers(f *converge.Files) {
	if c.Peers == nil {
		return
	}
	for _, m := range c.Peers.Nodes {
		if m.Name == c.nodeName() {
			continue // the client writes its own
		}
		data, err := config.MarshalPlain(nodeObject(m))
		if err != nil {
			f.Fail(fmt.Errorf("write the node object of %s: %w", m.Name, err))
		}
		f.Add(sandbox.File{Path: path.Join("nodes", m.Name+".json"), Data: data})
	}
}

// nodeObject is a node as a server of Chef has it after its first converge.
func nodeObject(m peers.Machine) config.Hash {
	host, list, attributes := m.Name, []string{}, config.Hash{}
	recipes, roles := []string{}, []string{}
	fqdn := host
	if i := m.Instance; i != nil {
		host, attributes = i.Driver.Hostname, i.Provisioner.Chef.Attributes.Without("run_list")
		fqdn = host
		if i.Driver.Domainname != "" {
			fqdn += "." + i.Driver.Domainname
		}
		for _, entry := range i.Provisioner.Chef.RunList {
			list = append(list, entry)
			if e := runListEntry().FindStringSubmatch(entry); e != nil && e[1] == "role" {
				roles = append(roles, e[2])
			} else if e != nil {
				recipes = append(recipes, e[2])
			}
		}
	}
	return config.Hash{
		{Key: "name", Value: m.Name}, {Key: "chef_environment", Value: "_default"},
		{Key: "json_class", Value: "Chef::Node"}, {Key: "chef_type", Value: "node"},
		{Key: "automatic", Value: config.Hash{{Key: "ipaddress", Value: m.Address}, {Key: "hostname", Value: host},
			{Key: "fqdn", Value: fqdn}, {Key: "recipes", Value: recipes}, {Key: "roles", Value: roles}}},
		{Key: "normal", Value: attributes}, {Key: "default", Value: config.Hash{}}, {Key: "override", Value: config.Hash{}},
		{Key: "run_list", Value: list},
	}
}
