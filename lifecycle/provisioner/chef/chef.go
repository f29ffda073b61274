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

// clientPlaces are the places in the sandbox that the client itself writes.
func clientPlaces() []string {
	return []string{"backup", "cache", "checksums", "chef_guid", "cinc_guid", "client.pem", "clients", "local-mode-cache", "nodes",
		"ohai", "users", ".chef"}
}

// Tool is the image of Chef or Cinc.
func (c Chef) Tool() *converge.Tool {
	return &converge.Tool{Image: c.Driver.ToolImage, Boot: c.boot(),
		Remedy: "Check driver.chef_image: images such as chef/chef and cincproject/cinc declare VOLUME /opt/chef or " +
			"/opt/cinc."}
}

// Prepare lays out what the client reads: cookbooks, dna.json, client.rb, data
// bags and the like, and the script that runs it.
func (c Chef) Prepare(ctx context.Context, sb sandbox.Dir) error {
	cookbooks, policy, err := c.cookbooks(ctx)
	if err != nil {
		return err
	}
	data, err := c.data(sb)
	if err != nil {
		return err
	}
	others, err := c.peers()
	if err != nil {
		return err
	}
	files := slices.Concat(cookbooks, data, others)
	kept := keptPlaces(files)
	settings, err := c.settings(sb, policy, kept)
	if err != nil {
		return err
	}
	// Later files win: an export brings a few of its own that must not.
	files = append(files, settings...)
	return sandbox.Sync(sb.Local, files, func(p string) bool {
		top, _, _ := strings.Cut(p, "/")
		return slices.Contains(kept, top)
	})
}

// Written are the places in the sandbox in which the client keeps what it needs only for itself.
func (Chef) Written() []string { return clientPlaces() }

// keptPlaces are those that the client writes and galley does not: they stay when the sandbox is filled anew. Where
// they are not to stay, the script removes them, for what root wrote only root may remove.
func keptPlaces(files []sandbox.File) []string {
	carried := map[string]bool{}
	for _, f := range files {
		if top, _, _ := strings.Cut(f.Path, "/"); !f.Dir {
			carried[top] = true
		}
	}
	return slices.DeleteFunc(clientPlaces(), func(p string) bool { return carried[p] })
}

// settings are the files that galley itself writes.
func (c Chef) settings(sb sandbox.Dir, policy string, kept []string) ([]sandbox.File, error) {
	dna, err := c.dna(policy)
	if err != nil {
		return nil, err
	}
	key, err := validationKey()
	if err != nil {
		return nil, err
	}
	conf := c.clientRB(sb)
	files := []sandbox.File{
		{Path: dnaFile, Data: dna, Mode: sb.SecretMode()},
		{Path: clientFile, Data: []byte(conf), Mode: sb.SecretMode()},
		{Path: ValidationFile, Data: key, Mode: sb.SecretMode()},
		c.script(sb, kept).File(),
	}
	if c.strict() {
		handler := path.Join(sb.Remote, handlerFile)
		files = append(files,
			sandbox.File{Path: strictFile, Data: []byte(conf + strictLines(handler)), Mode: sb.SecretMode()},
			sandbox.File{Path: handlerFile, Data: []byte(strictHandler)})
	}
	return files, nil
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
func (c Chef) dna(policy string) ([]byte, error) {
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
		return nil, fmt.Errorf("write %s: %w\nprovisioner.attributes holds what JSON does not have", dnaFile, err)
	}
	return data, nil
}

// data lists data bags, roles, environments, nodes and the secret.
func (c Chef) data(sb sandbox.Dir) ([]sandbox.File, error) {
	var files []sandbox.File
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
			continue
		case named && (err != nil || !st.IsDir()):
			return nil, fmt.Errorf("provisioner.%s_path: %s is not a directory", name, dir)
		case err != nil || !st.IsDir():
			continue // a file of that name is something else
		}
		tree, err := c.NamedTree(name+"_path", dir, name)
		if err != nil {
			return nil, fmt.Errorf("provisioner.%s_path: %w", name, err)
		}
		files = append(files, tree...)
	}
	secret := c.Provisioner.Chef.Paths[secretFile]
	if secret == "" {
		secret = c.Find(c.Suite, secretFile+"_key")
	} else if _, err := os.Stat(secret); err != nil {
		return nil, fmt.Errorf("provisioner.%s_key_path: %w", secretFile, err)
	}
	if secret != "" {
		files = append(files, sandbox.File{Path: secretFile, Source: secret, Mode: sb.SecretMode()})
	}
	return files, nil
}

// Converge runs the client as often as kitchen.yml says. When the last run may
// change nothing, what it changed is the error.
func (c Chef) Converge(ctx context.Context, r runner.Runner, sb sandbox.Dir,
	out runner.Output) (converge.Summary, error) {
	if err := r.Sync(ctx); err != nil {
		return converge.Unknown(), err
	}
	read := &output{}
	j := converge.Job{What: c.what(), Parser: read, Hints: c.hints(), Reboots: []int{35, 37, 213}, Keys: c.Provisioner,
		Env: c.env()}
	s, err := j.Run(ctx, r, sb, out)
	if !c.strict() {
		return s, err
	}
	if again := read.again(c.runs()); again != nil {
		again.What = j.What
		again.Remedy = "Guard these resources with not_if or only_if, or make them compare before they act."
		return s, again
	}
	return s, err
}

// what is the client's name in messages.
func (c Chef) what() string {
	words := append(strings.Fields(c.Provisioner.Chef.Binary), c.candidates()...)
	return path.Base(words[0])
}
