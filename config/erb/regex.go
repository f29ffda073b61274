package erb

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
)

// regexFlags are the options of a Ruby regexp, with Ruby's numbers.
type regexFlags int

const (
	regexIgnoreCase regexFlags = 1
	regexExtended   regexFlags = 2
	regexMultiline  regexFlags = 4
)

// regex is a Ruby regexp.
type regex struct {
	source string
	flags  regexFlags
	re     *regexp2.Regexp
	names  []string
}

func parseRegexFlags(s string) regexFlags {
	var f regexFlags
	for _, c := range s {
		switch c {
		case 'i':
			f |= regexIgnoreCase
		case 'x':
			f |= regexExtended
		case 'm':
			f |= regexMultiline
		}
	}
	return f
}

// newRegex compiles a Ruby regexp.
func newRegex(source string, flags regexFlags) (*regex, error) {
	text, names, err := translateRegex(source, flags)
	if err != nil {
		return nil, err
	}
	opts := regexp2.RegexOptions(regexp2.None)
	if flags&regexIgnoreCase != 0 {
		opts |= regexp2.IgnoreCase
	}
	if flags&regexMultiline != 0 {
		opts |= regexp2.Singleline
	}
	if len(names) > 0 {
		opts |= regexp2.ExplicitCapture
	}
	re, err := regexp2.Compile(text, opts)
	if err != nil {
		return nil, unsupportedRegex{"/" + source + "/"}
	}
	re.MatchTimeout = maxMatch * time.Millisecond
	return &regex{source: source, flags: flags, re: re, names: names}, nil
}

// compileRegex compiles text met while running; the result is kept.
func (vm *vm) compileRegex(source string, flags regexFlags) *regex {
	if len(source) > maxRegex {
		vm.charge(maxString + 1)
	}
	key := string(rune('0'+flags)) + source
	if re, ok := vm.regexps[key]; ok {
		return re
	}
	vm.steps += 200 + len(source)
	vm.charge(len(source) * 64)
	re, err := newRegex(source, flags)
	if err != nil {
		if isUnsupportedRegex(err) {
			vm.outside(err.(unsupportedRegex).what)
		}
		vm.raise("RegexpError", "%s", err)
	}
	vm.regexps[key] = re
	return re
}

// unicodeProperty is the canonical name of a general category or script.
func unicodeProperty(name string) (string, bool) {
	for _, table := range []map[string]*unicode.RangeTable{unicode.Categories, unicode.Scripts} {
		for k := range table {
			if strings.EqualFold(k, name) {
				return k, true
			}
		}
	}
	long := map[string]string{"letter": "L", "mark": "M", "number": "N", "punctuation": "P", "symbol": "S", "separator": "Z", "other": "C"}
	v, ok := long[strings.ToLower(name)]
	return v, ok
}

// String is Regexp#to_s, which keeps the options when put into another regexp.
func (r *regex) String() string {
	on, off := "", ""
	for _, f := range []struct {
		flag regexFlags
		name string
	}{{regexMultiline, "m"}, {regexIgnoreCase, "i"}, {regexExtended, "x"}} {
		if r.flags&f.flag != 0 {
			on += f.name
		} else {
			off += f.name
		}
	}
	if off != "" {
		off = "-" + off
	}
	return "(?" + on + off + ":" + r.source + ")"
}

func (r *regex) inspect() string {
	s := "/" + strings.ReplaceAll(strings.ReplaceAll(r.source, `\/`, "/"), "/", `\/`) + "/"
	for _, f := range []struct {
		flag regexFlags
		name string
	}{{regexMultiline, "m"}, {regexIgnoreCase, "i"}, {regexExtended, "x"}} {
		if r.flags&f.flag != 0 {
			s += f.name
		}
	}
	return s
}

// match is a MatchData.
type match struct {
	re     *regex
	s      string
	groups []span // byte offsets; start -1 for a group that took no part
}

func (m *match) group(i int) (string, bool) {
	if i < 0 || i >= len(m.groups) || m.groups[i].start < 0 {
		return "", false
	}
	return m.s[m.groups[i].start:m.groups[i].end], true
}

