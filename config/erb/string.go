package erb

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// s is the text of the string or symbol that a method is called on.
func (c *call) s() string { return toS(c.self) }

// change sets the string that a method is called on.
func (c *call) change(s string) value {
	t := c.self.(*str)
	if t.frozen {
		c.raise("FrozenError", "can't modify frozen String: %s", quote(t.String()))
	}
	c.charge(len(s))
	t.set(s)
	return t
}

// rewrites adds a method that gives a changed copy, and the one with ! that
// changes the string and returns nil when there was nothing to change.
func (t methodTable) rewrites(least, most int, name string, fn func(c *call) string) {
	t.def(least, most, func(c *call) value { return c.str(fn(c)) }, name)
	t.def(least, most, func(c *call) value {
		if s := fn(c); s != c.s() {
			return c.change(s)
		}
		return nil
	}, name+"!")
}

const whitespace = " \t\n\v\f\r\x00"

func stringMethods(t methodTable) {
	for name, fn := range map[string]func(string) string{
		"upcase": strings.ToUpper, "downcase": strings.ToLower, "capitalize": capitalize, "reverse": reverse, "succ": succ, "next": succ,
		"strip":  func(s string) string { return strings.TrimLeft(strings.TrimRight(s, whitespace), whitespace[:6]) },
		"lstrip": func(s string) string { return strings.TrimLeft(s, whitespace[:6]) },
		"rstrip": func(s string) string { return strings.TrimRight(s, whitespace) },
	} {
		t.rewrites(0, 0, name, func(c *call) string { return fn(c.s()) })
	}
	t.rewrites(0, 1, "chomp", func(c *call) string {
		if len(c.args) > 0 {
			return strings.TrimSuffix(c.s(), c.text(0))
		}
		return chomp(c.s())
	})
	t.rewrites(2, 2, "tr", func(c *call) string { return translate(c.s(), c.text(0), c.text(1)) })
	t.rewrites(1, 1, "delete", func(c *call) string { return translate(c.s(), c.text(0), "") })
	t.rewrites(0, 0, "squeeze", func(c *call) string {
		r := []rune(c.s())
		return string(slices.Compact(r))
	})
	t.rewrites(1, 2, "gsub", func(c *call) string { return c.substitute(true) })
	t.rewrites(1, 2, "sub", func(c *call) string { return c.substitute(false) })
	t.def(1, 1, func(c *call) value { return c.str(c.s() + c.text(0)) }, "+")
	t.def(0, 0, func(c *call) value { return copyOf(c.self) }, "+@", "dup", "b", "encode", "scrub")
	t.def(1, 1, func(c *call) value { return c.self }, "force_encoding", "unicode_normalize")
	t.def(1, 1, func(c *call) value {
		n := c.int(0)
		if n < 0 {
			c.raise("ArgumentError", "argument must be non-negative")
		}
		c.charge(min(len(c.s()), maxBytes) * min(n, maxBytes))
		return c.str(strings.Repeat(c.s(), n))
	}, "*")
	t.def(1, 1, func(c *call) value {
		if l, ok := c.arg(0).(*array); ok {
			return c.str(c.format(c.s(), l.e))
		}
		return c.str(c.format(c.s(), c.args))
	}, "%")
	t.def(1, 1, func(c *call) value {
		self := c.self.(*str)
		if self.frozen {
			c.change("")
		}
		c.charge(len(c.text(0)))
		self.tail = append(self.tail, c.text(0)...)
		return self
	}, "<<")
	t.def(1, 1, func(c *call) value { return c.change(c.text(0)) }, "replace")
	t.def(0, 0, func(c *call) value { return int64(utf8.RuneCountInString(c.s())) }, "length", "size")
	t.def(0, 0, func(c *call) value { return int64(len(c.s())) }, "bytesize")
	t.def(0, -1, func(c *call) value {
		return slices.ContainsFunc(c.args, func(a value) bool {
			if re, ok := a.(*regex); ok {
				m := c.find(re, c.s(), 0)
				return m != nil && m.groups[0][0] == 0
			}
			return strings.HasPrefix(c.s(), c.textOf(a))
		})
	}, "start_with?")
	t.def(0, -1, func(c *call) value {
		return slices.ContainsFunc(c.args, func(a value) bool { return strings.HasSuffix(c.s(), c.textOf(a)) })
	}, "end_with?")
	t.def(1, 1, func(c *call) value { return strings.Contains(c.s(), c.text(0)) }, "include?")
	t.def(1, 1, func(c *call) value {
		return int64(utf8.RuneCountInString(c.s()) - utf8.RuneCountInString(translate(c.s(), c.text(0), "")))
	},
		"count")
	t.def(1, 2, func(c *call) value { return c.slice() }, "[]", "slice")
	t.def(1, 1, func(c *call) value {
		if re, ok := c.arg(0).(*regex); ok {
			return c.matchOp(re, c.self)
		}
		return position(c.s(), strings.Index(c.s(), c.text(0)))
	}, "index")
	t.def(1, 1, func(c *call) value { return position(c.s(), strings.LastIndex(c.s(), c.text(0))) }, "rindex")
	t.def(0, 0, func(c *call) value { return c.strings(strings.Split(c.s(), "")) }, "chars")
	t.def(0, 0, func(c *call) value { return c.strings(c.lines(c.s())) }, "lines")
	t.def(0, 2, func(c *call) value { return c.strings(c.split()) }, "split")
	t.def(0, 0, func(c *call) value { return c.self }, "to_s", "to_str")
	t.def(0, 0, func(c *call) value { return symbol(c.s()) }, "to_sym", "intern")
	t.def(0, 1, func(c *call) value {
		base := 10
		if len(c.args) > 0 {
			base = c.int(0)
		}
		return c.exact(leadingInt(c.s(), base))
	}, "to_i")
	t.def(0, 0, func(c *call) value { return leadingFloat(c.s()) }, "to_f")
	t.def(1, 1, func(c *call) value { return c.matchOp(c.arg(0), c.self) }, "=~")
	t.def(1, 1, func(c *call) value { return c.matchAgainst(c.toRegex(c.arg(0)), c.self) }, "match")
	t.def(1, 1, func(c *call) value { return c.find(c.toRegex(c.arg(0)), c.s(), 0) != nil }, "match?")
	t.def(1, 1, func(c *call) value {
		list := []value{}
		for _, m := range c.all(c.toRegex(c.arg(0)), c.s()) {
			item := m.group(0)
			if len(m.groups) > 1 {
				item = newArray(m.all()[1:]...)
			}
			if c.interp.match = m; c.blk != nil {
				c.yield(item)
			}
			list = append(list, item)
		}
		if c.blk != nil {
			return c.self
		}
		return c.array(list)
	}, "scan")
}

