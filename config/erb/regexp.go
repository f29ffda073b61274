package erb

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/galley-kitchen/galley/config/rubyre"
)

// regexp compiles an expression. What the engine cannot do is left to a ruby.
func (in *interp) regexp(text, options string) *regex {
	re, err := rubyre.Compile(text, options)
	if err != nil {
		in.outside("the regexp feature in /" + text + "/ (" + err.Error() + ")")
	}
	in.charge(64 * (len(text) + 8))
	return &regex{Regexp: re, text: text, options: strings.Map(func(r rune) rune {
		if strings.ContainsRune("mix", r) {
			return r
		}
		return -1
	}, options)}
}

// toRegex is a pattern argument: a Regexp, or a text that stands for itself.
func (c *call) toRegex(v value) *regex {
	switch v := v.(type) {
	case *regex:
		return v
	case *str:
		if c.name != "match" && c.name != "match?" {
			return c.regexp(escapeRegexp(v.String()), "")
		}
		return c.regexp(v.String(), "")
	}
	c.raise("TypeError", "wrong argument type %s (expected Regexp)", classOf(v))
	return nil
}

// find is the first match at or behind an offset in bytes.
func (in *interp) find(re *regex, s string, from int) *match {
	in.step()
	in.steps += len(s) >> 4
	groups, err := re.Find([]rune(s), utf8.RuneCountInString(s[:from]))
	if err != nil {
		in.stop(&Error{Msg: "matching the regexp /" + re.text + "/ takes too long", Hint: "write it without nested repetition", Err: err})
	}
	if groups == nil {
		return nil
	}
	offsets := make([]int, 0, len(s)+1)
	for i := range s {
		offsets = append(offsets, i)
	}
	offsets = append(offsets, len(s))
	for i, g := range groups {
		if g[0] >= 0 {
			groups[i] = [2]int{offsets[g[0]], offsets[g[1]]}
		}
	}
	return &match{re: re, text: s, groups: groups}
}

// all are the matches in a text, one behind the other.
func (in *interp) all(re *regex, s string) []*match {
	var list []*match
	for from := 0; from <= len(s); {
		m := in.find(re, s, from)
		if m == nil {
			break
		}
		list = append(list, m)
		in.charge(64)
		if from = m.groups[0][1]; m.groups[0][0] == from {
			_, size := utf8.DecodeRuneInString(s[from:])
			from += max(size, 1)
		}
	}
	return list
}

// matchOp is =~ with a text on one side.
func (c *call) matchOp(re, text value) value {
	if _, ok := re.(*regex); !ok {
		re, text = text, re
	}
	r, ok := re.(*regex)
	if !ok {
		if _, both := text.(*str); both {
			c.raise("TypeError", "type mismatch: String given")
		}
		return nil
	}
	if c.interp.match = nil; text == nil {
		return nil
	}
	m := c.find(r, toS(text), 0)
	if c.interp.match = m; m == nil {
		return nil
	}
	return position(m.text, m.groups[0][0])
}

func (c *call) matchAgainst(re *regex, text value) value {
	c.interp.match = nil
	if text == nil {
		return nil
	}
	m := c.find(re, toS(text), 0)
	if c.interp.match = m; m == nil {
		return nil
	}
	if c.blk != nil {
		return c.yield(m)
	}
	return m
}

// all are the groups, the whole match first.
func (m *match) all() []value {
	list := []value{}
	for i := range m.groups {
		list = append(list, m.group(i))
	}
	return list
}

// get is the group of a number or name.
func (m *match) get(key value) value {
	if i, ok := key.(int64); ok {
		return m.group(int(i))
	}
	if i := slices.Index(m.re.Names, toS(key)); i >= 0 {
		return m.group(i + 1)
	}
	return nil
}

// substitute is sub and gsub.
func (c *call) substitute(all bool) string {
	if len(c.args) < 2 && c.blk == nil {
		c.outside("String#" + c.name + " without a replacement")
	}
	s := c.s()
	matches := c.all(c.toRegex(c.arg(0)), s)
	if !all && len(matches) > 1 {
		matches = matches[:1]
	}
	var b strings.Builder
	last := 0
	for _, m := range matches {
		b.WriteString(s[last:m.groups[0][0]])
		last = m.groups[0][1]
		c.interp.match = m
		switch with := c.arg(1).(type) {
		case nil:
			b.WriteString(toS(c.yield(m.group(0))))
		case *hash:
			v, _ := with.get(m.group(0))
			b.WriteString(toS(v))
		default:
			b.WriteString(m.expand(c.text(1)))
		}
		c.charge(b.Len() >> 4)
	}
	if len(matches) == 0 {
		c.interp.match = nil
	}
	return b.String() + s[last:]
}