// groupValue is group i as a value: nil when it took no part.
func (m *match) groupValue(i int) value {
	if s, ok := m.group(i); ok {
		return newStr(s)
	}
	return nil
}

func (m *match) pre() string  { return m.s[:m.groups[0].start] }
func (m *match) post() string { return m.s[m.groups[0].end:] }

// subject is a string being matched, with the way from characters to bytes.
type subject struct {
	s     string
	runes []rune
	off   []int // byte offset of each character and of the end; nil for ASCII
}

func newSubject(s string) *subject {
	sub := &subject{s: s, runes: make([]rune, 0, len(s))}
	if isASCII([]byte(s)) {
		for i := 0; i < len(s); i++ {
			sub.runes = append(sub.runes, rune(s[i]))
		}
		return sub
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		sub.runes = append(sub.runes, r)
		sub.off = append(sub.off, i)
		i += n
	}
	sub.off = append(sub.off, len(s))
	return sub
}

func (s *subject) byteOf(char int) int {
	if s.off == nil {
		return char
	}
	return s.off[char]
}

// search looks for a match from a character on.
func (vm *vm) search(re *regex, sub *subject, from int) *match {
	if from > len(sub.runes) {
		return nil
	}
	vm.tick()
	vm.steps += len(sub.runes) >> 7
	start := time.Now()
	m, err := re.re.FindRunesMatchStartingAt(sub.runes, from)
	vm.matching += time.Since(start)
	if err != nil || vm.matching > 3*maxMatch*time.Millisecond {
		vm.stop(&Error{Msg: "matching the regexp " + re.inspect() + " takes too long", Hint: "simplify the regexp: nested repetitions such as (a+)+ take exponential time"})
	}
	if m == nil {
		return nil
	}
	out := &match{re: re, s: sub.s}
	for _, g := range m.Groups() {
		if len(g.Captures) == 0 {
			out.groups = append(out.groups, span{-1, -1})
			continue
		}
		out.groups = append(out.groups, span{sub.byteOf(g.Index), sub.byteOf(g.Index + g.Length)})
	}
	return out
}

// matchAt matches a string from a character on.
func (vm *vm) matchAt(re *regex, s string, from int) *match {
	vm.charge(len(s) * 5)
	return vm.search(re, newSubject(s), from)
}

// eachMatch calls fn for each match that does not overlap the one before; fn
// says whether to go on.
func (vm *vm) eachMatch(re *regex, s string, fn func(m *match) bool) {
	vm.charge(len(s) * 5)
	sub := newSubject(s)
	pos := 0
	for {
		m := vm.search(re, sub, pos)
		if m == nil || !fn(m) {
			return
		}
		end := charLen([]byte(s[:m.groups[0].end]))
		if sub.off == nil {
			end = m.groups[0].end
		}
		if m.groups[0].start == m.groups[0].end {
			end++
		}
		if end > len(sub.runes) {
			return
		}
		pos = end
	}
}

// nthRef is $1 and its like.
func nthRef(m *match, n *nthRefNode) value {
	if m == nil {
		return nil
	}
	switch n.name {
	case "$&":
		return m.groupValue(0)
	case "$`":
		return newStr(m.pre())
	case "$'":
		return newStr(m.post())
	case "$+":
		for i := len(m.groups) - 1; i > 0; i-- {
			if v := m.groupValue(i); v != nil {
				return v
			}
		}
		return nil
	}
	return m.groupValue(n.n)
}

// groupNumber resolves a group given by number or name.
func (vm *vm) groupNumber(m *match, key value) int {
	name := ""
	switch k := key.(type) {
	case *str:
		name = string(k.b)
	case symbol:
		name = string(k)
	default:
		n := vm.toInt(key)
		if n < 0 {
			n += len(m.groups)
		}
		return n
	}
	for i, n := range m.re.names {
		if n == name {
			return i + 1
		}
	}
	vm.raise("IndexError", "undefined group name reference: %s", name)
	return 0
}

func (vm *vm) group(m *match, key value) value { return m.groupValue(vm.groupNumber(m, key)) }

// setMatch sets $~ for the caller.
func (c *call) setMatch(m *match) *match {
	c.f.act.match = m
	return m
}

func matchOrNil(m *match) value {
	if m == nil {
		return nil
	}
	return m
}

