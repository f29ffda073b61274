package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// client is one run.
type client struct {
	config   *clientConfig
	node     node
	policy   *policy // or nil
	out      *output
	whyRun   bool
	seen     map[string]bool // recipes, by cookbook::recipe
	resource int             // how many were looked at
	updated  int
	// names are the updated resources as a report handler names them.
	names []string
}

// converge does the run.
func converge(product string, o options, out *output) error {
	if err := startLog(o.logfile, product); err != nil {
		return err
	}
	if !o.localMode {
		return errors.New("there is no server to talk to: use --local-mode")
	}
	config, err := readClientRB(o.config)
	if err != nil {
		return err
	}
	c := &client{config: config, out: out, whyRun: o.whyRun, seen: map[string]bool{}}
	if c.node, err = readDNA(o.attributes); err != nil {
		return err
	}
	out.line("Starting %s, version %s", product, version)
	if c.policy, err = readPolicy(config.repository(), c.node); err != nil {
		return err
	}
	items, err := c.node.runList()
	if err != nil {
		return err
	}
	if c.policy != nil {
		out.line("Using policy '%s'", c.node["policy_name"])
		items = c.policy.runList
	}
	if o.runList != "" {
		items = strings.Split(o.runList, ",")
	}
	err = c.runAll(items)
	out.blank()
	if err != nil {
		out.line("%s failed. %d resources updated in 00 seconds", product, c.updated)
		return err
	}
	if config.handler != "" {
		out.line("Running handlers:")
		for _, name := range c.names {
			out.line("%s%s", config.handler, name)
		}
		out.line("Running handlers complete")
	}
	out.line("%s finished, %d/%d resources updated in 00 seconds", product, c.updated, c.resource)
	if err := c.save(); err != nil {
		return err
	}
	return c.requestedExit()
}

// startLog writes the first line of the log file, if one is asked for.
func startLog(path, product string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "[INFO] *** %s %s ***\n", product, version)
	return errors.Join(err, f.Close())
}

func (c *client) runAll(items []string) error {
	recipes := make([]string, 0, len(items))
	for _, item := range items {
		name, err := recipeName(item)
		if err != nil {
			return err
		}
		recipes = append(recipes, name)
	}
	c.out.line("Synchronizing cookbooks:")
	for _, r := range recipes {
		cookbook, _, _ := strings.Cut(r, "::")
		dir, err := c.cookbook(cookbook)
		if err != nil {
			return err
		}
		c.out.line("  - %s", cookbook)
		if err := readAttributes(filepath.Join(dir, "attributes", "default.rb"), c.node); err != nil {
			return err
		}
	}
	c.out.line("Converging resources")
	for _, r := range recipes {
		if err := c.recipe(r); err != nil {
			return err
		}
	}
	return nil
}

// recipeName turns a run list's item into cookbook::recipe.
func recipeName(item string) (string, error) {
	item = strings.TrimSpace(item)
	switch {
	case strings.HasPrefix(item, "recipe[") && strings.HasSuffix(item, "]"):
		item = item[len("recipe[") : len(item)-1]
	case strings.Contains(item, "["):
		return "", fmt.Errorf("cannot expand %s: only recipes are known here", item)
	}
	item, _, _ = strings.Cut(item, "@")
	if !strings.Contains(item, "::") {
		item += "::default"
	}
	return item, nil
}

// cookbook finds a cookbook; later paths hide earlier ones, as with the real program.
func (c *client) cookbook(name string) (string, error) {
	if c.policy != nil {
		dir, ok := c.policy.cookbooks[name]
		if !ok {
			return "", fmt.Errorf("cookbook %s is not of the policy", name)
		}
		return dir, nil
	}
	for i := len(c.config.cookbookPaths) - 1; i >= 0; i-- {
		dir := filepath.Join(c.config.cookbookPaths[i], name)
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir, nil
		}
	}
	return "", fmt.Errorf("cookbook %s not found in %s", name, strings.Join(c.config.cookbookPaths, ", "))
}

func (c *client) recipe(name string) error {
	if c.seen[name] {
		return nil
	}
	c.seen[name] = true
	cookbook, recipe, _ := strings.Cut(name, "::")
	dir, err := c.cookbook(cookbook)
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
	c.out.line("Recipe: %s", name)
	for _, r := range resources {
		if r.kind == "include_recipe" {
			included, err := recipeName(r.name)
			if err != nil {
				return err
			}
			if err := c.recipe(included); err != nil {
				return err
			}
			continue
		}
		before := c.updated
		if err := c.apply(dir, r); err != nil {
			return fmt.Errorf("%s[%s] (%s) had an error: %w", r.kind, r.name, r.where, err)
		}
		if c.updated > before {
			line := r.where[strings.LastIndexByte(r.where, ':')+1:]
			c.names = append(c.names, fmt.Sprintf("%s[%s] (%s line %s)", r.kind, r.name, name, line))
		}
	}
	return nil
}

// save writes the node as the real program does in local mode: as root, mode 0600, into
// the cache of the sandbox. Clean-up code must cope with that.
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

// requestedExit ends the run with the status that a test asks for: every time with the
// attribute galley.exit or GALLEY_TEST_EXIT in the environment, once with the attribute
// galley.exit_once (a mark in the cache remembers).
func (c *client) requestedExit() error {
	for _, wanted := range []any{c.node.get("galley", "exit"), os.Getenv("GALLEY_TEST_EXIT")} {
		if code := exitCode(wanted); code != 0 {
			return &exitError{code, fmt.Sprintf("the run was asked to end with status %d", code)}
		}
	}
	code := exitCode(c.node.get("galley", "exit_once"))
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
	return errors.Join(mark.Close(), &exitError{code, fmt.Sprintf("the run was asked to end once with status %d", code)})
}

// exitCode reads a status; what is no number asks for none.
func exitCode(v any) int {
	code, err := strconv.Atoi(fmt.Sprint(v))
	if err != nil {
		code = 0
	}
	return code
}
