package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// resource is one declaration of a recipe.
type resource struct {
	kind, name string
	path       string // of the recipe
	line       int
	properties map[string]string
}

var (
	declaration = regexp.MustCompile(`^(file|execute|raise|deprecated) ("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')( do)?$`)
	deprecation = regexp.MustCompile(`^Chef\.deprecated\(:\w+, ('.*')\)$`)
	property    = regexp.MustCompile(`^([a-z_]+)\s+(.+)$`)
	nodeKey     = regexp.MustCompile(`^node\['(\w+)'\]$`)
)

// parseRecipe reads a recipe: declarations, each alone on its line or with a block of properties up to "end". A value
// is a quoted string, or one of the node's attributes.
func parseRecipe(path string, node map[string]any) ([]resource, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var resources []resource
	inBlock := false
	for i, line := range strings.Split(string(data), "\n") {
		line = deprecation.ReplaceAllString(strings.TrimSpace(line), "deprecated $1")
		declared, set := declaration.FindStringSubmatch(line), property.FindStringSubmatch(line)
		switch {
		case line == "":
		case inBlock && line == "end":
			inBlock = false
		case inBlock && set != nil:
			resources[len(resources)-1].properties[set[1]] = value(set[2], node)
		case !inBlock && declared != nil:
			inBlock = declared[3] != ""
			resources = append(resources, resource{
				kind: declared[1], name: literals(declared[2])[0], path: path, line: i + 1, properties: map[string]string{},
			})
		default:
			return nil, fmt.Errorf("%s:%d: syntax error: %s", path, i+1, line)
		}
	}
	if inBlock {
		return nil, fmt.Errorf("%s: the last block has no end", path)
	}
	return resources, nil
}

// value is that of an attribute or of a quoted string.
func value(ruby string, node map[string]any) string {
	if key := nodeKey.FindStringSubmatch(ruby); key != nil {
		return fmt.Sprint(node[key[1]])
	}
	return strings.Join(literals(ruby), "")
}

// apply brings one resource to its state, and returns what that changed or "".
func (c *client) apply(r resource) (change string, err error) {
	if command := r.properties["not_if"]; command != "" && exec.Command("/bin/sh", "-c", command).Run() == nil {
		return "", nil
	}
	switch r.kind {
	case "raise":
		return "", fmt.Errorf("RuntimeError: %s", r.name)
	case "deprecated":
		if c.config.deprecations {
			return "", fmt.Errorf("Chef::Exceptions::DeprecatedFeatureError: %s", r.name)
		}
		c.say("Deprecated features used!\n  %s", r.name)
		return "", nil
	case "file":
		want := r.properties["content"]
		if have, err := os.ReadFile(r.name); err == nil && string(have) == want {
			return "", nil
		}
		return "create new file " + r.name, os.WriteFile(r.name, []byte(want), 0o644)
	default:
		out, err := exec.Command("/bin/sh", "-c", r.name).CombinedOutput()
		for l := range strings.Lines(string(out)) {
			c.say("    [execute] %s", strings.TrimSuffix(l, "\n"))
		}
		if err != nil {
			return "", fmt.Errorf("%q failed: %w", r.name, err)
		}
		return "execute " + r.name, nil
	}
}