// pattern converts an argument to a regexp; a string matches itself.
func (c *call) pattern(v value) *regex {
	switch v := v.(type) {
	case *regex:
		return v
	case *str:
		return c.vm.compileRegex(escapeRegex(string(v.b)), 0)
	}
	c.vm.typeError("wrong argument type %s (expected Regexp)", c.vm.typeName(v))
	return nil
}

// escapeRegex is Regexp.escape.
func escapeRegex(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		case '\r':
			b.WriteString(`\r`)
		case '\f':
			b.WriteString(`\f`)
		case '\v':
			b.WriteString(`\v`)
		case '.', '*', '?', '+', '^', '$', '|', '\\', '(', ')', '[', ']', '{', '}', '-', ' ', '#':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func regexpMethods(t methodTable) {
	re := func(c *call) *regex { return c.self.(*regex) }
	t.add(func(c *call) value { return newStr(re(c).source) }, 0, 0, "source")
	t.add(func(c *call) value { return newStr(re(c).String()) }, 0, 0, "to_s")
	t.add(func(c *call) value { return newStr(re(c).inspect()) }, 0, 0, "inspect")
	t.add(func(c *call) value { return int64(re(c).flags) }, 0, 0, "options")
	t.add(func(c *call) value { return re(c).flags&regexIgnoreCase != 0 }, 0, 0, "casefold?")
	t.add(func(c *call) value { return strList(re(c).names) }, 0, 0, "names")
	t.add(func(c *call) value { return c.vm.equal(c.self, c.args[0]) }, 1, 1, "==", "eql?")
	t.add(func(c *call) value { return c.vm.caseEq(c.f, c.self, c.args[0]) }, 1, 1, "===")
	t.add(func(c *call) value { return c.matchOp(re(c), c.args[0]) }, 1, 1, "=~")
	t.add(func(c *call) value { return c.matchMethod(re(c), c.args[0]) }, 1, 2, "match")
	t.add(func(c *call) value {
		s, ok := matchable(c, c.args[0])
		return ok && c.vm.matchAt(re(c), s, c.optInt(1, 0)) != nil
	}, 1, 2, "match?")
	t.add(func(c *call) value { return true }, 0, 0, "frozen?")
}

// matchable is the text that a regexp is matched against; nil matches nothing.
func matchable(c *call, v value) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case symbol:
		return string(v), true
	}
	return string(c.vm.toStr(v).b), true
}

// matchOp is =~: the character position of the match.
func (c *call) matchOp(re *regex, v value) value {
	s, ok := matchable(c, v)
	if !ok {
		c.setMatch(nil)
		return nil
	}
	m := c.setMatch(c.vm.matchAt(re, s, 0))
	if m == nil {
		return nil
	}
	return int64(charLen([]byte(m.pre())))
}

// matchMethod is match: the MatchData, handed to the block if there is one.
func (c *call) matchMethod(re *regex, v value) value {
	s, ok := matchable(c, v)
	if !ok {
		c.setMatch(nil)
		return nil
	}
	from := c.optInt(1, 0)
	if from < 0 {
		from += charLen([]byte(s))
	}
	var m *match
	if from >= 0 {
		m = c.vm.matchAt(re, s, from)
	}
	c.setMatch(m)
	if m != nil && c.blk != nil {
		return c.yield(m)
	}
	return matchOrNil(m)
}

func regexpClassMethods(t methodTable) {
	t.add(func(c *call) value {
		if r, ok := c.args[0].(*regex); ok {
			return r
		}
		var f regexFlags
		switch o := c.arg(1).(type) {
		case int64:
			f = regexFlags(o & 7)
		case *str:
			f = parseRegexFlags(string(o.b))
		default:
			if truthy(o) {
				f = regexIgnoreCase
			}
		}
		return c.vm.compileRegex(c.str(0), f)
	}, 1, 3, "new", "compile")
	t.add(func(c *call) value {
		s, _ := matchable(c, c.args[0])
		return c.newStr(escapeRegex(s))
	}, 1, 1, "escape", "quote")
	t.add(regexpUnion, 0, -1, "union")
	t.add(func(c *call) value {
		m := c.f.act.match
		if m == nil {
			return nil
		}
		if len(c.args) == 0 {
			return m
		}
		return c.vm.group(m, c.args[0])
	}, 0, 1, "last_match")
}

