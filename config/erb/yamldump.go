package erb

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// yamlWidth is the column behind which libyaml folds long scalars.
const yamlWidth = 80

// yamlEmitter writes YAML as Psych does.
type yamlEmitter struct {
	vm     *vm
	b      strings.Builder
	indent int
	width  int
	column int
	// seen counts lists and hashes, since those met again become aliases.
	seen    map[value]int
	anchors map[value]int
}

func (c *call) dumpYAML(v value) string {
	e := &yamlEmitter{vm: c.vm, indent: 2, width: yamlWidth, seen: map[value]int{}, anchors: map[value]int{}}
	if n, ok := c.kw.sym("indentation").(int64); ok && n > 1 && n < 10 {
		e.indent = int(n)
	}
	if n, ok := c.kw.sym("line_width").(int64); ok {
		if e.width = int(n); n < 0 {
			e.width = math.MaxInt
		}
	}
	e.count(v)
	e.write("---")
	e.node(v, 0, false)
	if !strings.HasSuffix(e.b.String(), "\n") {
		e.write("\n")
	}
	return e.b.String()
}

// count finds the lists and hashes that occur more than once.
func (e *yamlEmitter) count(v value) {
	defer e.vm.guarded()()
	switch v := v.(type) {
	case *array:
		if e.seen[v]++; e.seen[v] > 1 {
			return
		}
		for _, x := range v.elems {
			e.count(x)
		}
	case *hash:
		if e.seen[v]++; e.seen[v] > 1 {
			return
		}
		for _, x := range v.pairs() {
			e.count(x.key)
			e.count(x.val)
		}
	}
}

func (e *yamlEmitter) write(s string) {
	e.vm.charge(len(s))
	e.b.WriteString(s)
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		e.column = charLen([]byte(s[i+1:]))
	} else {
		e.column += charLen([]byte(s))
	}
}

func (e *yamlEmitter) newline(level int) {
	e.write("\n" + strings.Repeat(" ", level))
}

// node writes a value behind "---", "key:" or "-"; inSeq tells the last.
func (e *yamlEmitter) node(v value, level int, inSeq bool) {
	defer e.vm.guarded()()
	e.vm.tick()
	anchor := ""
	switch v.(type) {
	case *array, *hash:
		if n, ok := e.anchors[v]; ok {
			e.write(" *" + itoa(n))
			return
		}
		if e.seen[v] > 1 {
			e.anchors[v] = len(e.anchors) + 1
			anchor = " &" + itoa(e.anchors[v])
		}
	}
	switch v := v.(type) {
	case *array:
		e.write(anchor)
		if len(v.elems) == 0 {
			e.write(" []")
			return
		}
		e.sequence(v, level, inSeq && anchor == "")
	case *hash:
		e.write(anchor)
		if v.len() == 0 {
			e.write(" {}")
			return
		}
		e.mapping(v, level, inSeq && anchor == "")
	case nil:
	default:
		e.write(" ")
		e.scalar(v, level, false)
	}
}

func (e *yamlEmitter) sequence(a *array, level int, inline bool) {
	for i, x := range a.elems {
		if inline && i == 0 {
			e.write(strings.Repeat(" ", e.indent-1))
		} else {
			e.newline(level)
		}
		e.write("-")
		e.node(x, level+e.indent, true)
	}
}

func (e *yamlEmitter) mapping(h *hash, level int, inline bool) {
	for i, x := range h.pairs() {
		if inline && i == 0 {
			e.write(strings.Repeat(" ", e.indent-1))
		} else {
			e.newline(level)
		}
		switch x.key.(type) {
		case *array, *hash:
			e.vm.outside("to_yaml with a list or mapping as a key")
		}
		e.scalar(x.key, level, true)
		e.write(":")
		next := level + e.indent
		if _, ok := x.val.(*array); ok {
			next = level // lists in a mapping are not indented
		}
		e.node(x.val, next, false)
	}
}

