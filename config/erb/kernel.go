package erb

import (
	_ "embed"
	"path/filepath"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// kernelFunctions are the functions that need no receiver.
func kernelFunctions(t methodTable) {
	t.def(1, 1, func(c *call) value {
		if !isIn(libraries, c.text(0)) {
			c.outside("require '" + c.text(0) + "'")
		}
		return true
	}, "require")
	t.def(0, 0, func(c *call) value {
		if c.blk == nil {
			c.outside("loop without a block")
		}
		for {
			c.yield()
		}
	}, "loop")
	t.def(2, 2, func(c *call) value { c.raise(c.text(0), "%s", c.text(1)); return nil }, "__raise")
	t.def(0, 0, func(c *call) value { return c.frame.blk != nil }, "block_given?")
	t.def(0, 0, func(c *call) value { return c.str(c.frame.src.name) }, "__FILE__")
	t.def(0, 0, func(c *call) value { return int64(strings.Count(c.frame.src.gen[:c.node.at], "\n") + 1) }, "__LINE__")
	t.def(0, 0, func(c *call) value {
		dir, err := filepath.EvalSymlinks(c.path(filepath.Dir(c.frame.src.name)))
		if err != nil {
			c.fileError(err, "rb_realpath_internal", c.frame.src.name)
		}
		return c.str(dir)
	}, "__dir__")
}

// libraries are what require accepts: what they define is here, or is found to be
// outside when it is used. The rest may be gems.
const libraries = " yaml json erb date time set pathname socket etc securerandom shellwords tmpdir fileutils " +
	"open3 uri net/http net/https digest digest/md5 digest/sha1 digest/sha2 base64 ostruct bundler rbconfig English " +
	"psych tempfile rubygems pp benchmark logger open-uri timeout optparse forwardable singleton csv cgi stringio " +
	"strscan zlib openssl io/console delegate "

// classMethods are the methods that all classes have.
func classMethods(t methodTable) {
	name := func(c *call) string { return string(c.self.(class)) }
	t.def(0, 0, func(c *call) value { return c.str(name(c)) }, "name", "to_s", "inspect")
	t.def(1, 1, func(c *call) value { return isA(c.arg(0), c.self) }, "===")
}

// core holds the methods of the core classes that are written in Ruby.
//
//go:embed core.rb
var core string

// aliases matches the lines of core.rb that give a method another name.
var aliases = lazyregexp.New(`(?m)^  alias (\S+) (\S+)$`)

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
	src := &source{name: "core.rb", gen: aliases().ReplaceAllString(text, ""), core: true}
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
			ruby:     &proc{params: n.params, body: n.b, src: src, method: true},
			iterates: strings.Contains(body, "yield") && !strings.Contains(body, "block_given?"),
		}
	}
	for _, a := range aliases().FindAllStringSubmatch(text, -1) {
		t[a[1]] = t[a[2]]
	}
}

// ruby31 lists what Ruby 3.1 has: a line per class with its public instance methods, a line per class with a dot behind
// its name for class methods, one named "main" for the functions, one named "constants" for constants.
//
//go:embed ruby31.txt
var ruby31 string

var rubyNames = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(ruby31) {
		class, names, _ := strings.Cut(strings.TrimSpace(line), " ")
		out[class] = " " + names + " "
	}
	return out
})

// rubyHas reports whether a class of Ruby itself has a method. It is asked only when the subset has none of the name,
// to tell an error of the template from Ruby that is outside the subset.
func rubyHas(class, name string) bool { return isIn(rubyNames()[class], name) }

// rubyHasConst reports whether Ruby with its standard library has a constant.
func rubyHasConst(name string) bool {
	top, _, _ := strings.Cut(name, "::")
	return isIn(rubyNames()["constants"], top)
}
