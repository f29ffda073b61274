package initcmd

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"
	"go.yaml.in/yaml/v3"

	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// composeFile finds the file of compose, by the names that it looks for.
var composeFile = anyOf("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")

// service is one of compose as it is written into kitchen.yml, where most of its words are the same.
type service struct {
	Image       string
	Command     any            `yaml:",omitempty"`
	Entrypoint  any            `yaml:",omitempty"`
	Environment any            `yaml:",omitempty"`
	Tmpfs       any            `yaml:",omitempty"`
	Volumes     []any          `yaml:",omitempty"`
	DependsOn   any            `yaml:"depends_on,omitempty"`
	Ready       map[string]any `yaml:",omitempty"`
	Others      map[string]any `yaml:",inline"`
}

// compose takes the services of the project's compose file whose images need no build: what is built is most likely
// what the project's own suites test.
func (s *start) compose(dir string) error {
	name := composeFile(dir)
	if name == "" {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return fmt.Errorf("read the compose file: %w", err)
	}
	left := func(what string) { s.left = append(s.left, name+": "+what) }
	var c struct{ Services map[string]service }
	var doc yaml.Node
	err = yaml.Unmarshal(data, &doc)
	if err == nil {
		asCompose(&doc, left)
		err = doc.Decode(&c)
	}
	if err != nil {
		left(strings.Join(strings.Fields(err.Error()), " "))
		return nil
	}
	taken := map[string]service{}
	for _, n := range slices.Sorted(maps.Keys(c.Services)) {
		v := c.Services[n]
		_, bad := reference.ParseNormalizedNamed(v.Image)
		switch {
		case v.Others["build"] != nil:
			left("the service " + n + ", which is built")
		case v.Image == "" && v.Others["extends"] != nil:
			left("the service " + n + ", which extends another")
		case v.Image == "":
			left("the service " + n + ", which has no image")
		case bad != nil:
			left(fmt.Sprintf("the service %s, whose image %q cannot be the name of one", n, v.Image))
		case v.Others["profiles"] != nil:
			left("the service " + n + ", which has profiles")
		case !kitchen.IsHostName(n):
			left("the service " + n + ", which cannot be the name of a host")
		default:
			taken[n] = v.carried(func(what string) { left(n + ": " + what) })
		}
	}
	for n, v := range taken {
		v.DependsOn = v.needs(taken)
		taken[n] = v
	}
	if len(taken) == 0 {
		return nil
	}
	s.took = fmt.Sprintf("the services %s of %s", strings.Join(slices.Sorted(maps.Keys(taken)), ", "), name)
	s.services, err = block(taken)
	return err
}

// carried is the service without what only compose has. A volume with a name would outlive the instance.
func (v service) carried(left func(string)) service {
	v.Ready = v.ready()
	for _, key := range slices.Sorted(maps.Keys(v.Others)) {
		if !slices.Contains([]string{"healthcheck", "ports", "expose", "restart", "container_name"}, key) {
			left(key)
		}
	}
	v.Others = nil
	v.Volumes = slices.DeleteFunc(slices.Clone(v.Volumes), func(volume any) bool {
		text, _ := volume.(string)
		drop := !strings.HasPrefix(text, ".") && !strings.HasPrefix(text, "/")
		if drop {
			left(fmt.Sprintf("the volume %v", volume))
		}
		return drop
	})
	return v
}

// ready is how the service is seen to be ready: by its health check, or by its first port.
func (v service) ready() map[string]any {
	if check, ok := v.Others["healthcheck"].(map[string]any); ok {
		switch test := check["test"].(type) {
		case string:
			return map[string]any{"exec": test}
		case []any:
			if len(test) > 1 && test[0] == "CMD" {
				return map[string]any{"exec": test[1:]}
			} else if len(test) == 2 && test[0] == "CMD-SHELL" {
				return map[string]any{"exec": test[1]}
			}
		}
	}
	for _, key := range []string{"ports", "expose"} {
		list, _ := v.Others[key].([]any)
		if len(list) == 0 {
			continue
		}
		words := strings.Split(fmt.Sprint(list[0]), ":")
		if port, err := strconv.Atoi(strings.TrimSuffix(words[len(words)-1], "/tcp")); err == nil {
			return map[string]any{"port": port}
		}
	}
	return nil
}

// needs are the services that it depends on, of those that are taken.
func (v service) needs(taken map[string]service) any {
	var names []string
	switch list := v.DependsOn.(type) {
	case []any:
		for _, name := range list {
			names = append(names, fmt.Sprint(name))
		}
	case map[string]any:
		names = slices.Sorted(maps.Keys(list))
	}
	names = slices.DeleteFunc(names, func(name string) bool { return taken[name].Image == "" })
	if len(names) == 0 {
		return nil
	}
	return names
}

// asCompose makes of the values of a file what compose takes them for. Dates stay texts.
func asCompose(n *yaml.Node, left func(string)) {
	for i, child := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			asCompose(child, left)
		}
	}
	if n.Kind != yaml.ScalarNode {
		return
	}
	n.Value = withDefaults(n.Value, left)
	if n.ShortTag() == "!!timestamp" {
		n.Tag = "!!str"
	}
}

// variable matches a variable of the environment, with its default, and the two dollars that stand for one.
var variable = lazyregexp.New(`\$\$|\$([A-Za-z_]\w*)|\$\{(\w+)(?::?([-?+])((?:[^{}]|\{[^{}]*\})*))?\}`)

// withDefaults has the default in place of each variable of the environment, of which it tells.
func withDefaults(text string, left func(string)) string {
	matches := variable().FindAllStringSubmatchIndex(text, -1)
	var b strings.Builder
	done := 0
	for _, at := range matches {
		found := text[at[0]:at[1]]
		b.WriteString(text[done:at[0]])
		done = at[1]
		switch {
		case found == "$$":
			b.WriteByte('$')
		case at[6] >= 0 && text[at[6]] == '-':
			left(found + ": its default is written")
			b.WriteString(withDefaults(text[at[8]:at[9]], left))
		default:
			left(found + ": it has no default, nothing is written")
		}
	}
	return b.String() + text[done:]
}
