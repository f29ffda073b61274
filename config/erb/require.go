package erb

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// kernelRequire loads a file of the project, when its path is written out. The
// standard library, or what galley has of it, is there already.
func kernelRequire(c *call) value {
	name := c.str(0)
	if c.name == "require" && (strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") || filepath.IsAbs(name)) {
		return c.vm.requireFile("", name)
	}
	if c.name == "gem" || !standardLibrary(name) {
		c.vm.outside(c.name + " '" + name + "'")
	}
	switch name {
	case "json", "yaml", "psych", "erb", "pathname", "rubygems":
		return false // Test Kitchen has loaded these
	}
	if c.vm.loaded[name] {
		return false
	}
	c.vm.loaded[name] = true
	return true
}

// kernelRequireRelative loads a file beside the one that asks for it.
func kernelRequireRelative(c *call) value {
	return c.vm.requireFile(c.vm.dirOf(c.f.src), c.str(0))
}

// requireFile runs a file of Ruby, the first time that it is asked for. What it
// defines stays; its local variables do not.
func (vm *vm) requireFile(dir, name string) value {
	bare := strings.TrimSuffix(vm.expand(filepath.ToSlash(name), dir, false), ".rb")
	file := bare + ".rb"
	if vm.loaded[file] {
		return false
	}
	if info, err := os.Stat(vm.abs(file)); err != nil || info.IsDir() {
		vm.raise("LoadError", "cannot load such file -- %s", bare)
	}
	vm.loaded[file] = true
	at, outer := vm.at, vm.src
	src := &source{name: file, gen: header + string(vm.readFile(file)), outer: outer, from: at}
	vm.charge(8 * len(src.gen))
	prog, err := parse(src.gen)
	if err != nil {
		vm.innerSyntax(src, err)
	}
	f := vm.top()
	f.src = src
	vm.eval(f, prog)
	vm.at, vm.src = at, outer
	return true
}

// innerSyntax ends the evaluation of code within a template that does not parse.
func (vm *vm) innerSyntax(src *source, err error) {
	failed := syntaxFailure(src, err)
	if failed.Unsupported {
		vm.locate(failed, src.from, src.outer)
		panic(fatal{failed})
	}
	line := 1
	if at := (*syntaxError)(nil); errors.As(err, &at) {
		line = src.lineOf(at.pos)
	}
	vm.raise("SyntaxError", "%s:%d: %s", path.Base(src.name), line, failed.Msg)
}
