package erb

import (
	"io"
	"math"
	"strings"
	"time"
)

// kernelMethods are the functions that are called without a receiver.
func kernelMethods(t methodTable) {
	kernelConversions(t)
	kernelOutput(t)
	kernelControl(t)
	kernelSystem(t)
	for _, n := range t {
		n.private = true
	}
}

// kernelModuleMethods are the same functions as methods of Kernel itself.
func kernelModuleMethods(t methodTable) {
	kernelMethods(t)
	for _, n := range t {
		n.private = false
	}
}

func kernelConversions(t methodTable) {
	t.addKw(kernelInteger, 1, 2, "Integer")
	t.addKw(kernelFloat, 1, 1, "Float")
	t.add(kernelRational, 1, 2, "Rational")
	t.add(func(c *call) value { return c.newStr(c.vm.toS(c.args[0])) }, 1, 1, "String")
	t.add(kernelArray, 1, 1, "Array")
	t.add(func(c *call) value {
		switch v := c.args[0].(type) {
		case nil:
			return newHash()
		case *array:
			if len(v.elems) == 0 {
				return newHash()
			}
		case *hash:
			return v
		}
		return c.vm.toHash(c.args[0])
	}, 1, 1, "Hash")
	t.add(func(c *call) value { return c.vm.newPathname(c.str(0)) }, 1, 1, "Pathname")
	t.add(func(c *call) value {
		return c.newStr(c.vm.format(c.f, c.str(0), c.args[1:]))
	}, 1, -1, "format", "sprintf")
}

func kernelArray(c *call) value {
	switch v := c.args[0].(type) {
	case nil:
		return &array{}
	case *array:
		return v
	case *hash, *rangeVal, *enumerator:
		return c.list(c.vm.toList(v))
	case *object:
		if c.vm.respondTo(v, "to_a", false) {
			return c.vm.send(v, "to_a")
		}
	}
	return newArray(c.args[0])
}

func kernelOutput(t methodTable) {
	t.add(func(c *call) value { c.vm.writeOut(c.vm.stdout, c.vm.putsText(c.args)); return nil }, 0, -1, "puts")
	t.add(func(c *call) value {
		for _, a := range c.args {
			c.vm.writeOut(c.vm.stdout, c.vm.toS(a))
		}
		return nil
	}, 0, -1, "print")
	t.add(func(c *call) value {
		for _, a := range c.args {
			c.vm.writeOut(c.vm.stdout, c.vm.inspect(a)+"\n")
		}
		return packed(c.args)
	}, 0, -1, "p", "pp")
	t.add(func(c *call) value {
		c.vm.writeOut(c.vm.stdout, c.vm.format(c.f, c.str(0), c.args[1:]))
		return nil
	}, 1, -1, "printf")
	t.add(func(c *call) value {
		s := c.vm.toS(c.args[0])
		if n, ok := c.args[0].(int64); ok {
			s = string(rune(n))
		}
		c.vm.writeOut(c.vm.stdout, s[:min(len(s), 1)])
		return c.args[0]
	}, 1, 1, "putc")
	t.addKw(func(c *call) value { c.vm.writeOut(c.vm.stderr, c.vm.putsText(c.args)); return nil }, 0, -1, "warn")
}

// putsText is what puts writes: each line ended, arrays one element a line.
func (vm *vm) putsText(args []value) string {
	if len(args) == 0 {
		return "\n"
	}
	var b strings.Builder
	for _, a := range args {
		if l, ok := a.(*array); ok {
			done := vm.guarded()
			if len(l.elems) > 0 {
				b.WriteString(vm.putsText(l.elems))
			}
			done()
			continue
		}
		s := vm.toS(a)
		b.WriteString(s)
		if !strings.HasSuffix(s, "\n") {
			b.WriteByte('\n')
		}
	}
	vm.charge(b.Len())
	return b.String()
}

// writeOut writes to an output stream of the program.
func (vm *vm) writeOut(w io.Writer, s string) {
	if w == nil {
		return
	}
	vm.charge(len(s))
	if _, err := io.WriteString(w, s); err != nil {
		vm.raise("IOError", "%s", err)
	}
}

