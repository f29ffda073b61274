package provisioner

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"regexp"
	"strconv"
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
	// attributes are those of the policy, when there is one.
	policy string
}

// The paths in the sandbox that the client itself writes; they survive between
// converges unless clean_dokken_sandbox removes them afterwards.
var chefOwn = map[string]bool{
	"cache": true, "backup": true, "nodes": true, "ohai": true, "local-mode-cache": true, "checksums": true,
	"client.pem": true, ".chef": true, "clients": true,
}

// Tool is the image of Chef or Cinc: driver.chef_image and driver.chef_version.
func (c *chef) Tool() *Tool {
	return &Tool{Image: ToolImage(c.instance.Driver)}
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
	files, err := c.cookbooks(ctx)
	if err != nil {
		return err
	}
	more, err := c.data()
	if err != nil {
		return err
	}
	dna, err := c.dna()
	if err != nil {
		return err
	}
	key, err := validationKey()
	if err != nil {
		return err
	}
	files = append(files, more...)
	files = append(files,
		sandbox.File{Path: "dna.json", Data: dna},
		sandbox.File{Path: "client.rb", Data: []byte(c.clientRB(box))},
		// The directories above are private to the user; in the runner a remapped
		// root must be able to read it.
		sandbox.File{Path: "validation.pem", Data: key},
		sandbox.File{Path: runCommand, Data: []byte(c.script(box)), Mode: 0o755},
	)
	if err := sandbox.Sync(box.Local, files, func(p string) bool {
		top, _, _ := strings.Cut(p, "/")
		return chefOwn[top]
	}); err != nil {
		return err
	}
	return nil
}

// dna is dna.json: the attributes with the run list or the policy.
func (c *chef) dna() ([]byte, error) {
	k := c.instance.Provisioner.Chef
	node := map[string]any{}
	for key, v := range k.Attributes {
		node[key] = v
	}
	if c.policy != "" {
		node["policy_name"] = c.policy
		node["policy_group"] = "local"
		if k.PolicyGroup != "" {
			node["policy_group"] = k.PolicyGroup
		}
	} else {
		list := k.RunList
		if list == nil {
			list = []string{}
		}
		node["run_list"] = list
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(node); err != nil {
		return nil, fmt.Errorf("write dna.json: %w", err)
	}
	return b.Bytes(), nil
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
		} else if st, err := os.Stat(dir); err != nil || !st.IsDir() {
			return nil, fmt.Errorf("provisioner.%s_path: %s is not a directory", name, dir)
		}
		tree, err := sandbox.Tree(dir, name, nil)
		if err != nil {
			return nil, fmt.Errorf("provisioner.%s_path: %w", name, err)
		}
		files = append(files, tree...)
	}
	secret := c.instance.Provisioner.Chef.Paths["encrypted_data_bag_secret_key"]
	if secret == "" {
		secret = c.project.find(c.instance.Suite, "encrypted_data_bag_secret_key")
	}
	if secret != "" {
		files = append(files, sandbox.File{Path: "encrypted_data_bag_secret", Source: secret, Mode: 0o644})
	}
	return files, nil
}

// script is run_command: the environment, and the client's command line.
func (c *chef) script(box sandbox.Dir) string {
	p, k := c.instance.Provisioner, c.instance.Provisioner.Chef
	env := commandEnv(c.project, p.Proxy, p.Env)
	if k.License != "" && env["CHEF_LICENSE"] == "" {
		env["CHEF_LICENSE"] = k.License
	}
	s := script{env: env}
	client := c.command(box)
	for i := 1; i < k.Converges; i++ {
		s.lines = append(s.lines, client+" || exit")
	}
	s.lines = append(s.lines, client)
	return s.String()
}

// command is the client's command line as users of kitchen-dokken know it.
func (c *chef) command(box sandbox.Dir) string {
	p, k := c.instance.Provisioner, c.instance.Provisioner.Chef
	conf, dna := path.Join(box.Remote, "client.rb"), path.Join(box.Remote, "dna.json")
	words := []string{}
	add := func(w ...string) { words = append(words, w...) }
	if p.CommandPrefix != "" {
		add(p.CommandPrefix)
	}
	add(c.binary())
	if o := strings.TrimSpace(k.Options); o != "" {
		add(o)
	}
	add("-l", k.LogLevel, "-F", k.OutputFormat, "-c", quote(conf))
	if k.JSONAttrs {
		add("-j", quote(dna))
	}
	add("--force-formatter", "--no-color")
	if k.LogFile != "" {
		add("--logfile", quote(k.LogFile))
	}
	if k.ZeroHost != "" {
		add("--chef-zero-host", quote(k.ZeroHost))
	}
	if k.ZeroPort != 0 {
		add("--chef-zero-port", strconv.Itoa(k.ZeroPort))
	}
	if k.ProfileRuby {
		add("--profile-ruby")
	}
	switch k.SlowReport {
	case "", "false":
	case "true":
		add("--slow-report")
	default:
		add("--slow-report", k.SlowReport)
	}
	return strings.Join(words, " ")
}

// binary is chef_binary, or the client's place in the tool's volume.
func (c *chef) binary() string {
	k := c.instance.Provisioner.Chef
	if k.Binary != "" {
		return k.Binary
	}
	if k.ProductName == "cinc" {
		return "/opt/cinc/bin/cinc-client"
	}
	return "/opt/chef/bin/chef-client"
}

// finished matches the client's last line.
var finished = regexp.MustCompile(`(?:Client|Run) (?:finished|complete), (\d+)/\d+ resources updated.*`)

func (c *chef) Converge(ctx context.Context, r runner.Runner, box sandbox.Dir, out runner.Output) (Summary, error) {
	watch := &lastMatch{re: finished}
	tee := runner.Output{Stdout: watch.over(out.Stdout), Stderr: out.Stderr}
	err := run(ctx, r, box, tee, c.instance.Provisioner, path.Base(strings.Fields(c.binary() + " x")[0]))
	s := Summary{Changed: -1}
	if m := watch.match(); m != nil {
		s.Text = m[0]
		s.Changed, _ = strconv.Atoi(m[1]) // the expression allows digits only
	}
	return s, err
}
