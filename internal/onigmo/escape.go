package onigmo

import (
	"strconv"
	"strings"
)

// escape translates a backslash and what follows it.
func (o *translator) escape() (bool, error) {
	c := o.peek(1)
	switch c {
	case 0:
		return false, o.fail("too short escape sequence")
	case 'A', 'z', 'Z', 'G':
		o.pos += 2
		o.out.WriteString(`\` + string(c))
		return true, nil
	case 'b', 'B':
		o.pos += 2
		o.out.WriteString(`\` + string(c))
		return true, nil
	case 'R':
		o.pos += 2
		o.out.WriteString(`(?>\r\n|[\n\v\f\r\u0085\u2028\u2029])`)
		return true, nil
	case 'X':
		o.pos += 2
		o.out.WriteString(`(?>\r\n|\P{M}\p{M}*|\p{M}+)`)
		return true, nil
	case 'k':
		return true, o.namedBackref()
	case 'g':
		return false, o.unsupported(`\g<…>`)
	}
	if c >= '1' && c <= '9' {
		if o.numberedBackref() {
			return true, nil
		}
	}
	cls, err := o.classEscape()
	if err != nil {
		return false, err
	}
	o.out.WriteString(cls.emit())
	return true, nil
}

func (o *translator) namedBackref() error {
	end := -1
	switch o.peek(2) {
	case '<':
		end = strings.IndexByte(o.src[o.pos:], '>')
	case '\'':
		if end = strings.IndexByte(o.src[o.pos+3:], '\''); end >= 0 {
			end += 3
		}
	}
	if end < 4 {
		return o.fail("invalid backref number/name")
	}
	name := o.src[o.pos+3 : o.pos+end]
	o.pos += end + 1
	if n, err := strconv.Atoi(name); err == nil {
		if n < 0 {
			n += o.groups + 1
		}
		if n < 1 {
			return o.fail("invalid backref number/name")
		}
		o.backrefs = append(o.backrefs, n)
		o.out.WriteString(`(?:\` + strconv.Itoa(n) + ")")
		return nil
	}
	if !strings.Contains(o.src, "(?<"+name+">") {
		return o.fail("undefined name <" + name + "> reference")
	}
	o.out.WriteString(`\k<` + name + ">")
	return nil
}

// numberedBackref reads \1 and so on; \10 and beyond are octal unless there are
// as many groups.
func (o *translator) numberedBackref() bool {
	i := o.pos + 1
	for i < len(o.src) && isDigit(o.src[i]) && i < o.pos+4 {
		i++
	}
	n, err := strconv.Atoi(o.src[o.pos+1 : i])
	if err != nil || n > 9 && n > o.groups {
		return false
	}
	o.pos = i
	o.backrefs = append(o.backrefs, n)
	o.out.WriteString(`(?:\` + strconv.Itoa(n) + ")")
	return true
}
