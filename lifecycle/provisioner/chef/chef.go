// Package chef is the dokken provisioner: Chef Infra Client or Cinc in local mode, from a tool volume.
package chef

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/lifecycle/peers"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Chef converges with Chef Infra Client or Cinc.
type Chef struct{ converge.Base }

// The files of a Chef sandbox that galley writes.
const (
	clientFile  = "client.rb"
	strictFile  = "client_no_updated_resources.rb"
	handlerFile = "chef-client-fail-if-update-handler.rb"
	dnaFile     = "dna.json"
	// ValidationFile is a key that means nothing.
	ValidationFile = "validation.pem"
	secretFile     = "encrypted_data_bag_secret"
	localGroup     = "local"
	productCinc    = "cinc"
	defaultLevel   = "auto"
)

// Tool is the image of Chef or Cinc.
func (c Chef) Tool() *converge.Tool {
	return &converge.Tool{Image: c.Driver.ToolImage, Boot: c.boot(),
		Remedy: "Check driver.chef_image: images such as chef/chef and cincproject/cinc declare VOLUME /opt/chef or " +
			"/opt/cinc."}
}

// Prepare lays out what the client reads: cookbooks, dna.json, client.rb, data
// bags and the like, and the script that runs it.
func (c Chef) Prepare(ctx context.Context, sb sandbox.Dir) error {
	f := c.Files()
	policy := c.cookbooks(ctx, f)
	if f.Err != nil {
		return f.Err // what follows takes time and tells of other things
	}
	c.data(f, sb)
	c.peers(f)
	kept := c.keptPlaces(f)
	// Later files win: an export brings a few of its own that must not.
	c.settings(f, sb, policy)
	return f.Sync(sb, c.script(sb, kept), func(p string) bool {
		top, _, _ := strings.Cut(p, "/")
		return slices.Contains(kept, top)
	})
}

// Written are the places in the sandbox in which the client keeps what it needs only for itself.
func (Chef) Written() []string {
	return []string{"backup", "cache", "checksums", "chef_guid", "cinc_guid", "client.pem", "clients", "local-mode-cache",
		"nodes", "ohai", "users", ".chef"}
}

// keptPlaces are those that the client writes and galley does not: they stay when the sandbox is filled anew. Where
// they are not to stay, the script removes them, for what root wrote only root may remove.
func (c Chef) keptPlaces(f *converge.Files) []string {
	carried := map[string]bool{}
	for _, f := range f.List {
		if top, _, _ := strings.Cut(f.Path, "/"); !f.Dir {
			carried[top] = true
		}
	}
	return slices.DeleteFunc(c.Written(), func(p string) bool { return carried[p] })
}

// settings adds the files that galley itself writes.
func (c Chef) settings(f *converge.Files, sb sandbox.Dir, policy string) {
	key, err := validationKey()
	f.Fail(err)
	dna, conf := c.dna(f, policy), c.clientRB(sb)
	f.Add(sandbox.File{Path: dnaFile, Data: dna, Mode: sb.SecretMode()},
		sandbox.File{Path: clientFile, Data: []byte(conf), Mode: sb.SecretMode()},
		sandbox.File{Path: ValidationFile, Data: key, Mode: sb.SecretMode()})
	if c.strict() {
		conf += fmt.Sprintf("\nrequire %s\nevent_handlers << GalleyUpdatedResources.new\n",
			ruby(path.Join(sb.Remote, handlerFile)))
		f.Add(sandbox.File{Path: strictFile, Data: []byte(conf), Mode: sb.SecretMode()},
			sandbox.File{Path: handlerFile, Data: []byte(strictHandler)})
	}
}

// strict reports whether the last run of a converge may change nothing.
func (c Chef) strict() bool {
	return c.Provisioner.Chef.Idempotency || c.Twice()
}

// runs is how often a converge runs the client: a run that may change nothing needs one before it.
func (c Chef) runs() int {
	n := max(c.Provisioner.Chef.Converges, 1)
	if c.strict() {
		n = max(n, 2)
	}
	return n
}

// dna is dna.json: the attributes with the run list or the policy.
func (c Chef) dna(f *converge.Files, policy string) []byte {
	k := c.Provisioner.Chef
	node := k.Attributes
	if policy != "" {
		if len(k.RunList) > 0 {
			c.Notice("run_list is ignored: the policy %s has its own; use provisioner.named_run_list to choose one of those",
				policy)
		}
		// The policy has a run list, and the client refuses two.
		node = node.Without("run_list").With("policy_name", policy).With("policy_group", cmp.Or(k.PolicyGroup, localGroup))
	} else {
		list := k.RunList
		if list == nil {
			list = []string{}
		}
		node = node.With("run_list", list)
	}
	data, err := config.MarshalPlain(node)
	if err != nil {
		f.Fail(fmt.Errorf("write %s: %w\nprovisioner.attributes holds what JSON does not have", dnaFile, err))
	}
	return data
}

// data adds data bags, roles, environments, nodes and the secret.
func (c Chef) data(f *converge.Files, sb sandbox.Dir) {
	for _, name := range []string{"data", "data_bags", "environments", "nodes", "roles", "clients"} {
		dir := c.Provisioner.Chef.Paths[name]
		named := dir != ""
		if !named {
			dir = c.Find(c.Suite, name)
		}
		switch st, err := os.Stat(dir); {
		case named && errors.Is(err, fs.ErrNotExist):
			// Test Kitchen passes over it, and Git keeps no empty directories.
			c.Notice("provisioner.%s_path: there is no directory %s", name, dir)
		case named && (err != nil || !st.IsDir()):
			f.Fail(fmt.Errorf("provisioner.%s_path: %s is not a directory", name, dir))
		case err == nil && st.IsDir(): // a file of that name is something else
			f.CarryTree(name+"_path", dir, name)
		}
	}
	secret := c.Provisioner.Chef.Paths[secretFile]
	if secret == "" {
		secret = c.Find(c.Suite, secretFile+"_key")
	} else if _, err := os.Stat(secret); err != nil {
		f.Fail(fmt.Errorf("provisioner.%s_key_path: %w", secretFile, err))
	}
	if secret != "" {
		f.Add(sandbox.File{Path: secretFile, Source: secret, Mode: sb.SecretMode()})
	}
}

// Converge runs the client as often as kitchen.yml says. When the last run may
// change nothing, what it changed is the error.
func (c Chef) Converge(ctx context.Context, r runner.Run) (converge.Summary, error) {
	if err := r.Sync(ctx); err != nil {
		return converge.Unknown(), err
	}
	read, clients := &output{}, append(strings.Fields(c.Provisioner.Chef.Binary), c.candidates()...)
	j := converge.Job{What: path.Base(clients[0]), Parser: func() converge.Parser { return read }, Hints: c.hints(),
		Reboots: []int{35, 37, 213}, Keys: c.Provisioner, Env: c.license(c.Env())}
	s, err := j.Run(ctx, r)
	if again := read.again(c.runs()); c.strict() && again != nil {
		again.What = j.What
		again.Remedy = "Guard these resources with not_if or only_if, or make them compare before they act."
		return s, again
	}
	return s, err
}

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
