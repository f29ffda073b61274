package onigmo

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// group translates a parenthesis.
func (o *translator) group() (bool, error) {
	start := o.pos
	o.pos++
	open := "("
	switch {
	case o.has("?#"):
		end := strings.IndexByte(o.src[o.pos:], ')')
		if end < 0 {
			return false, o.fail("end pattern in group")
		}
		o.pos += end + 1
		return false, nil
	case o.has("?:"), o.has("?="), o.has("?!"), o.has("?>"):
		open = "(" + o.src[o.pos:o.pos+2]
		o.pos += 2
	case o.has("?<="), o.has("?<!"):
		open = "(" + o.src[o.pos:o.pos+3]
		o.pos += 3
	case o.has("?<"), o.has("?'"):
		name, err := o.groupName()
		if err != nil {
			return false, err
		}
		open = "(?<" + name + ">"
	case o.has("?~"):
		return false, o.unsupported("(?~…)")
	case o.has("?("):
		return false, o.unsupported("(?(…)…)")
	case o.has("?"):
		return o.options(start)
	default:
		o.groups++
	}
	o.out.WriteString(open)
	return true, o.closeGroup()
}

func (o *translator) closeGroup() error {
	extended := o.extended
	if err := o.alternatives(true); err != nil {
		return err
	}
	o.extended = extended
	o.pos++
	o.out.WriteByte(')')
	return nil
}

func (o *translator) groupName() (string, error) {
	closer := byte('>')
	if o.src[o.pos+1] == '\'' {
		closer = '\''
	}
	end := strings.IndexByte(o.src[o.pos+2:], closer)
	if end <= 0 {
		return "", o.fail("group name is empty")
	}
	name := o.src[o.pos+2 : o.pos+2+end]
	o.pos += end + 3
	if isDigit(name[0]) || strings.IndexFunc(name, func(r rune) bool { return r < utf8.RuneSelf && !isAlnum(byte(r)) && r != '_' }) >= 0 {
		return "", o.fail("invalid group name <" + name + ">")
	}
	if !slices.Contains(o.names, name) {
		o.names = append(o.names, name)
	}
	return name, nil
}

// options translates (?imx-imx) and (?imx-imx:…).
func (o *translator) options(start int) (bool, error) {
	o.pos++
	on := true
	extended := o.extended
	var set, unset string
	for {
		c := o.peek(0)
		o.pos++
		switch c {
		case '-':
			on = false
		case 'i', 'm':
			f := map[byte]string{'i': "i", 'm': "s"}[c]
			if on {
				set += f
			} else {
				unset += f
			}
		case 'x':
			extended = on
		case 'a', 'u', 'd':
		case ')', ':':
			outer := o.extended
			o.extended = extended
			o.out.WriteString(optionText(set, unset))
			if c == ')' { // they hold up to the end of the group around, alternatives and all
				err := o.toEnd()
				o.extended = outer
				return false, err
			}
			err := o.closeGroup()
			o.extended = outer
			return true, err
		default:
			o.pos = start
			return false, o.fail("undefined group option")
		}
	}
}

// toEnd translates up to where the group around ends, or the pattern does, and leaves
// that end.
func (o *translator) toEnd() error {
	if err := o.alternatives(o.depth > 1); err != nil {
		return err
	}
	o.out.WriteByte(')')
	return nil
}

func optionText(set, unset string) string {
	if set+unset == "" {
		return "(?:"
	}
	if unset != "" {
		unset = "-" + unset
	}
	return "(?" + set + unset + ":"
}
