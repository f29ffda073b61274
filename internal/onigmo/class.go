package onigmo

import (
	"fmt"
	"regexp"
	"strings"
)

// maxClassDepth bounds classes within classes.
const maxClassDepth = 50

// class is a character class: the intersection of parts, perhaps negated.
type class struct {
	negated bool
	parts   []union
}

// union is a set of ranges and further classes.
type union struct {
	simple string   // in regexp2's syntax, without brackets
	nested []string // rendered, each for one character
}

// class reads a class behind its `[`.
func (t *translator) class(depth int) class {
	if depth > maxClassDepth {
		t.fail("character classes are nested too deeply")
	}
	var c class
	if strings.HasPrefix(t.rest(), "^") {
		c.negated = true
		t.i++
	}
	var u union
	for first := true; ; first = false {
		switch s := t.rest(); {
		case s == "":
			t.fail("a `[` is never closed")
		case s[0] == ']' && !first:
			t.i++
			c.parts = append(c.parts, u)
			return c
		case strings.HasPrefix(s, "&&"):
			t.i += 2
			c.parts = append(c.parts, u)
			u = union{}
		case posixBracket.MatchString(s):
			u.nested = append(u.nested, t.posix())
		case s[0] == '[':
			t.i++
			u.nested = append(u.nested, t.class(depth+1).render())
		default:
			t.classItem(&u)
		}
	}
}

// posixBracket matches [:name:] and [:^name:]. Anything else behind `[` is a class
// of its own.
var posixBracket = regexp.MustCompile(`^\[:\^?[a-z]+:\]`)

// posix reads [:name:] or [:^name:].
func (t *translator) posix() string {
	bracket := posixBracket.FindString(t.rest())
	name := bracket[2 : len(bracket)-2]
	t.i += len(bracket)
	open := "["
	if strings.HasPrefix(name, "^") {
		open, name = "[^", name[1:]
	}
	set, ok := properties[name]
	if !ok {
		t.fail("the class [:%s:] is not known", name)
	}
	return open + set + "]"
}

// classItem reads a character, a range or a shorthand.
func (t *translator) classItem(u *union) {
	if set, ok := t.classShorthand(); ok {
		u.nested = append(u.nested, set)
		return
	}
	low := t.classRune()
	s := t.rest()
	if len(s) < 2 || s[0] != '-' || s[1] == ']' {
		u.simple += classLiteral(low)
		return
	}
	t.i++
	if set, ok := t.classShorthand(); ok { // as in [a-\d]: no range
		u.simple += classLiteral(low) + classLiteral('-')
		u.nested = append(u.nested, set)
		return
	}
	high := t.classRune()
	if high < low {
		t.fail("a range of a character class is empty")
	}
	u.simple += classLiteral(low) + "-" + classLiteral(high)
}

// classShorthand reads \d, \p{…} and the like.
func (t *translator) classShorthand() (string, bool) {
	s := t.rest()
	if len(s) < 2 || s[0] != '\\' {
		return "", false
	}
	lower := s[1] | 0x20
	if set, ok := shorthands[lower]; ok && s[1] >= 'A' {
		t.i += 2
		if s[1] == lower {
			return "[" + set + "]", true
		}
		return "[^" + set + "]", true
	}
	if lower == 'p' {
		return t.property(), true
	}
	return "", false
}

func (t *translator) classRune() rune {
	if strings.HasPrefix(t.rest(), `\b`) {
		t.i += 2
		return '\b'
	}
	if strings.HasPrefix(t.rest(), `\`) {
		if len(t.rest()) == 1 {
			t.fail("a backslash ends the pattern")
		}
		return t.character()
	}
	return t.rune()
}

// classLiteral writes a character so that it stands for itself in a class.
func classLiteral(r rune) string {
	if r < 0x80 && strings.ContainsRune(`\]^[-`, r) || r < ' ' {
		return fmt.Sprintf(`\x%02x`, r)
	}
	return string(r)
}

// render writes the class so that it matches exactly one character.
func (c class) render() string {
	body := c.parts[len(c.parts)-1].render()
	if len(c.parts) == 1 && len(c.parts[0].nested) == 0 && c.parts[0].simple != "" {
		if c.negated {
			return "[^" + c.parts[0].simple + "]"
		}
		return body
	}
	for i := len(c.parts) - 2; i >= 0; i-- {
		body = "(?=" + c.parts[i].render() + ")" + body
	}
	if c.negated {
		return "(?:(?!" + body + `)[\s\S])`
	}
	return "(?:" + body + ")"
}

func (u union) render() string {
	alternatives := u.nested
	if u.simple != "" {
		alternatives = append([]string{"[" + u.simple + "]"}, alternatives...)
	}
	if len(alternatives) == 0 {
		return "(?!)"
	}
	if len(alternatives) == 1 {
		return alternatives[0]
	}
	return "(?:" + strings.Join(alternatives, "|") + ")"
}
