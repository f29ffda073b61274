package onigmo

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Ruby's shorthands for UTF-8 text count ASCII only.
var shorthands = map[byte]string{
	'd': "0-9",
	'w': "a-zA-Z0-9_",
	's': ` \t\r\n\f\v`,
	'h': "0-9a-fA-F",
}

// escape translates a backslash sequence outside of a class.
func (t *translator) escape() {
	if t.i+1 == len(t.src) {
		t.fail("a backslash ends the pattern")
	}
	c := t.src[t.i+1]
	lower := c | 0x20
	if set, ok := shorthands[lower]; ok && (c == lower || c == lower-0x20) {
		t.i += 2
		if c == lower {
			t.emitAtom("[" + set + "]")
		} else {
			t.emitAtom("[^" + set + "]")
		}
		return
	}
	switch {
	case strings.IndexByte("AzZbBG", c) >= 0:
		t.i += 2
		t.emitOther(`\` + string(rune(c)))
	case c == 'R':
		t.i += 2
		t.emitAtom(`(?>\r\n|[\n\v\f\r\u0085\u2028\u2029])`)
	case c == 'X':
		t.i += 2
		t.emitAtom(`(?>\r\n|\P{M}\p{M}*|\p{M}+)`)
	case c == 'K' || c == 'g':
		t.unsupported(`\` + string(rune(c)))
	case c == 'k':
		end := strings.IndexAny(t.rest()[2:], ">'")
		if end < 0 {
			t.fail(`\k has no name`)
		}
		t.emitAtom(t.src[t.i : t.i+2+end+1])
		t.i += 2 + end + 1
	case c >= '1' && c <= '9':
		n := 1
		for t.i+1+n < len(t.src) && t.src[t.i+1+n] >= '0' && t.src[t.i+1+n] <= '9' {
			n++
		}
		// The group keeps digits that follow from joining the number.
		t.emitAtom("(?:" + t.src[t.i:t.i+1+n] + ")")
		t.i += 1 + n
	case c == 'p' || c == 'P':
		t.emitAtom(t.property())
	default:
		t.emitAtom(literal(t.character()))
	}
}

// character reads a backslash sequence that stands for one character, in or
// outside of a class.
func (t *translator) character() rune {
	t.i++
	switch c := t.rune(); c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'f':
		return '\f'
	case 'v':
		return '\v'
	case 'a':
		return '\a'
	case 'e':
		return 0x1b
	case 'x':
		return t.digits(16, 1, 2)
	case 'u':
		if strings.HasPrefix(t.rest(), "{") {
			t.i++
			r := t.digits(16, 1, 6)
			if !strings.HasPrefix(t.rest(), "}") {
				t.unsupported(`\u{} with several characters`)
			}
			t.i++
			return r
		}
		return t.digits(16, 4, 4)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		t.i--
		return t.digits(8, 1, 3)
	case 'c', 'C', 'M':
		t.unsupported("a control or meta escape")
		return 0
	default:
		return c
	}
}

// digits reads a number of at least low and at most high digits.
func (t *translator) digits(base, low, high int) rune {
	n := 0
	for n < high && t.i+n < len(t.src) && isDigit(t.src[t.i+n], base) {
		n++
	}
	if n < low {
		t.fail("an escape has too few digits")
	}
	v, err := strconv.ParseInt(t.src[t.i:t.i+n], base, 32)
	if err != nil || v > utf8.MaxRune {
		t.fail("an escape names a character that does not exist")
	}
	t.i += n
	return rune(v)
}

func isDigit(c byte, base int) bool {
	_, err := strconv.ParseUint(string(rune(c)), base, 8)
	return err == nil
}

// Names of \p{…} and [[:…:]] in terms that regexp2 knows.
var properties = map[string]string{
	"alnum":  `\p{L}\p{M}\p{Nd}`,
	"alpha":  `\p{L}\p{M}`,
	"ascii":  `\x00-\x7f`,
	"blank":  `\p{Zs}\t`,
	"cntrl":  `\p{Cc}`,
	"digit":  `\p{Nd}`,
	"graph":  `\x21-\x7e\u00a1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff\u3001-\ud7ff\ue000-\ufffd`,
	"lower":  `\p{Ll}`,
	"print":  `\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufffd`,
	"punct":  `\p{P}$+<=>^` + "`" + `|~`,
	"space":  `\s\u0085`,
	"upper":  `\p{Lu}`,
	"xdigit": "0-9a-fA-F",
	"word":   `\p{L}\p{M}\p{Nd}\p{Pc}`,
	"any":    `\s\S`,
}

// property reads \p{Name}, \p{^Name} or \P{Name} and returns it as a class.
func (t *translator) property() string {
	negated := t.src[t.i+1] == 'P'
	end := strings.IndexByte(t.rest(), '}')
	if len(t.rest()) < 4 || t.rest()[2] != '{' || end < 0 {
		t.fail("\\p has no {name}")
	}
	name := t.rest()[3:end]
	t.i += end + 1
	if strings.HasPrefix(name, "^") {
		negated, name = !negated, name[1:]
	}
	open := "["
	if negated {
		open = "[^"
	}
	if set, ok := properties[strings.ToLower(name)]; ok {
		return open + set + "]"
	}
	return open + fmt.Sprintf(`\p{%s}`, name) + "]"
}
