package erb

import (
	_ "embed"
	"regexp"
	"strings"
)

// core holds the methods of the core classes that are written in Ruby.
//
//go:embed core.rb
var core string

// aliases matches the lines of core.rb that give a method another name.
var aliases = regexp.MustCompile(`(?m)^  alias (\S+) (\S+)$`)

// addRuby adds the methods that core.rb has for a class or module.
func (t methodTable) addRuby(name string) {
	head := "\nclass " + name + "\n"
	if module, ok := strings.CutSuffix(name, "."); ok {
		head = "\nmodule " + module + "\n"
	}
	_, text, ok := strings.Cut(core, head)
	if !ok {
		return
	}
	text, _, _ = strings.Cut(text, "\n\n")
	src := &source{name: "core.rb", gen: aliases.ReplaceAllString(text, ""), core: true}
	for _, n := range parse(src).list {
		body := src.gen[n.at:n.end]
		least, most := 0, 0
		for _, q := range n.params {
			switch q.kind {
			case 'r':
				least, most = least+1, most+1
			case 'o':
				most++
			case '*':
				most = -1
			}
		}
		t[n.s] = &method{
			least: least, most: most,
			ruby:     &proc{params: n.params, body: n.b, src: src, lambda: true, name: n.s},
			iterates: strings.Contains(body, "yield") && !strings.Contains(body, "block_given?"),
		}
	}
	for _, a := range aliases.FindAllStringSubmatch(text, -1) {
		t[a[1]] = t[a[2]]
	}
}