// position is the number of the character at an offset, nil for a negative one.
func position(s string, offset int) value {
	if offset < 0 {
		return nil
	}
	return int64(utf8.RuneCountInString(s[:offset]))
}

// lines are the lines of a text; with chomp: true without their ends.
func (c *call) lines(text string) []string {
	lines := slices.Collect(strings.Lines(text))
	for i := range lines {
		if truthy(c.option("chomp")) {
			lines[i] = chomp(lines[i])
		}
	}
	return lines
}

// slice is text[…].
func (c *call) slice() value {
	s := c.s()
	switch a := c.arg(0).(type) {
	case *str:
		if strings.Contains(s, a.String()) {
			return c.str(a.String())
		}
		return nil
	case *regex:
		m := c.find(a, s, 0)
		if c.interp.match = m; m == nil {
			return nil
		}
		if len(c.args) > 1 {
			return m.get(c.arg(1))
		}
		return m.group(0)
	}
	c.steps += len(s) >> 4
	r := strings.Split(s, "")
	start, n, ok := c.span(len(r))
	if _, isInt := c.arg(0).(int64); !ok || isInt && len(c.args) == 1 && start == len(r) {
		return nil
	}
	return c.str(strings.Join(r[start:start+n], ""))
}

// split is String#split.
func (c *call) split() []string {
	s, limit, text := c.s(), 0, " "
	if c.blk != nil {
		c.outside("String#split with a block")
	}
	if len(c.args) > 1 {
		limit = c.int(1)
	}
	if re, ok := c.arg(0).(*regex); ok {
		return c.splitRegexp(re, s, limit)
	} else if c.arg(0) != nil {
		text = c.text(0)
	}
	var list []string
	switch {
	case text == " " && limit == 0:
		return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(whitespace, r) })
	case text == " " && limit != 0:
		c.outside("String#split at white space with a limit")
	case limit > 0:
		list = strings.SplitN(s, text, limit)
	default:
		list = strings.Split(s, text)
	}
	for len(list) > 0 && list[len(list)-1] == "" && (limit == 0 || s == "") {
		list = list[:len(list)-1]
	}
	return list
}