func regexpUnion(c *call) value {
	args := c.args
	if len(args) == 1 {
		if a, ok := args[0].(*array); ok {
			args = a.elems
		}
	}
	if len(args) == 0 {
		return c.vm.compileRegex("(?!)", 0)
	}
	if re, ok := args[0].(*regex); ok && len(args) == 1 {
		return re
	}
	var parts []string
	for _, a := range args {
		if re, ok := a.(*regex); ok {
			parts = append(parts, re.String())
			continue
		}
		s, _ := matchable(c, a)
		parts = append(parts, escapeRegex(s))
	}
	return c.vm.compileRegex(strings.Join(parts, "|"), 0)
}

func matchMethods(t methodTable) {
	m := func(c *call) *match { return c.self.(*match) }
	t.add(matchIndex, 1, 2, "[]")
	t.add(func(c *call) value { return newStr(m(c).pre()) }, 0, 0, "pre_match")
	t.add(func(c *call) value { return newStr(m(c).post()) }, 0, 0, "post_match")
	t.add(func(c *call) value { return m(c).groupValue(0) }, 0, 0, "to_s")
	t.add(func(c *call) value { return newStr(m(c).s) }, 0, 0, "string")
	t.add(func(c *call) value { return m(c).re }, 0, 0, "regexp")
	t.add(func(c *call) value { return m(c).list(0) }, 0, 0, "to_a")
	t.add(func(c *call) value { return m(c).list(1) }, 0, 0, "captures")
	t.addKw(func(c *call) value {
		h := newHash()
		for i, n := range m(c).re.names {
			var k value = newStr(n)
			if truthy(c.kw.sym("symbolize_names")) {
				k = symbol(n)
			}
			h.set(k, m(c).groupValue(i+1))
		}
		return h
	}, 0, 0, "named_captures")
	t.add(func(c *call) value { return strList(m(c).re.names) }, 0, 0, "names")
	t.add(func(c *call) value { return int64(len(m(c).groups)) }, 0, 0, "size", "length")
	t.add(func(c *call) value { return m(c).offset(c, true) }, 1, 1, "begin")
	t.add(func(c *call) value { return m(c).offset(c, false) }, 1, 1, "end")
	t.add(func(c *call) value { return newArray(m(c).offset(c, true), m(c).offset(c, false)) }, 1, 1, "offset")
	t.add(func(c *call) value {
		out := &array{}
		for _, k := range c.args {
			out.elems = append(out.elems, c.vm.group(m(c), k))
		}
		return out
	}, 0, -1, "values_at")
	t.add(matchInspect, 0, 0, "inspect")
}

func matchIndex(c *call) value {
	m := c.self.(*match)
	if _, isRange := c.args[0].(*rangeVal); isRange || len(c.args) == 2 {
		sub := &call{vm: c.vm, f: c.f, self: m.list(0), args: c.args}
		return arrIndex(sub)
	}
	return c.vm.group(m, c.args[0])
}

func (m *match) list(from int) *array {
	a := &array{}
	for i := from; i < len(m.groups); i++ {
		a.elems = append(a.elems, m.groupValue(i))
	}
	return a
}

func (m *match) offset(c *call, begin bool) value {
	n := c.vm.groupNumber(m, c.args[0])
	if n < 0 || n >= len(m.groups) {
		c.vm.raise("IndexError", "index %d out of matches", n)
	}
	g := m.groups[n]
	if g.start < 0 {
		return nil
	}
	end := g.end
	if begin {
		end = g.start
	}
	return int64(charLen([]byte(m.s[:end])))
}

func matchInspect(c *call) value {
	m := c.self.(*match)
	var b strings.Builder
	b.WriteString("#<MatchData " + c.vm.inspect(m.groupValue(0)))
	for i := 1; i < len(m.groups); i++ {
		name := itoa(i)
		if i <= len(m.re.names) {
			name = m.re.names[i-1]
		}
		b.WriteString(" " + name + ":" + c.vm.inspect(m.groupValue(i)))
	}
	b.WriteString(">")
	return c.newStr(b.String())
}
