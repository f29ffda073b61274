package provisioner

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
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// chef is the dokken provisioner: Chef Infra Client or Cinc in local mode, from a
// tool volume.
type chef struct {
	project  Project
	instance config.Instance
}

// The files of a Chef sandbox that galley writes.
const (
	clientFile   = "client.rb"
	strictFile   = "client_no_updated_resources.rb"
	handlerFile  = "chef-client-fail-if-update-handler.rb"
	dnaFile      = "dna.json"
	secretFile   = "encrypted_data_bag_secret"
	localGroup   = "local"
	productCinc  = "cinc"
	defaultLevel = "auto"
)

// clientPlaces are the places in the sandbox that the client itself writes.
func clientPlaces() []string {
	return []string{"backup", "cache", "checksums", "client.pem", "clients", "local-mode-cache", "nodes", "ohai", "users", ".chef"}
}

// Tool is the image of Chef or Cinc: driver.chef_image and driver.chef_version.
func (c *chef) Tool() *Tool {
	return &Tool{Image: ToolImage(c.instance.Driver),
		Remedy: "Check driver.chef_image: images such as chef/chef and cincproject/cinc declare VOLUME /opt/chef or /opt/cinc."}
}

// ToolImage joins chef_image and chef_version. A tag or digest that is part of
// chef_image wins.
func ToolImage(d config.Driver) string {
	last := d.ToolImage[strings.LastIndexByte(d.ToolImage, '/')+1:]
	if strings.ContainsAny(last, ":@") || d.ToolVersion == "" {
		return d.ToolImage
	}
	version := d.ToolVersion
	if version == "stable" {
		version = "latest"
	}
	return d.ToolImage + ":" + version
}

// Prepare lays out what the client reads: cookbooks, dna.json, client.rb, data
// bags and the like, and the script that runs it.
func (c *chef) Prepare(ctx context.Context, box sandbox.Dir) error {
	books, err := c.cookbooks(ctx)
	if err != nil {
		return err
	}
	data, err := c.data()
	if err != nil {
		return err
	}
	files := slices.Concat(books.files, data)
	own := ownPlaces(files)
	settings, err := c.settings(box, books.policy, own)
	if err != nil {
		return err
	}
	// Later files win: an export brings a few of its own that must not.
	files = append(files, settings...)
	return sandbox.Sync(box.Local, files, func(p string) bool {
		top, _, _ := strings.Cut(p, "/")
		return slices.Contains(own, top)
	})
}

// ownPlaces are those that the client writes and galley does not: they stay when
// the sandbox is filled anew. Where they are not to stay, the script removes them,
// for what root wrote only root may remove.
func ownPlaces(files []sandbox.File) []string {
	carried := map[string]bool{}
	for _, f := range files {
		if top, _, _ := strings.Cut(f.Path, "/"); !f.Dir {
			carried[top] = true
		}
	}
	return slices.DeleteFunc(clientPlaces(), func(p string) bool { return carried[p] })
}

// settings are the files that galley itself writes.
func (c *chef) settings(box sandbox.Dir, policy string, own []string) ([]sandbox.File, error) {
	dna, err := c.dna(policy)
	if err != nil {
		return nil, err
	}
	key, err := validationKey()
	if err != nil {
		return nil, err
	}
	conf := c.clientRB(box)
	files := []sandbox.File{
		{Path: dnaFile, Data: dna},
		{Path: clientFile, Data: []byte(conf)},
		// The directories above are private to the user; in the runner a remapped
		// root must be able to read it.
		{Path: "validation.pem", Data: key},
		{Path: runCommand, Data: []byte(c.script(box, own)), Mode: 0o755},
	}
	if c.strict() {
		handler := path.Join(box.Remote, handlerFile)
		files = append(files,
			sandbox.File{Path: strictFile, Data: []byte(conf + strictLines(handler))},
			sandbox.File{Path: handlerFile, Data: []byte(strictHandler)})
	}
	return files, nil
}

// strict tells whether the last run of a converge may change nothing.
func (c *chef) strict() bool {
	p := c.instance.Provisioner
	return p.Chef.Idempotency || p.Idempotence || c.project.Idempotence
}

// runs is how often a converge runs the client: a run that may change nothing
// needs one before it.
func (c *chef) runs() int {
	n := max(c.instance.Provisioner.Chef.Converges, 1)
	if c.strict() {
		n = max(n, 2)
	}
	return n
}

// dna is dna.json: the attributes with the run list or the policy.
func (c *chef) dna(policy string) ([]byte, error) {
	k := c.instance.Provisioner.Chef
	node := k.Attributes
	if policy != "" {
		if len(k.RunList) > 0 {
			c.project.say("run_list is ignored: the policy %s has its own; use provisioner.named_run_list to choose one of those", policy)
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
		return nil, fmt.Errorf("write %s: %w\nprovisioner.attributes holds what JSON does not have", dnaFile, err)
	}
	return data, nil
}

// data lists data bags, roles, environments, nodes and the secret.
func (c *chef) data() ([]sandbox.File, error) {
	var files []sandbox.File
	for _, name := range []string{"data", "data_bags", "environments", "nodes", "roles", "clients"} {
		dir := c.instance.Provisioner.Chef.Paths[name]
		if dir == "" {
			if dir = c.project.find(c.instance.Suite, name); dir == "" {
				continue
			}
		}
		named := c.instance.Provisioner.Chef.Paths[name] != ""
		switch st, err := os.Stat(dir); {
		case named && errors.Is(err, fs.ErrNotExist):
			// Test Kitchen passes over it, and Git keeps no empty directories.
			c.project.say("provisioner.%s_path: there is no directory %s", name, dir)
			continue
		case named && (err != nil || !st.IsDir()):
			return nil, fmt.Errorf("provisioner.%s_path: %s is not a directory", name, dir)
		case err != nil || !st.IsDir():
			continue // a file of that name is something else
		}
		tree, err := sandbox.Tree(dir, name, nil)
		if err != nil {
			return nil, fmt.Errorf("provisioner.%s_path: %w", name, err)
		}
		files = append(files, tree...)
	}
	secret := c.instance.Provisioner.Chef.Paths[secretFile]
	if secret == "" {
		secret = c.project.find(c.instance.Suite, secretFile+"_key")
	} else if _, err := os.Stat(secret); err != nil {
		return nil, fmt.Errorf("provisioner.%s_key_path: %w", secretFile, err)
	}
	if secret != "" {
		files = append(files, sandbox.File{Path: secretFile, Source: secret, Mode: 0o644})
	}
	return files, nil
}

// Converge runs the client as often as kitchen.yml says. When the last run may
// change nothing, what it changed is the error.
func (c *chef) Converge(ctx context.Context, r runner.Runner, box sandbox.Dir, out runner.Output) (Summary, error) {
	if err := r.Publish(ctx); err != nil {
		return unknown(), err
	}
	read := &chefOutput{}
	j := job{what: c.what(), parser: read, hint: c.hint, retry: c.instance.Provisioner}
	s, err := j.run(ctx, r, box, out)
	if !c.strict() {
		return s, err
	}
	if again := read.again(c.runs()); again != nil {
		again.What = j.what
		again.Remedy = "Guard these resources with not_if or only_if, or make them compare before they act."
		return s, again
	}
	return s, err
}

// what is the client's name in messages.
func (c *chef) what() string {
	words := strings.Fields(c.instance.Provisioner.Chef.Binary)
	if len(words) == 0 {
		return path.Base(c.candidates()[0])
	}
	return path.Base(words[0])
}