func chomp(s string) string {
	if t, ok := strings.CutSuffix(s, "\n"); ok {
		return strings.TrimSuffix(t, "\r")
	}
	return strings.TrimSuffix(s, "\r")
}

func capitalize(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToTitle(s[:n]) + strings.ToLower(s[n:])
}

func reverse(s string) string {
	l := strings.Split(s, "")
	slices.Reverse(l)
	return strings.Join(l, "")
}

// succs are the last letter or digit of each kind, with what it turns to.
const succs = "zaZA90"

// succ is the text that follows: its last letter or digit goes on by one, with a
// carry to those before it.
func succ(s string) string {
	b, last := []byte(s), -1
	for i := len(b) - 1; i >= 0; i-- {
		if !isIdentByte(b[i]) || b[i] == '_' || b[i] >= utf8.RuneSelf {
			continue
		}
		k := strings.IndexByte(succs, b[i])
		if last = i; k < 0 || k%2 == 1 {
			b[i]++
			return string(b)
		}
		b[i] = succs[k+1]
	}
	if last < 0 {
		return s
	}
	return string(b[:last]) + strings.Replace(string(b[last:last+1]), "0", "1", 1) + string(b[last:])
}

// leading matches the number at the start of a text.
var leading = regexp.MustCompile(`^[-+]?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][-+]?[0-9]+)?`)

func leadingFloat(s string) float64 {
	f, err := strconv.ParseFloat(leading.FindString(strings.ReplaceAll(strings.TrimLeft(s, whitespace), "_", "")), 64)
	if err != nil {
		return 0
	}
	return f
}

// leadingInt is the integer at the start of a text, 0 without one; fits is false
// when it is too large.
func leadingInt(s string, base int) (n int64, fits bool) {
	s = strings.ReplaceAll(strings.TrimLeft(s, whitespace), "_", "")
	if base == 16 {
		s = strings.TrimPrefix(s, "0x")
	}
	for end := min(len(s), 40); end > 0; end-- {
		n, err := strconv.ParseInt(s[:end], base, 64)
		if err == nil || strings.HasSuffix(err.Error(), "out of range") {
			return n, err == nil
		}
	}
	return 0, true
}

// translate is tr: characters of one set become those of another, or vanish. A set
// may hold ranges, and start with ^ for all other characters.
func translate(s, from, to string) string {
	set, with := charSet(strings.TrimPrefix(from, "^")), charSet(to)
	negated := strings.HasPrefix(from, "^") && len(from) > 1
	return strings.Map(func(r rune) rune {
		i := slices.Index(set, r)
		switch {
		case i < 0 != negated:
			return r
		case len(with) == 0:
			return -1
		case negated:
			i = len(with)
		}
		return with[min(i, len(with)-1)]
	}, s)
}

func charSet(spec string) []rune {
	r, set := []rune(spec), []rune{}
	for i := 0; i < len(r); i++ {
		set = append(set, r[i])
		if i+2 < len(r) && r[i+1] == '-' && r[i+2]-r[i] < 1<<12 {
			for ch := r[i] + 1; ch <= r[i+2]; ch++ {
				set = append(set, ch)
			}
			i += 2
		}
	}
	return set
}
