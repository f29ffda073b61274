package erb

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// regex is a Regexp, as far as Go's own engine means the same by it.
type regex struct {
	*regexp.Regexp
	text, options string
}

// match is a MatchData: the groups' ranges in bytes, as package regexp gives them.
type match struct {
	re     *regex
	text   string
	groups []int
}

// onlyRuby matches in expressions what Go's engine would read otherwise: classes in each
// other, {,n}, flags within an expression, \Q. Lookaround and back references it refuses.
var onlyRuby = lazyregexp.New(`\[[^\]]*(\[|&&|\\h)|\{,|\(\?[imxsU-]*[mxsU]|\\Q`)

// plainGroup matches the start of a group without a name, which in Ruby takes nothing beside groups with names.
var plainGroup = lazyregexp.New(`(^|[^\\])\(($|[^?])`)

// regexp compiles an expression. What the engine cannot do is left to a ruby.
func (e *Evaluator) regexp(text, options string) *regex {
	options = strings.Trim(options, "ounse")
	re, err := regexp.Compile("(?m" + strings.ReplaceAll(options, "m", "s") + ")" + hexDigits.Replace(text))
	if err != nil || strings.Contains(options, "x") || onlyRuby().MatchString(text) ||
		strings.Contains(text, "(?<") && plainGroup().MatchString(text) {
		e.outside("the regexp /" + text + "/" + options)
	}
	e.charge(64 * (len(text) + 8))
	return &regex{Regexp: re, text: text, options: options}
}

// hexDigits writes a class of Ruby's that Go's engine lacks.
var hexDigits = strings.NewReplacer(`\\`, `\\`, `\h`, `[0-9a-fA-F]`)

// find is the first match, and $~ from then on.
func (e *Evaluator) find(re *regex, s string) *match {
	e.match = nil
	if list := e.matches(re, s, 1); len(list) > 0 {
		e.match = list[0]
	}
	return e.match
}

// matches are the first n matches in a text, one behind the other; all for -1.
func (e *Evaluator) matches(re *regex, s string, n int) []*match {
	e.step()
	e.steps += len(s) >> 4
	ascii := !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
	if strings.Contains(s, "\v") || !ascii && strings.Contains(strings.ToLower(re.text), `\b`) {
		e.outside("the regexp /" + re.text + "/ for such a text")
	}
	var list []*match
	empty := 0
	for _, groups := range re.FindAllStringSubmatchIndex(s, n) {
		if groups[0] == groups[1] {
			empty++
			if groups[0] == len(s) && strings.HasSuffix(s, "\n") && strings.Contains(re.text, "^") {
				break // which in Ruby is no start of a line
			}
		}
		e.charge(64)
		list = append(list, &match{re: re, text: s, groups: groups})
	}
	if empty > 0 && empty < len(list) { // an empty match may touch another one in Ruby
		e.outside("the regexp /" + re.text + "/, which matches some empty texts")
	}
	return list
}

// pattern is an argument that is a Regexp, or a text that stands for itself.
func (c *call) pattern(i int) *regex {
	if re, ok := c.arg(i).(*regex); ok {
		return re
	}
	text := c.text(i)
	return &regex{Regexp: regexp.MustCompile(regexp.QuoteMeta(text))}
}

// group is a group by its number or name.
func (m *match) group(key value) value {
	n := len(m.groups) / 2
	i, ok := key.(int64)
	if !ok {
		if i = int64(m.re.SubexpIndex(toS(key))); i < 0 {
			return nil
		}
	} else if i < 0 {
		i += int64(n)
	}
	if i < 0 || int(i) >= n || m.groups[2*i] < 0 {
		return nil
	}
	return &str{s: m.text[m.groups[2*i]:m.groups[2*i+1]]}
}

// all are the groups, the whole match first.
func (m *match) all() []value {
	list := []value{}
	for i := range len(m.groups) / 2 {
		list = append(list, m.group(int64(i)))
	}
	return list
}

// substitute is sub, with n 1, and gsub, with n -1.
func (c *call) substitute(n int) value {
	if len(c.args) < 2 && c.blk == nil {
		c.outside("String#" + c.name + " without a replacement")
	}
	s, last := c.s(), 0
	var b strings.Builder
	for _, m := range c.matches(c.pattern(0), s, n) {
		b.WriteString(s[last:m.groups[0]])
		last = m.groups[1]
		c.Evaluator.match = m
		switch {
		case c.arg(1) == nil:
			b.WriteString(toS(c.yield(m.group(int64(0)))))
		case strings.Contains(c.text(1), `\k<`):
			c.outside("a named group in a replacement")
		default:
			b.WriteString(m.expand(c.text(1)))
		}
		c.charge(b.Len() >> 4)
	}
	return c.str(b.String() + s[last:])
}

// references matches \1, \0, \& and \\ in a replacement.
var references = lazyregexp.New(`\\(\d|&|\\)`)

// expand puts groups into a replacement.
func (m *match) expand(with string) string {
	return references().ReplaceAllStringFunc(with, func(s string) string {
		switch {
		case s[1] == '\\':
			return `\`
		case s[1] == '&':
			return toS(m.group(int64(0)))
		}
		return toS(m.group(int64(s[1] - '0')))
	})
}

func regexpMethods(t methodTable) {
	match := func(c *call) *match {
		c.Evaluator.match = nil
		_, isSymbol := c.arg(0).(symbol)
		if _, isText := c.arg(0).(*str); !isText && !isSymbol {
			return nil
		}
		return c.find(c.self.(*regex), toS(c.arg(0)))
	}
	t.def(1, 1, func(c *call) value { return position(match(c)) }, "=~")
	t.def(1, 1, func(c *call) value {
		if c.blk != nil {
			c.outside("match with a block")
		} else if m := match(c); m != nil {
			return m
		}
		return nil
	}, "match")
	t.def(1, 1, func(c *call) value { return match(c) != nil }, "match?", "===")
	t.def(0, 0, func(c *call) value { return c.str(c.self.(*regex).text) }, "source")
}

// position is the number of the character at which a match starts, nil for none.
func position(m *match) value {
	if m == nil {
		return nil
	}
	return int64(utf8.RuneCountInString(m.text[:m.groups[0]]))
}

func matchMethods(t methodTable) {
	t.def(1, 1, func(c *call) value { return c.self.(*match).group(c.arg(0)) }, "[]")
	t.def(0, 0, func(c *call) value { return c.array(c.self.(*match).all()[1:]) }, "captures")
	t.def(0, 0, func(c *call) value { return c.array(c.self.(*match).all()) }, "to_a")
}