func kernelControl(t methodTable) {
	t.addKw(kernelRaise, 0, 3, "raise", "fail")
	t.add(kernelLambda, 0, 0, "lambda")
	t.add(kernelProc, 0, 0, "proc")
	t.add(kernelLoop, 0, 0, "loop")
	t.add(func(c *call) value { return c.f.act.blk != nil }, 0, 0, "block_given?", "iterator?")
	t.add(kernelCatch, 0, 1, "catch")
	t.add(func(c *call) value {
		for _, tag := range c.vm.tags {
			if c.vm.equal(tag, c.args[0]) {
				panic(throwSignal{c.args[0], c.arg(1)})
			}
		}
		c.vm.raise("UncaughtThrowError", "uncaught throw %s", c.vm.inspect(c.args[0]))
		return nil
	}, 1, 2, "throw")
	t.add(func(c *call) value { return c.exit(0) }, 0, 1, "exit", "exit!")
	t.add(kernelAbort, 0, 1, "abort")
	t.add(func(c *call) value {
		c.needBlock()
		c.vm.atExit = append(c.vm.atExit, c.blk)
		return c.blk
	}, 0, 0, "at_exit")
	t.add(func(c *call) value {
		if c.f.act.method == nil {
			return nil
		}
		return symbol(c.f.act.method.name)
	}, 0, 0, "__method__")
	t.add(func(c *call) value { return newStr(c.vm.dirOf(c.f.src)) }, 0, 0, "__dir__")
	t.add(func(c *call) value { return symbols(c.f.vars.visible()) }, 0, 0, "local_variables")
	t.add(func(c *call) value { return &object{class: c.vm.class("Binding"), data: c.f} }, 0, 0, "binding")
	t.add(func(c *call) value { return &array{} }, 0, 2, "caller")
	t.add(kernelRequire, 1, 1, "require", "gem")
	t.add(kernelRequireRelative, 1, 1, "require_relative")
}

func kernelRaise(c *call) value {
	vm := c.vm
	if len(c.args) == 0 {
		if vm.err != nil {
			vm.raiseExc(vm.err)
		}
		vm.raise("RuntimeError", "unhandled exception")
	}
	var e *object
	switch v := c.args[0].(type) {
	case *str:
		e = vm.newExc(vm.class("RuntimeError"), v.String())
	case *class:
		if !v.isA(vm.class("Exception")) {
			vm.typeError("exception class/object expected")
		}
		e, _ = vm.dispatch(c.f, v, "new", c.args[1:min(len(c.args), 2)], nil, nil, true).(*object)
	case *object:
		e = v
		if len(c.args) > 1 {
			exc(e).msg = c.args[1]
		}
	}
	if e == nil || !e.class.isA(vm.class("Exception")) {
		vm.typeError("exception class/object expected")
	}
	if c.kw != nil {
		if cause, ok := c.kw.lookup(symbol("cause")); ok {
			exc(e).cause = cause
		}
	}
	vm.raiseExc(e)
	return nil
}

// kernelLoop repeats until break or StopIteration.
func kernelLoop(c *call) value {
	if c.blk == nil {
		return c.enum()
	}
	signal := c.vm.caught(func() {
		for {
			c.vm.tick()
			c.yield()
		}
	})
	if e, ok := signal.(rubyError); !ok || !e.exc.class.isA(c.vm.class("StopIteration")) {
		panic(signal)
	}
	return nil
}

func kernelCatch(c *call) (val value) {
	c.needBlock()
	tag := c.arg(0)
	if len(c.args) == 0 {
		tag = &object{class: c.vm.class("Object")}
	}
	c.vm.tags = append(c.vm.tags, tag)
	signal := c.vm.caught(func() { val = c.yield(tag) })
	c.vm.tags = c.vm.tags[:len(c.vm.tags)-1]
	if signal == nil {
		return val
	}
	s, ok := signal.(throwSignal)
	if !ok || !c.vm.equal(s.tag, tag) {
		panic(signal)
	}
	return s.val
}

func (c *call) exit(def int64) value {
	code := def
	switch v := c.arg(0).(type) {
	case bool:
		if !v {
			code = 1
		}
	case int64:
		code = v
	}
	e := c.vm.newExc(c.vm.class("SystemExit"), "exit")
	exc(e).code = code
	c.vm.raiseExc(e)
	return nil
}

