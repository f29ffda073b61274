package erb

import (
	"bytes"
	"io"
)

// stream is an open file, or one of the standard streams.
type stream struct {
	name   string
	w      io.Writer
	in     []byte // what is left to read
	lines  int
	closed bool
}

// ioMethods are the methods of open files and standard streams.
func ioMethods(t methodTable) {
	st := func(c *call) *stream {
		s := c.self.(*object).data.(*stream)
		if s.closed {
			c.vm.raise("IOError", "closed stream")
		}
		return s
	}
	t.add(func(c *call) value { c.vm.writeOut(st(c).w, c.vm.putsText(c.args)); return nil }, 0, -1, "puts")
	t.add(func(c *call) value {
		n := 0
		for _, a := range c.args {
			s := c.vm.toS(a)
			n += len(s)
			c.vm.writeOut(st(c).w, s)
		}
		return int64(n)
	}, 0, -1, "write", "print")
	t.add(func(c *call) value { c.vm.writeOut(st(c).w, c.vm.toS(c.args[0])); return c.self }, 1, 1, "<<")
	t.add(func(c *call) value {
		c.vm.writeOut(st(c).w, c.vm.format(c.f, c.str(0), c.args[1:]))
		return nil
	}, 1, -1, "printf")
	t.add(func(c *call) value { return c.self }, 0, 0, "flush", "fsync")
	t.add(func(c *call) value { return true }, 0, 0, "sync")
	t.add(func(c *call) value { return c.args[0] }, 1, 1, "sync=")
	t.add(func(c *call) value { return false }, 0, 0, "tty?", "isatty")
	t.add(func(c *call) value {
		return map[string]value{"<STDIN>": int64(0), "<STDOUT>": int64(1), "<STDERR>": int64(2)}[st(c).name]
	}, 0, 0, "fileno")
	t.add(func(c *call) value {
		b := st(c).in
		st(c).in = nil
		if len(c.args) > 0 && c.args[0] != nil {
			n := min(c.nonNegative(0, "negative length given"), len(b))
			st(c).in = b[n:]
			if n == 0 && c.int(0) > 0 {
				return nil
			}
			b = b[:n]
		}
		return c.newStr(string(b))
	}, 0, 1, "read")
	t.addKw(func(c *call) value { return st(c).gets(c) }, 0, 1, "gets")
	t.addKw(func(c *call) value {
		l := st(c).gets(c)
		if l == nil {
			c.vm.raise("EOFError", "end of file reached")
		}
		return l
	}, 0, 1, "readline")
	t.addKw(func(c *call) value {
		text := &str{b: st(c).in}
		st(c).in = nil
		lines := linesOf(&call{vm: c.vm, f: c.f, self: text, args: c.args, kw: c.kw})
		return c.list(strList(lines).elems)
	}, 0, 1, "readlines")
	t.addKw(blockless(func(c *call) value {
		for l := st(c).gets(c); l != nil; l = st(c).gets(c) {
			c.vm.tick()
			c.yield(l)
		}
		return c.self
	}), 0, 1, "each_line", "each")
	t.add(func(c *call) value { return len(st(c).in) == 0 }, 0, 0, "eof?", "eof")
	t.add(func(c *call) value { return int64(st(c).lines) }, 0, 0, "lineno")
	t.add(func(c *call) value { st(c).closed = true; return nil }, 0, 0, "close")
	t.add(func(c *call) value { return c.self.(*object).data.(*stream).closed }, 0, 0, "closed?")
	t.add(func(c *call) value {
		return newStr("#<" + c.vm.classOf(c.self).name + ":" + c.self.(*object).data.(*stream).name + ">")
	}, 0, 0, "inspect")
}

// gets reads a line; nil at the end.
func (s *stream) gets(c *call) value {
	if len(s.in) == 0 {
		return nil
	}
	n := bytes.IndexByte(s.in, '\n') + 1
	if n == 0 {
		n = len(s.in)
	}
	line := string(s.in[:n])
	s.in = s.in[n:]
	s.lines++
	if truthy(c.kw.sym("chomp")) {
		line = chomp(line)
	}
	return c.newStr(line)
}
