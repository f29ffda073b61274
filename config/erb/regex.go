package erb

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"

	"github.com/galley-kitchen/galley/internal/onigmo"
)

// regex is a Ruby regexp.
type regex struct {
	source string
	flags  onigmo.Flags
	re     *regexp2.Regexp
	names  []string
}

func parseRegexFlags(s string) onigmo.Flags {
	var f onigmo.Flags
	for _, c := range s {
		switch c {
		case 'i':
			f |= onigmo.IgnoreCase
		case 'x':
			f |= onigmo.Extended
		case 'm':
			f |= onigmo.DotAll
		}
	}
	return f
}

// newRegex compiles a Ruby regexp.
func newRegex(source string, flags onigmo.Flags) (*regex, error) {
	re, err := onigmo.Compile(source, flags)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = maxMatch * time.Millisecond
	return &regex{source: source, flags: flags, re: re.Regexp, names: re.Names}, nil
}

// compileRegex compiles text met while running; the result is kept.
func (vm *vm) compileRegex(source string, flags onigmo.Flags) *regex {
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
		var unsupported *onigmo.UnsupportedError
		if errors.As(err, &unsupported) {
			vm.outside(unsupported.Feature)
		}
		vm.raise("RegexpError", "%s", err)
	}
	vm.regexps[key] = re
	return re
}

// String is Regexp#to_s, which keeps the options when put into another regexp.
func (r *regex) String() string {
	on, off := "", ""
	for _, f := range []struct {
		flag onigmo.Flags
		name string
	}{{onigmo.DotAll, "m"}, {onigmo.IgnoreCase, "i"}, {onigmo.Extended, "x"}} {
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
		flag onigmo.Flags
		name string
	}{{onigmo.DotAll, "m"}, {onigmo.IgnoreCase, "i"}, {onigmo.Extended, "x"}} {
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