func kernelAbort(c *call) value {
	msg := "exit"
	if len(c.args) > 0 {
		msg = c.str(0)
		c.vm.writeOut(c.vm.stderr, msg+"\n")
	}
	e := c.vm.newExc(c.vm.class("SystemExit"), msg)
	exc(e).code = 1
	c.vm.raiseExc(e)
	return nil
}

// standardLibrary names the libraries that may be required: those whose parts in
// the subset are always there.
func standardLibrary(name string) bool {
	switch name {
	case "json", "yaml", "psych", "erb", "time", "date", "pathname", "set", "ostruct", "securerandom", "etc", "socket",
		"shellwords", "base64", "digest", "digest/md5", "digest/sha1", "digest/sha2", "digest/sha256", "uri", "cgi", "cgi/util", "cgi/escape",
		"fileutils", "tmpdir", "tempfile", "open3", "net/http", "net/https", "openssl", "rbconfig", "rubygems", "bigdecimal",
		"English", "benchmark", "timeout", "forwardable", "singleton", "delegate", "optparse", "logger", "pp", "io/console",
		"stringio", "strscan", "open-uri", "resolv", "ipaddr", "zlib", "csv", "tsort", "abbrev", "observer", "weakref", "matrix",
		"prime", "bundler", "bundler/setup", "find", "kitchen", "thread", "monitor", "objspace", "ripper", "racc", "rexml/document", "net/ssh":
		return true
	}
	return false
}

func kernelSystem(t methodTable) {
	t.add(func(c *call) value { return c.vm.command(c.vm.at, c.f, c.str(0)) }, 1, 1, "`")
	t.addKw(kernelSystemCall, 1, -1, "system")
	t.add(kernelRand, 0, 1, "rand")
	t.add(func(c *call) value { return int64(0) }, 0, 1, "srand")
	t.add(kernelSleep, 0, 1, "sleep")
	t.add(func(c *call) value { return c.needTest() }, 2, 2, "test")
	t.addKw(func(c *call) value {
		n := *c
		n.self = c.vm.class("File")
		return fileOpen(&n)
	}, 1, 3, "open")
	t.add(func(c *call) value { return nil }, 0, -1, "gets")
}

// kernelRand is rand: a float, an integer below a limit, or one of a range.
func kernelRand(c *call) value {
	switch v := c.arg(0).(type) {
	case nil:
		return c.vm.rand.Float64()
	case int64:
		if v == 0 {
			return c.vm.rand.Float64()
		}
		if v == math.MinInt64 {
			v++
		}
		return c.vm.rand.Int64N(absInt(v))
	case float64:
		n := int64(math.Abs(v))
		if n == 0 || n == math.MinInt64 {
			return c.vm.rand.Float64()
		}
		return c.vm.rand.Int64N(n)
	case *rangeVal:
		return c.randIn(v)
	}
	c.vm.argError("invalid argument - %s", c.vm.inspect(c.args[0]))
	return nil
}

func (c *call) randIn(r *rangeVal) value {
	lo, ok1 := r.lo.(int64)
	hi, ok2 := r.hi.(int64)
	if !ok1 || !ok2 {
		f, g := c.vm.needFloat(r.lo), c.vm.needFloat(r.hi)
		return f + c.vm.rand.Float64()*(g-f)
	}
	if r.excl {
		hi--
	}
	if hi < lo || hi-lo < 0 {
		return nil
	}
	if hi-lo == math.MaxInt64 {
		return lo + c.vm.rand.Int64()
	}
	return lo + c.vm.rand.Int64N(hi-lo+1)
}

// kernelSleep waits, but no longer than the context allows.
func kernelSleep(c *call) value {
	if len(c.args) == 0 {
		c.vm.stop(&Error{Msg: "sleep without a time would never end"})
	}
	d := c.vm.needFloat(c.args[0])
	if d < 0 {
		c.vm.argError("time interval must not be negative")
	}
	timer := time.NewTimer(time.Duration(min(d, 3600) * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.vm.ctx.Done():
		c.vm.stop(&Error{Msg: "stopped: " + c.vm.ctx.Err().Error(), Err: c.vm.ctx.Err()})
	}
	return int64(math.Round(d))
}

func (c *call) needTest() value {
	c.vm.outside("test (use File.exist? and its like)")
	return nil
}
