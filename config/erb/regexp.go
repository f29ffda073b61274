package erb

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/galley-kitchen/galley/config/rubyre"
)

type regex struct {
	*rubyre.Regexp
	text, options string
}

// match is a MatchData: the ranges of its groups in bytes.
type match struct {
	re     *regex
	text   string
	groups [][2]int
}

// regexp compiles an expression. What the engine cannot do is left to a ruby.
func (in *interp) regexp(text, options string) *regex {
	re, err := rubyre.Compile(text, options)
	if err != nil {
		in.outside("the regexp feature in /" + text + "/ (" + err.Error() + ")")
	}
	in.charge(64 * (len(text) + 8))
	return &regex{Regexp: re, text: text, options: strings.Trim(options, "ounse")}
}

// find is the first match at or behind an offset in bytes, and $~ from then on.
func (in *interp) find(re *regex, s string, from int) *match {
	in.step()
	in.steps += len(s) >> 4
	in.match = nil
	groups, err := re.Find([]rune(s), utf8.RuneCountInString(s[:from]))
	if err != nil {
		in.stop(&Error{Msg: "matching the regexp /" + re.text + "/ takes too long", Hint: "write it without nested repetition", Err: err})
	} else if groups == nil {
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
	in.match = &match{re: re, text: s, groups: groups}
	return in.match
}

// all are the matches in a text, one behind the other.
func (in *interp) all(re *regex, s string) []*match {
	var list []*match
	for from := 0; from <= len(s); {
		m := in.find(re, s, from)
		if m == nil {
			break
		}
		in.charge(64)
		list = append(list, m)
		if from = m.groups[0][1]; m.groups[0][0] == from {
			_, size := utf8.DecodeRuneInString(s[from:])
			from += max(size, 1)
		}
	}
	return list
}

// pattern is an argument that is a Regexp, or a text that stands for itself.
func (c *call) pattern(i int) *regex {
	if re, ok := c.arg(i).(*regex); ok {
		return re
	}
	return c.regexp(escapeRegexp(c.text(i)), "")
}

// group is a group by its number or name.
func (m *match) group(key value) value {
	i, ok := key.(int64)
	if !ok {
		i = int64(slices.Index(m.re.Names, toS(key)) + 1)
		if i == 0 {
			return nil
		}
	} else if i < 0 {
		i += int64(len(m.groups))
	}
	if i < 0 || int(i) >= len(m.groups) || m.groups[i][0] < 0 {
		return nil
	}
	return &str{s: m.text[m.groups[i][0]:m.groups[i][1]]}
}

// all are the groups, the whole match first.
func (m *match) all() []value {
	list := []value{}
	for i := range m.groups {
		list = append(list, m.group(int64(i)))
	}
	return list
}

// substitute is sub and gsub.
func (c *call) substitute(all bool) string {
	if len(c.args) < 2 && c.blk == nil {
		c.outside("String#" + c.name + " without a replacement")
	}
	s, last := c.s(), 0
	matches := c.all(c.pattern(0), s)
	if !all && len(matches) > 1 {
		matches = matches[:1]
	}
	var b strings.Builder
	for _, m := range matches {
		b.WriteString(s[last:m.groups[0][0]])
		last = m.groups[0][1]
		c.interp.match = m
		switch with := c.arg(1).(type) {
		case nil:
			b.WriteString(toS(c.yield(m.group(int64(0)))))
		case *hash:
			v, _ := with.get(m.group(int64(0)))
			b.WriteString(toS(v))
		default:
			b.WriteString(m.expand(c.text(1)))
		}
		c.charge(b.Len() >> 4)
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
			return toS(m.group(int64(s[1] - '0')))
		case s[1] == 'k':
			return toS(m.group(symbol(s[3 : len(s)-1])))
		}
		return map[byte]string{'&': toS(m.group(int64(0))), '\\': `\`}[s[1]]
	})
}

// toS is the expression as it stands in another one.
func (r *regex) toS() string {
	off := strings.Map(func(o rune) rune {
		if strings.ContainsRune(r.options, o) {
			return -1
		}
		return o
	}, "mix")
	return strings.Replace("(?"+r.options+"-"+off+":"+r.text+")", "-:", ":", 1)
}

// escapeRegexp makes an expression that matches the text itself.
func escapeRegexp(s string) string {
	s = regexp.MustCompile(`[.*?+^$|\\()\[\]{}#\- ]`).ReplaceAllString(s, `\$0`)
	return strings.NewReplacer("\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s)
}

func regexpMethods(t methodTable) {
	re := func(c *call) *regex { return c.self.(*regex) }
	t.def(1, 1, func(c *call) value {
		if c.interp.match = nil; c.arg(0) == nil {
			return nil
		}
		return position(c.find(re(c), toS(c.arg(0)), 0))
	}, "=~")
	t.def(1, 1, func(c *call) value {
		if c.interp.match = nil; c.arg(0) == nil || c.find(re(c), toS(c.arg(0)), 0) == nil {
			return nil
		} else if c.blk != nil {
			return c.yield(c.interp.match)
		}
		return c.interp.match
	}, "match")
	t.def(1, 1, func(c *call) value {
		_, isText := c.arg(0).(*str)
		_, isSymbol := c.arg(0).(symbol)
		return (isText || isSymbol) && c.find(re(c), toS(c.arg(0)), 0) != nil
	}, "match?", "===")
	t.def(0, 0, func(c *call) value { return c.str(re(c).text) }, "source")
}

// position is the number of the character at which a match starts, nil for none.
func position(m *match) value {
	if m == nil {
		return nil
	}
	return int64(utf8.RuneCountInString(m.text[:m.groups[0][0]]))
}

func regexpFunctions(t methodTable) {
	t.def(1, 2, func(c *call) value {
		return c.regexp(c.text(0), map[bool]string{true: "i"}[c.arg(1) == true || c.arg(1) == int64(1)])
	}, "new")
	t.def(1, 1, func(c *call) value { return c.str(escapeRegexp(c.text(0))) }, "escape", "quote")
}

func matchMethods(t methodTable) {
	m := func(c *call) *match { return c.self.(*match) }
	t.def(1, 1, func(c *call) value { return m(c).group(c.arg(0)) }, "[]")
	t.def(0, 0, func(c *call) value { return c.array(m(c).all()[1:]) }, "captures")
	t.def(0, 0, func(c *call) value { return c.array(m(c).all()) }, "to_a")
	t.def(0, 0, func(c *call) value { return c.str(m(c).text[:m(c).groups[0][0]]) }, "pre_match")
	t.def(0, 0, func(c *call) value { return c.str(m(c).text[m(c).groups[0][1]:]) }, "post_match")
}
