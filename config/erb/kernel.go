package erb

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// kernelFunctions are the functions that need no receiver.
func kernelFunctions(t methodTable) {
	t.def(0, -1, func(c *call) value { return c.puts(&c.out) }, "puts")
	t.def(0, -1, func(c *call) value { return c.print(&c.out) }, "print")
	t.def(0, -1, func(c *call) value { return c.puts(&c.errOut) }, "warn")
	t.def(0, 1, func(c *call) value {
		for _, a := range c.args {
			c.out = append(c.out, inspect(a)+"\n"...)
		}
		return c.arg(0)
	}, "p")
	t.def(1, 1, func(c *call) value { return c.require(c.text(0)) }, "require")
	t.def(1, 1, func(c *call) value {
		return c.load(filepath.Join(filepath.Dir(c.frame.src.name), c.text(0)), c.text(0))
	}, "require_relative")
	t.def(0, 2, raise, "raise", "fail")
	t.def(1, -1, func(c *call) value { return c.str(c.format(c.text(0), c.args[1:])) }, "format", "sprintf")
	t.def(0, 0, func(c *call) value {
		if c.blk == nil {
			c.raise("ArgumentError", "tried to create Proc object without a block")
		}
		p := *c.blk
		p.lambda = c.name == "lambda"
		return &p
	}, "lambda", "proc")
	t.def(0, 0, func(c *call) value { return c.frame.methodFrame().blk != nil }, "block_given?")
	t.def(0, 1, func(c *call) value {
		if n, ok := c.arg(0).(int64); ok && n > 0 {
			return rand.Int64N(n)
		} else if len(c.args) > 0 {
			c.outside("rand of " + classOf(c.arg(0)))
		}
		return rand.Float64()
	}, "rand")
	t.def(1, 2, func(c *call) value {
		switch v := c.arg(0).(type) {
		case int64:
			return v
		case float64:
			return c.fromFloat(math.Trunc(v))
		case *str:
			base := 0
			if len(c.args) > 1 {
				base = c.int(1)
			}
			text := strings.TrimSpace(v.String())
			if strings.HasPrefix(text, "0") {
				base = 0
			}
			n, err := strconv.ParseInt(text, base, 64)
			if err != nil && c.option("exception") != false {
				c.raise("ArgumentError", "invalid value for Integer(): %s", quote(v.String()))
			}
			return map[bool]value{true: n}[err == nil]
		}
		c.raise("TypeError", "can't convert %s into Integer", describe(c.arg(0)))
		return nil
	}, "Integer")
	t.def(1, 1, func(c *call) value {
		switch v := c.arg(0).(type) {
		case int64:
			return float64(v)
		case float64:
			return v
		case *str:
			text := strings.TrimSpace(v.String())
			f, err := strconv.ParseFloat(text, 64)
			if err != nil || leading.FindString(text) != text {
				c.raise("ArgumentError", "invalid value for Float(): %s", quote(v.String()))
			}
			return f
		}
		c.raise("TypeError", "can't convert %s into Float", describe(c.arg(0)))
		return nil
	}, "Float")
	t.def(1, 1, func(c *call) value { return c.str(toS(c.arg(0))) }, "String")
	t.def(1, 1, func(c *call) value { return c.toList(c.arg(0)) }, "Array")
	t.def(1, -1, func(c *call) value { return c.system() }, "system")
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

func raise(c *call) value {
	x := &exception{class: "RuntimeError", msg: "unhandled exception"}
	switch v := c.arg(0).(type) {
	case nil:
		if e, ok := c.gvars["$!"].(*exception); ok && len(c.args) == 0 {
			panic(rubyError{e})
		}
	case *str:
		x.msg = v.String()
	case class:
		x.class, x.msg = string(v), string(v)
	case *exception:
		*x = *v
	default:
		c.raise("TypeError", "exception class/object expected")
	}
	if len(c.args) > 1 {
		x.msg = toS(c.arg(1))
	}
	c.raiseException(x)
	return nil
}

// libraries are what require accepts: what they define is here, or is found to be
// outside when it is used.
const libraries = " yaml json erb date time set pathname socket etc securerandom shellwords tmpdir fileutils open3 uri net/http net/https " +
	"digest digest/md5 digest/sha1 digest/sha2 base64 ostruct bundler rbconfig English psych tempfile rubygems pp benchmark logger open-uri " +
	"timeout optparse forwardable singleton csv cgi stringio strscan zlib openssl io/console delegate "

// require is require: the standard library is there already, a path is a file of
// the project, and for the rest a ruby is needed, which may have the gem.
func (c *call) require(name string) value {
	if strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") || filepath.IsAbs(name) {
		return c.load(c.path(name), name)
	}
	if !isIn(libraries, name) {
		c.outside("require '" + name + "'")
	}
	first := !c.loaded[name]
	c.loaded[name] = true
	return first
}

// load evaluates a Ruby file of the project.
func (c *call) load(file, name string) value {
	if file = c.path(file); filepath.Ext(file) != ".rb" {
		file += ".rb"
	}
	if c.loaded[file] {
		return false
	}
	text, err := os.ReadFile(file)
	if err != nil {
		c.raise("LoadError", "cannot load such file -- %s", strings.TrimSuffix(file, ".rb"))
	}
	c.loaded[file] = true
	src := &source{name: file, file: text, gen: string(text)}
	prog, perr := parse(src)
	if perr != nil {
		e := syntaxFailure(src, perr)
		e.File, e.Msg = "", fmt.Sprintf("%s:%d: %s", filepath.Base(file), e.Line, e.Msg)
		if !e.Unsupported {
			e.Construct, e.Hint = "", ""
		}
		c.stop(e)
	}
	caller, site := c.interp.frame, c.node
	c.eval(&frame{src: src, self: mainObject{}}, prog)
	c.interp.frame, c.node = caller, site
	return true
}

// classMethods are the methods that all classes have.
func classMethods(t methodTable) {
	name := func(c *call) string { return string(c.self.(class)) }
	t.def(0, 0, func(c *call) value { return c.str(name(c)) }, "name", "to_s", "inspect")
	t.def(1, 1, func(c *call) value { return isA(c.arg(0), c.self) }, "===")
	t.def(0, 1, func(c *call) value {
		if !slices.Contains(ancestors(name(c)), "Exception") {
			c.outside(name(c) + ".new")
		}
		x := &exception{class: name(c), msg: name(c)}
		if len(c.args) > 0 {
			x.msg = toS(c.arg(0))
		}
		return x
	}, "new", "exception")
}

// newFunctions make values of the core classes.
func newFunctions(t methodTable) {
	t.def(0, 2, func(c *call) value {
		switch c.self.(class) {
		case "Hash":
			h := newHash()
			h.def, h.block = c.arg(0), c.blk
			return h
		case "String":
			return c.str(toS(c.arg(0)))
		}
		list := []value{}
		for i := 0; len(c.args) > 0 && i < c.int(0); i++ {
			c.charge(16)
			v := c.arg(1)
			if c.blk != nil {
				v = c.yield(int64(i))
			}
			list = append(list, v)
		}
		return newArray(list...)
	}, "new")
}