// scalar writes anything but a list or hash.
func (e *yamlEmitter) scalar(v value, level int, key bool) {
	switch v := v.(type) {
	case nil:
		e.write("! ''")
	case bool, int64, *big.Int:
		e.write(e.vm.toS(v))
	case float64:
		e.write(yamlFloat(v))
	case symbol:
		if v == "" {
			e.write(":''")
			return
		}
		e.text(":"+string(v), level, key, stylePlain)
	case *str:
		e.text(string(v.b), level, key, e.styleOf(string(v.b)))
	case *timeVal:
		e.write(strftime(v.t, "%Y-%m-%d %H:%M:%S.%N ") + yamlZone(v))
	case *dateVal:
		e.write(v.t.Format("2006-01-02"))
	default:
		e.vm.outside("to_yaml of a " + e.vm.classOf(v).name)
	}
}

func yamlZone(v *timeVal) string {
	if zoneName(v.t) == "UTC" {
		return "Z"
	}
	return v.t.Format("-07:00")
}

func yamlFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return ".nan"
	case math.IsInf(f, 1):
		return ".inf"
	case math.IsInf(f, -1):
		return "-.inf"
	}
	return floatText(f)
}

// yamlStyle is how a string is written.
type yamlStyle uint8

const (
	stylePlain yamlStyle = iota
	styleSingle
	styleDouble
	styleLiteral
	styleTagged
)

// styleOf chooses the style of a string in the way of Psych.
func (e *yamlEmitter) styleOf(s string) yamlStyle {
	if !utf8.ValidString(s) {
		e.vm.outside("to_yaml of binary data")
	}
	i := strings.IndexByte(s, '\n')
	switch {
	case i >= 0 && !(i == len(s)-1 || i == len(s)-2 && s[i+1] == '\n'):
		return styleLiteral
	case s == "<<":
		return styleTagged
	case s == "y" || s == "Y" || s == "n" || s == "N":
		return styleDouble
	case startsOddly(s):
		return styleDouble
	case !yamlPlainString(s):
		return styleSingle
	}
	return stylePlain
}

// startsOddly tells that a line starts with a character that is no letter or
// digit, and holds no double quote behind it.
func startsOddly(s string) bool {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		line := s[i:]
		if r != '\n' {
			if end := strings.IndexByte(line, '\n'); end >= 0 {
				line = line[:end]
			}
		}
		if !isWordRune(r) && !strings.Contains(line[n:], `"`) {
			return true
		}
		end := strings.IndexByte(s[i:], '\n')
		if end < 0 {
			return false
		}
		i += end + 1
	}
	return false
}

func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || unicode.Is(unicode.Pc, r)
}

// yamlPlainString tells that Psych reads the text back as a string.
func yamlPlainString(s string) bool {
	if len(s) > 1 && s[0] == '0' && strings.Trim(s[:strings.IndexAny(s+".", ".")], "01234567") == "" {
		if i := strings.IndexByte(s, '.'); i >= 0 && i+1 < len(s) && isDigit(s[i+1]) {
			return false
		}
	}
	if strings.ContainsAny(s, "\n#{}[],&*!|>'\"%@`") || strings.Contains(s, ": ") || strings.HasSuffix(s, ":") {
		return !strings.HasPrefix(s, ":") && !looksLikeNumber(s)
	}
	v, warnings, err := yaml11.Parse("", []byte(s), yaml11.Options{})
	return err != nil || v == nil || v.Kind == yaml11.String && len(warnings) == 0 || v.Kind > yaml11.Symbol
}

// looksLikeNumber tells a number with thousands separators.
func looksLikeNumber(s string) bool {
	return strings.Trim(s, "0123456789,_") == "" && s != "" && isDigit(s[0])
}

