package erb

import (
	"path"
	"path/filepath"
	"strings"
)

// newPathname makes a Pathname.
func (vm *vm) newPathname(p string) value {
	return &object{class: vm.class("Pathname"), data: p, frozen: true}
}

func pathnameClassMethods(t methodTable) {
	t.add(func(c *call) value { return c.vm.newPathname(c.pathArg(0)) }, 1, 1, "new")
	t.add(func(c *call) value { return c.vm.newPathname(filepath.ToSlash(c.vm.opts.Dir)) }, 0, 0, "pwd", "getwd")
	t.add(func(c *call) value { return c.pathnames(c.vm.glob(c.pathArg(0), 0, "")) }, 1, 1, "glob")
}

func (c *call) pathnames(list []string) value {
	out := []value{}
	for _, p := range list {
		out = append(out, c.vm.newPathname(p))
	}
	return c.list(out)
}

func pathnameMethods(t methodTable) {
	p := func(c *call) string { return c.self.(*object).data.(string) }
	wrap := func(fn func(c *call) string) func(c *call) value {
		return func(c *call) value { return c.vm.newPathname(fn(c)) }
	}
	t.add(func(c *call) value { return newStr(p(c)) }, 0, 0, "to_s", "to_path", "to_str")
	t.add(func(c *call) value { return newStr("#<Pathname:" + p(c) + ">") }, 0, 0, "inspect")
	t.add(func(c *call) value { return keyOf(c.self) == keyOf(c.args[0]) }, 1, 1, "==", "eql?", "===")
	t.add(func(c *call) value {
		o, ok := c.args[0].(*object)
		if !ok {
			return nil
		}
		q, ok := o.data.(string)
		if !ok {
			return nil
		}
		return int64(strings.Compare(p(c), q))
	}, 1, 1, "<=>")
	t.add(wrap(func(c *call) string { return plusPath(p(c), c.pathArg(0)) }), 1, 1, "+", "/")
	t.add(wrap(func(c *call) string {
		out := p(c)
		for i := range c.args {
			out = plusPath(out, c.pathArg(i))
		}
		return out
	}), 0, -1, "join")
	t.add(wrap(func(c *call) string { return dirName(p(c)) }), 0, 0, "dirname")
	t.add(wrap(func(c *call) string { return plusPath(p(c), "..") }), 0, 0, "parent")
	t.add(wrap(func(c *call) string {
		suffix := ""
		if len(c.args) > 0 {
			suffix = c.str(0)
		}
		return baseName(p(c), suffix)
	}), 0, 1, "basename")
	t.add(func(c *call) value { return newStr(extName(p(c))) }, 0, 0, "extname")
	t.add(wrap(func(c *call) string {
		dir := ""
		if len(c.args) > 0 {
			dir = c.pathArg(0)
		}
		return c.vm.expand(p(c), dir, true)
	}), 0, 1, "expand_path", "realpath")
	t.add(wrap(func(c *call) string { return path.Clean(p(c)) }), 0, 0, "cleanpath")
	t.add(wrap(func(c *call) string {
		return strings.TrimSuffix(p(c), extName(p(c))) + c.str(0)
	}), 1, 1, "sub_ext")
	t.add(func(c *call) value { return isAbsPath(p(c)) }, 0, 0, "absolute?")
	t.add(func(c *call) value { return !isAbsPath(p(c)) }, 0, 0, "relative?")
	t.add(func(c *call) value { return p(c) == "/" }, 0, 0, "root?")
	t.add(func(c *call) value {
		from, err := filepath.Rel(filepath.FromSlash(c.pathArg(0)), filepath.FromSlash(p(c)))
		if err != nil {
			c.vm.argError("different prefix: %q and %q", p(c), c.pathArg(0))
		}
		return c.vm.newPathname(filepath.ToSlash(from))
	}, 1, 1, "relative_path_from")
	t.add(func(c *call) value {
		var out []string
		for _, n := range (&call{vm: c.vm, f: c.f, args: []value{c.self}}).dirNames() {
			out = append(out, plusPath(p(c), n))
		}
		return c.pathnames(out)
	}, 0, 1, "children")
	t.add(func(c *call) value { return c.pathnames(c.vm.glob(plusPath(p(c), c.str(0)), 0, "")) }, 1, 1, "glob")
	t.add(func(c *call) value {
		parts := splitPattern(p(c))
		if c.blk == nil {
			return strList(parts)
		}
		for _, s := range parts {
			c.yield(newStr(s))
		}
		return nil
	}, 0, 0, "each_filename")
	asFile(t)
}

// asFile adds the methods that ask File about the path.
func asFile(t methodTable) {
	files := methodTable{}
	fileClassMethods(files)
	for _, name := range []string{"exist?", "file?", "directory?", "zero?", "empty?", "executable?", "readable?", "writable?", "symlink?", "size", "size?", "read", "binread", "readlines", "mtime"} {
		n := files[name]
		t.addKw(func(c *call) value {
			on := *c
			on.self = c.vm.class("File")
			on.args = append([]value{newStr(c.self.(*object).data.(string))}, c.args...)
			return n.fn(&on)
		}, n.min-1, n.max-1, name)
	}
}

// plusPath is Pathname#+: an absolute right side replaces, ".." goes up.
func plusPath(a, b string) string {
	if isAbsPath(b) {
		return b
	}
	for b != "" {
		head, rest, _ := strings.Cut(b, "/")
		if head == "." || head == "" {
			b = rest
			continue
		}
		if head != ".." || a == "" || path.Base(a) == ".." {
			break
		}
		if a == "." {
			break
		}
		if a != "/" {
			if a = dirName(a); a == "." && rest != "" {
				a = ""
			}
		}
		b = rest
	}
	switch {
	case b == "":
		if a == "" {
			return "."
		}
		return a
	case a == "" || a == ".":
		return b
	case strings.HasSuffix(a, "/"):
		return a + b
	}
	return a + "/" + b
}
