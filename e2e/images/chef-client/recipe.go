package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// resource is one declaration of a recipe.
type resource struct {
	kind, name string
	where      string // file:line, for messages
	properties map[string]string
}

var (
	declaration = regexp.MustCompile(`^([a-z_]+)\s*\(?\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|node(?:\[[^\]]+\])+)\s*\)?(\s+do)?$`)
	// A deprecated feature warns by way of this.
	deprecation = regexp.MustCompile(`^Chef\.deprecated\(:\w+,\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\)$`)
	property    = regexp.MustCompile(`^([a-z_]+)\s+(.+)$`)
	resourceSet = map[string]bool{"file": true, "directory": true, "execute": true, "log": true, "cookbook_file": true, "include_recipe": true, "raise": true, "deprecated": true}
)

// parseRecipe reads a recipe: declarations, each alone on its line or with a block of
// properties up to "end", and comments.
func parseRecipe(path string, n node) ([]resource, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var resources []resource
	var open *resource
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		where := fmt.Sprintf("%s:%d", path, i+1)
		switch {
		case line == "" || line[0] == '#':
		case open != nil && line == "end":
			resources = append(resources, *open)
			open = nil
		case open != nil:
			m := property.FindStringSubmatch(line)
			if m == nil {
				return nil, fmt.Errorf("%s: cannot read the property %q", where, line)
			}
			if open.properties[m[1]], err = n.eval(m[2]); err != nil {
				return nil, fmt.Errorf("%s: %w", where, err)
			}
		default:
			m := declaration.FindStringSubmatch(deprecation.ReplaceAllString(line, "deprecated $1"))
			if m == nil {
				return nil, fmt.Errorf("%s: syntax error: %s", where, line)
			}
			if !resourceSet[m[1]] {
				return nil, fmt.Errorf("%s: NoMethodError: undefined method `%s'", where, m[1])
			}
			r := resource{kind: m[1], where: where, properties: map[string]string{}}
			if r.name, err = n.eval(m[2]); err != nil {
				return nil, fmt.Errorf("%s: %w", where, err)
			}
			if m[3] != "" {
				open = &r
			} else {
				resources = append(resources, r)
			}
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s: the block has no end", open.where)
	}
	return resources, nil
}

// readAttributes reads a cookbook's attributes/default.rb into n, if there is one.
func readAttributes(path string, n node) error {
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		m := defaultLine.FindStringSubmatch(line)
		if m == nil {
			return fmt.Errorf("%s:%d: syntax error: %s", path, i+1, line)
		}
		value, err := n.eval(m[2])
		if err != nil {
			return fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		n.setDefault(value, refKeys(m[1])...)
	}
	return nil
}
