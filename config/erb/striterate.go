package erb

import (
	"fmt"
	"strings"
)

// stringIteration adds each_char and its like.
func stringIteration(t methodTable) {
	each := func(split func(c *call) []string) func(c *call) value {
		return func(c *call) value {
			if c.blk == nil {
				return c.enum()
			}
			for _, s := range split(c) {
				c.vm.tick()
				c.yield(newStr(s))
			}
			return c.self
		}
	}
	all := func(split func(c *call) []string) func(c *call) value {
		return func(c *call) value {
			list := split(c)
			c.vm.chargeElems(3 * len(list))
			if c.blk != nil {
				for _, s := range list {
					c.yield(newStr(s))
				}
				return c.self
			}
			return strList(list)
		}
	}
	charsOf := func(c *call) []string { return chars(c.s().b) }
	t.add(each(charsOf), 0, 0, "each_char", "each_grapheme_cluster")
	t.add(all(charsOf), 0, 0, "chars", "grapheme_clusters")
	t.addKw(each(linesOf), 0, 1, "each_line")
	t.addKw(all(linesOf), 0, 1, "lines")
	t.add(strBytes, 0, 0, "bytes")
	t.add(func(c *call) value {
		if c.blk == nil {
			return c.enum()
		}
		for _, b := range c.s().b {
			c.yield(int64(b))
		}
		return c.self
	}, 0, 0, "each_byte")
	t.add(func(c *call) value {
		out := &array{}
		for _, r := range c.text() {
			out.elems = append(out.elems, int64(r))
		}
		c.vm.chargeElems(len(out.elems))
		return out
	}, 0, 0, "codepoints")
	t.add(strUpto, 1, 2, "upto")
}

func strBytes(c *call) value {
	out := make([]value, len(c.s().b))
	for i, b := range c.s().b {
		out[i] = int64(b)
	}
	return c.list(out)
}

// linesOf splits a string into lines with their ends.
func linesOf(c *call) []string {
	sep := "\n"
	if len(c.args) > 0 {
		if c.args[0] == nil {
			return []string{c.text()}
		}
		sep = c.str(0)
	}
	lines := splitLines(c.text(), sep)
	if truthy(c.kw.sym("chomp")) {
		for i, l := range lines {
			if sep == "\n" {
				lines[i] = chomp(l)
			} else {
				lines[i] = strings.TrimSuffix(l, sep)
			}
		}
	}
	return lines
}

func splitLines(s, sep string) []string {
	if sep == "" {
		return splitParagraphs(s)
	}
	lines := strings.SplitAfter(s, sep)
	if len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func splitParagraphs(s string) []string {
	var out []string
	for s != "" {
		i := strings.Index(s, "\n\n")
		if i < 0 {
			return append(out, s)
		}
		out = append(out, s[:i+2])
		s = strings.TrimLeft(s[i:], "\n")
	}
	return out
}

func strUpto(c *call) value {
	if c.blk == nil {
		return c.enum()
	}
	c.vm.strRange(c.text(), c.str(0), truthy(c.arg(1)), func(s string) bool {
		c.yield(newStr(s))
		return true
	})
	return c.self
}

// strRange counts from a string to another with succ.
func (vm *vm) strRange(from, to string, excl bool, fn func(string) bool) {
	if x, ok := wholeNumber(from); ok {
		if y, ok := wholeNumber(to); ok {
			for n := x; n < y || n == y && !excl; n++ {
				vm.tick()
				if !fn(fmt.Sprintf("%0*d", len(from), n)) {
					return
				}
			}
			return
		}
	}
	if len(from) > len(to) || from > to && len(from) == len(to) {
		return
	}
	for s := from; ; s = succ(s) {
		vm.tick()
		vm.charge(len(s))
		if len(s) > len(to) || s == to && excl {
			return
		}
		if !fn(s) || s == to {
			return
		}
	}
}

func wholeNumber(s string) (int64, bool) {
	if s == "" || len(s) > 17 {
		return 0, false
	}
	var n int64
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}