// references matches \1, \k<name> and \\ in a replacement.
var references = regexp.MustCompile(`\\(\d|&|\\|k<(\w+)>)`)

// expand puts groups into a replacement.
func (m *match) expand(with string) string {
	return references.ReplaceAllStringFunc(with, func(s string) string {
		switch {
		case isDigit(s[1]):
			return toS(m.group(int(s[1] - '0')))
		case s[1] == 'k':
			return toS(m.get(symbol(s[3 : len(s)-1])))
		}
		return map[byte]string{'&': toS(m.group(0)), '\\': `\`}[s[1]]
	})
}

func (c *call) splitRegexp(re *regex, s string, limit int) []string {
	if s == "" {
		return nil
	}
	list := []string{}
	last := 0
	for _, m := range c.all(re, s) {
		g := m.groups[0]
		if limit > 0 && len(list) >= limit-1 {
			break
		}
		if g[0] == g[1] && (g[0] == 0 || g[0] >= len(s)) {
			continue
		}
		list = append(list, s[last:g[0]])
		for _, v := range m.all()[1:] {
			list = append(list, toS(v))
		}
		last = g[1]
	}
	list = append(list, s[last:])
	for limit == 0 && len(list) > 0 && list[len(list)-1] == "" {
		list = list[:len(list)-1]
	}
	return list
}

// toS is the expression as it stands in another one.
func (r *regex) toS() string {
	off := ""
	for _, o := range "mix" {
		if !strings.ContainsRune(r.options, o) {
			off += string(o)
		}
	}
	if off != "" {
		off = "-" + off
	}
	return "(?" + r.options + off + ":" + r.text + ")"
}

// escapeRegexp makes an expression that matches the text itself.
func escapeRegexp(s string) string {
	s = regexp.MustCompile(`[.*?+^$|\\()\[\]{}#\- ]`).ReplaceAllString(s, `\$0`)
	return strings.NewReplacer("\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s)
}

func regexpMethods(t methodTable) {
	re := func(c *call) *regex { return c.self.(*regex) }
	t.def(1, 1, func(c *call) value { return c.matchOp(c.self, c.arg(0)) }, "=~")
	t.def(1, 1, func(c *call) value { return c.matchAgainst(re(c), c.arg(0)) }, "match")
	t.def(1, 1, func(c *call) value { return c.arg(0) != nil && c.find(re(c), toS(c.arg(0)), 0) != nil }, "match?")
	t.def(1, 1, func(c *call) value {
		switch c.arg(0).(type) {
		case *str, symbol:
			return c.matchOp(c.self, c.arg(0)) != nil
		}
		return false
	}, "===")
	t.def(0, 0, func(c *call) value { return c.str(re(c).text) }, "source")
}

func regexpFunctions(t methodTable) {
	t.def(1, 2, func(c *call) value {
		return c.regexp(c.text(0), map[bool]string{true: "i"}[c.arg(1) == true || c.arg(1) == int64(1)])
	}, "new")
	t.def(1, 1, func(c *call) value { return c.str(escapeRegexp(c.text(0))) }, "escape", "quote")
	t.def(0, 1, func(c *call) value {
		if c.interp.match == nil || len(c.args) == 0 {
			return c.global("$~")
		}
		return c.interp.match.get(c.arg(0))
	}, "last_match")
}

func matchMethods(t methodTable) {
	m := func(c *call) *match { return c.self.(*match) }
	t.def(1, 1, func(c *call) value { return m(c).get(c.arg(0)) }, "[]")
	t.def(0, 0, func(c *call) value { return c.array(m(c).all()[1:]) }, "captures")
	t.def(0, 0, func(c *call) value { return c.array(m(c).all()) }, "to_a")
	t.def(0, 0, func(c *call) value { return c.str(m(c).text[:m(c).groups[0][0]]) }, "pre_match")
	t.def(0, 0, func(c *call) value { return c.str(m(c).text[m(c).groups[0][1]:]) }, "post_match")
}
