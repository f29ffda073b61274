package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// client is one run.
type client struct {
	config *clientConfig
	node   map[string]any
	out    io.Writer
	// applied is how many resources were looked at.
	applied int
	// updated are those that were changed, as a report handler names them.
	updated []string
}

func (c *client) say(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

// converge does the run.
func converge(product string, o options, out io.Writer) error {
	if o.logfile != "" {
		if err := os.WriteFile(o.logfile, []byte("[INFO] *** "+product+" "+version+" ***\n"), 0o640); err != nil {
			return err
		}
	}
	if !o.localMode {
		return errors.New("there is no server to talk to: use --local-mode")
	}
	config, err := readClientRB(o.config)
	if err != nil {
		return err
	}
	c := &client{config: config, node: map[string]any{}, out: out}
	if o.attributes != "" {
		if err := readJSON(o.attributes, &c.node); err != nil {
			return err
		}
	}
	c.say("Starting %s, version %s", product, version)
	items, cookbooks, err := c.runList()
	if err != nil {
		return err
	}
	for _, item := range items {
		if err := c.recipe(item, cookbooks); err != nil {
			c.say("\n%s failed. %d resources updated in 00 seconds", product, len(c.updated))
			return err
		}
	}
	if config.handler != "" {
		c.say("Running handlers:")
		for _, name := range c.updated {
			c.say("%s%s", config.handler, name)
		}
		c.say("Running handlers complete")
	}
	c.say("\n%s finished, %d/%d resources updated in 00 seconds", product, len(c.updated), c.applied)
	if err := c.save(); err != nil {
		return err
	}
	return c.requestedExit()
}

// artifactDir is where an exported policy has its cookbooks, beside cookbook_path.
const artifactDir = "cookbook_artifacts"

// runList returns what to run, and where a cookbook is: by the policy that policy_name and policy_group of dna.json
// name in what chef-cli exports, else by run_list and cookbook_path.
func (c *client) runList() (items []string, cookbook func(name string) (string, error), err error) {
	name, ok := c.node["policy_name"].(string)
	if !ok {
		list, _ := c.node["run_list"].([]any)
		for _, item := range list {
			items = append(items, fmt.Sprint(item))
		}
		return items, c.config.cookbook, nil
	}
	if c.node["run_list"] != nil {
		return nil, nil, fmt.Errorf("the run list comes from the policy %s: it may not be in the attributes", name)
	}
	repository := c.config.repository()
	var group struct {
		Policies map[string]struct {
			Revision string `json:"revision_id"`
		}
	}
	file := filepath.Join(repository, "policy_groups", fmt.Sprint(c.node["policy_group"])+".json")
	if err := readJSON(file, &group); err != nil {
		return nil, nil, fmt.Errorf("cannot read the policy: %w", err)
	}
	var policy struct {
		RunList []string `json:"run_list"`
		Locks   map[string]struct {
			Identifier string
		} `json:"cookbook_locks"`
	}
	file = filepath.Join(repository, "policies", name+"-"+group.Policies[name].Revision+".json")
	if err := readJSON(file, &policy); err != nil {
		return nil, nil, fmt.Errorf("cannot read the policy: %w", err)
	}
	return policy.RunList, func(name string) (string, error) {
		lock, ok := policy.Locks[name]
		if !ok {
			return "", fmt.Errorf("cookbook %s is not of the policy", name)
		}
		return filepath.Join(repository, artifactDir, name+"-"+lock.Identifier), nil
	}, nil
}

// cookbook finds a cookbook; later paths hide earlier ones, as with the real program.
func (c *clientConfig) cookbook(name string) (string, error) {
	for i := len(c.cookbookPaths) - 1; i >= 0; i-- {
		dir := filepath.Join(c.cookbookPaths[i], name)
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir, nil
		}
	}
	return "", fmt.Errorf("cookbook %s not found in %s", name, strings.Join(c.cookbookPaths, ", "))
}

// recipe applies what an item of a run list, such as "recipe[a::b]", names.
func (c *client) recipe(item string, cookbook func(string) (string, error)) error {
	name := strings.TrimSuffix(strings.TrimPrefix(item, "recipe["), "]")
	if !strings.Contains(name, "::") {
		name += "::default"
	}
	book, recipe, _ := strings.Cut(name, "::")
	dir, err := cookbook(book)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "recipes", recipe+".rb")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && recipe == "default" {
		return nil // a cookbook without a default recipe does nothing
	}
	resources, err := parseRecipe(path, c.node)
	if err != nil {
		return err
	}
	c.say("Recipe: %s", name)
	for _, r := range resources {
		c.applied++
		c.say("  * %s[%s] action run", r.kind, r.name)
		change, err := c.apply(r)
		switch {
		case err != nil:
			return fmt.Errorf("%s[%s] (%s:%d) had an error: %w", r.kind, r.name, r.path, r.line, err)
		case change == "":
			c.say("     (up to date)")
		default:
			c.say("    - %s", change)
			c.updated = append(c.updated, fmt.Sprintf("%s[%s] (%s line %d)", r.kind, r.name, name, r.line))
		}
	}
	return nil
}

// save writes the node as the real program does in local mode: as root, mode 0600, into the cache of the sandbox.
// Clean-up code must cope with that.
func (c *client) save() error {
	dir := filepath.Join(c.config.cachePath, "nodes")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	data, err := json.MarshalIndent(c.node, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, c.config.nodeName+".json"), append(data, '\n'), 0o600)
}

// requestedExit ends the run with the status that a test asks for: every time with the attribute galley.exit, once with
// galley.exit_once (a mark in the cache remembers).
func (c *client) requestedExit() error {
	galley, _ := c.node["galley"].(map[string]any)
	if code := exitCode(galley["exit"]); code != 0 {
		return exitError(code)
	}
	code := exitCode(galley["exit_once"])
	if code == 0 {
		return nil
	}
	mark, err := os.OpenFile(filepath.Join(c.config.cachePath, "exited-once"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(mark.Close(), exitError(code))
}

// exitCode reads a status. What is not a number asks for none.
func exitCode(v any) int {
	code, err := strconv.Atoi(fmt.Sprint(v))
	if err != nil {
		return 0
	}
	return code
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
