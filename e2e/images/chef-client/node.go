package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// node is the attributes a run starts from: those of dna.json over the cookbooks'.
type node map[string]any

// readDNA reads the file given with --json-attributes; without one there are none.
func readDNA(path string) (node, error) {
	n := node{}
	if path == "" {
		return n, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the attributes: %w", err)
	}
	if err := json.Unmarshal(data, &n); err != nil {
		return nil, fmt.Errorf("%s is not a JSON object: %w", path, err)
	}
	return n, nil
}

// runList returns the items of run_list, such as "recipe[a::b]".
func (n node) runList() ([]string, error) {
	switch list := n["run_list"].(type) {
	case nil:
		return nil, nil
	case []any:
		items := make([]string, 0, len(list))
		for _, item := range list {
			s, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("run_list holds %v, which is no string", item)
			}
			items = append(items, s)
		}
		return items, nil
	default:
		return nil, fmt.Errorf("run_list is %v, not a list", list)
	}
}

// get walks the keys down; what is not there is nil.
func (n node) get(keys ...string) any {
	var v any = map[string]any(n)
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

// setDefault puts value where there is none yet: dna.json is stronger than a cookbook.
func (n node) setDefault(value any, keys ...string) {
	m := map[string]any(n)
	for _, k := range keys[:len(keys)-1] {
		next, ok := m[k].(map[string]any)
		if !ok {
			if m[k] != nil {
				return
			}
			next = map[string]any{}
			m[k] = next
		}
		m = next
	}
	if last := keys[len(keys)-1]; m[last] == nil {
		m[last] = value
	}
}

var (
	nodeRef       = regexp.MustCompile(`^node((?:\[['":]?[\w.-]+['"]?\])+)$`)
	defaultLine   = regexp.MustCompile(`^default((?:\[['":]?[\w.-]+['"]?\])+)\s*=\s*(.+)$`)
	refKey        = regexp.MustCompile(`\[['":]?([\w.-]+)['"]?\]`)
	bareWord      = regexp.MustCompile(`^[\w.]+$`)
	interpolation = regexp.MustCompile(`#\{([^}]*)\}`)
)

func refKeys(ref string) []string {
	var keys []string
	for _, m := range refKey.FindAllStringSubmatch(ref, -1) {
		keys = append(keys, m[1])
	}
	return keys
}

// eval gives an expression's value as text: a quoted string (with #{node[...]} in double
// quotes), a symbol, an attribute, or a bare word such as a number or true.
func (n node) eval(expr string) (string, error) {
	expr = strings.TrimSpace(expr)
	switch {
	case len(expr) >= 2 && expr[0] == '\'' && expr[len(expr)-1] == '\'':
		return unescape(expr[1 : len(expr)-1]), nil
	case len(expr) >= 2 && expr[0] == '"' && expr[len(expr)-1] == '"':
		var failed error
		text := interpolation.ReplaceAllStringFunc(expr[1:len(expr)-1], func(m string) string {
			v, err := n.eval(m[2 : len(m)-1])
			if err != nil {
				failed = err
			}
			return v
		})
		return unescape(text), failed
	case strings.HasPrefix(expr, ":"):
		return expr[1:], nil
	}
	if m := nodeRef.FindStringSubmatch(expr); m != nil {
		switch v := n.get(refKeys(m[1])...).(type) {
		case nil:
			return "", nil
		case string:
			return v, nil
		default:
			data, err := json.Marshal(v)
			return string(data), err
		}
	}
	if bareWord.MatchString(expr) {
		return expr, nil
	}
	return "", fmt.Errorf("cannot evaluate %q", expr)
}