// text writes a string in the style asked for, or the next one that can hold it.
func (e *yamlEmitter) text(s string, level int, key bool, style yamlStyle) {
	if style == styleTagged {
		e.write("!!str ")
		style = styleSingle
	}
	if style == styleLiteral && (key || special(s)) {
		style = styleDouble
	}
	if style == stylePlain && !plainAllowed(s) {
		style = styleSingle
	}
	if style == styleSingle && (special(s) || strings.Contains(s, " \n") || strings.Contains(s, "\n ")) {
		style = styleDouble
	}
	switch style {
	case styleLiteral:
		e.literal(s, level)
	case styleSingle:
		e.write("'")
		e.folded(strings.ReplaceAll(s, "'", "''"), level, key)
		e.write("'")
	case styleDouble:
		e.doubleQuoted(s, level, key)
	default:
		e.folded(s, level, key)
	}
}

// special tells that a string holds characters that need escapes.
func special(s string) bool {
	for _, r := range s {
		if r == '\n' || r == 0x85 || r == 0x2028 || r == 0x2029 {
			continue
		}
		if !yamlPrintable(r) {
			return true
		}
	}
	return false
}

// yamlPrintable is libyaml's notion of a printable character.
func yamlPrintable(r rune) bool {
	return r == '\n' || r >= 0x20 && r <= 0x7e || r >= 0xa0 && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd && r != 0xfeff
}

// plainAllowed tells whether libyaml writes a string without quotes.
func plainAllowed(s string) bool {
	if s == "" || special(s) || strings.ContainsAny(s, "\n\u0085\u2028\u2029") || s[0] == ' ' || s[len(s)-1] == ' ' ||
		strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") {
		return false
	}
	blankAt := func(i int) bool { return i >= len(s) || s[i] == ' ' || s[i] == '\t' }
	if strings.IndexByte("#,[]{}&*!|>'\"%@`", s[0]) >= 0 || strings.IndexByte("?:-", s[0]) >= 0 && blankAt(1) {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] == ':' && blankAt(i+1) || s[i] == '#' && blankAt(i-1) {
			return false
		}
	}
	return true
}

// folded writes text, breaking it at single spaces behind the width.
func (e *yamlEmitter) folded(s string, level int, key bool) {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		inner := i > 0 && i+n < len(s)
		single := r == ' ' && inner && s[i-1] != ' ' && s[i+1] != ' '
		switch {
		case single && !key && e.column > e.width:
			e.newline(max(level, e.indent))
		case r == '\n':
			e.write("\n")
			e.newline(max(level, e.indent))
		default:
			e.write(s[i : i+n])
		}
		i += n
	}
}

// literal writes a block scalar.
func (e *yamlEmitter) literal(s string, level int) {
	head := "|"
	if s[0] == ' ' || s[0] == '\n' {
		head += itoa(e.indent)
	}
	switch {
	case !strings.HasSuffix(s, "\n"):
		head += "-"
	case s == "\n" || strings.HasSuffix(s, "\n\n"):
		head += "+"
	}
	e.write(head)
	pad := strings.Repeat(" ", max(level, e.indent))
	for _, l := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
		e.write("\n")
		if l != "" {
			e.write(pad + l)
		}
	}
	if strings.HasSuffix(s, "\n\n") {
		e.write("\n")
	}
}

func (e *yamlEmitter) doubleQuoted(s string, level int, key bool) {
	e.write(`"`)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == ' ' && i > 0 && i+1 < len(s) && !key && e.column > e.width && s[i-1] != ' ':
			e.newline(max(level, e.indent))
			if s[i+1] == ' ' {
				e.write(`\`)
			}
		default:
			e.write(yamlEscape(r))
		}
		i += n
	}
	e.write(`"`)
}

func yamlEscape(r rune) string {
	escapes := map[rune]string{0: `\0`, 7: `\a`, 8: `\b`, 9: `\t`, 10: `\n`, 11: `\v`, 12: `\f`, 13: `\r`, 0x1b: `\e`, '"': `\"`, '\\': `\\`,
		0x85: `\N`, 0x2028: `\L`, 0x2029: `\P`}
	if s, ok := escapes[r]; ok {
		return s
	}
	switch {
	case yamlPrintable(r):
		return string(r)
	case r <= 0xff:
		return fmt.Sprintf(`\x%02X`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04X`, r)
	}
	return fmt.Sprintf(`\U%08X`, r)
}
