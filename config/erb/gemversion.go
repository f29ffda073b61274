package erb

import (
	"math/big"
	"strings"
)

// gemSegments cuts a version into numbers and words.
func gemSegments(v string) []value {
	out := []value{}
	for i := 0; i < len(v); {
		j := i
		switch {
		case isDigit(v[i]):
			for j < len(v) && isDigit(v[j]) {
				j++
			}
			out = append(out, looseInt(v[i:j], 10))
		case isIdentStart(v[i]):
			for j < len(v) && isIdentStart(v[j]) {
				j++
			}
			out = append(out, newStr(v[i:j]))
		default:
			j++
		}
		i = j
	}
	return out
}

// validGemVersion is the form that RubyGems accepts.
func validGemVersion(s string) bool {
	s = strings.TrimSpace(s)
	if s == "" {
		return true
	}
	if !isDigit(s[0]) {
		return false
	}
	for i, part := range strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == '-' }) {
		for _, r := range part {
			if r > 0x7f || !isIdentByte(byte(r)) || r == '_' {
				return false
			}
		}
		if i == 0 && strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return !strings.Contains(s, "..") && !strings.HasSuffix(s, ".")
}

func (c *call) newGemVersion(v value) *object {
	if o, ok := v.(*object); ok && o.class == c.vm.class("Gem::Version") {
		return o
	}
	s := strings.TrimSpace(c.vm.toS(v))
	if !validGemVersion(s) {
		c.vm.argError("Malformed version number string %s", s)
	}
	if s == "" {
		s = "0"
	}
	return &object{class: c.vm.class("Gem::Version"), data: strings.ReplaceAll(s, "-", ".pre."), frozen: true}
}

func gemText(o *object) string { return o.data.(string) }

// trimGemZeros drops the zeros that end the number and those before a word.
func trimGemZeros(segs []value) []value {
	word := len(segs)
	for i, s := range segs {
		if _, ok := s.(*str); ok {
			word = i
			break
		}
	}
	trim := func(part []value) []value {
		for len(part) > 0 && numSign(part[len(part)-1]) == 0 && isInt(part[len(part)-1]) {
			part = part[:len(part)-1]
		}
		return part
	}
	head := append([]value(nil), trim(segs[:word])...)
	return append(head, trim(segs[word:])...)
}

// gemCompare orders versions: words come before numbers.
func gemCompare(a, b string) int {
	x, y := trimGemZeros(gemSegments(a)), trimGemZeros(gemSegments(b))
	for i := 0; i < len(x) || i < len(y); i++ {
		var l, r value = int64(0), int64(0)
		if i < len(x) {
			l = x[i]
		}
		if i < len(y) {
			r = y[i]
		}
		ls, lword := l.(*str)
		rs, rword := r.(*str)
		switch {
		case lword && rword:
			if n := compareBytes(ls.b, rs.b); n != 0 {
				return n
			}
		case lword:
			return -1
		case rword:
			return 1
		default:
			if n, _ := numCompare(l, r); n != 0 {
				return n
			}
		}
	}
	return 0
}

func gemVersionClassMethods(t methodTable) {
	t.add(func(c *call) value { return c.newGemVersion(c.args[0]) }, 1, 1, "new", "create")
	t.add(func(c *call) value { return validGemVersion(c.vm.toS(c.args[0])) }, 1, 1, "correct?")
}

func gemVersionMethods(t methodTable) {
	v := func(c *call) string { return gemText(c.self.(*object)) }
	t.add(func(c *call) value { return newStr(v(c)) }, 0, 0, "to_s", "version")
	t.add(func(c *call) value { return newStr("#<Gem::Version " + inspectBytes([]byte(v(c))) + ">") }, 0, 0, "inspect")
	t.add(func(c *call) value { return c.list(gemSegments(v(c))) }, 0, 0, "segments")
	t.add(func(c *call) value { return strings.ContainsFunc(v(c), isWordRuneNotDigit) }, 0, 0, "prerelease?")
	t.add(func(c *call) value {
		var nums []string
		for _, s := range gemSegments(v(c)) {
			if _, ok := s.(*str); ok {
				break
			}
			nums = append(nums, c.vm.toS(s))
		}
		return c.newGemVersion(newStr(strings.Join(nums, ".")))
	}, 0, 0, "release")
	t.add(func(c *call) value {
		var nums []value
		for _, s := range gemSegments(v(c)) {
			if _, ok := s.(*str); ok {
				break
			}
			nums = append(nums, s)
		}
		if len(nums) > 1 {
			nums = nums[:len(nums)-1]
		}
		last := len(nums) - 1
		nums[last] = normBig(new(big.Int).Add(toBig(nums[last]), big.NewInt(1)))
		text := ""
		for i, n := range nums {
			if i > 0 {
				text += "."
			}
			text += c.vm.toS(n)
		}
		return c.newGemVersion(newStr(text))
	}, 0, 0, "bump")
	t.add(func(c *call) value {
		switch o := c.args[0].(type) {
		case *str:
			if validGemVersion(o.String()) {
				return int64(gemCompare(v(c), o.String()))
			}
		case *object:
			if o.class == c.vm.class("Gem::Version") {
				return int64(gemCompare(v(c), gemText(o)))
			}
		}
		return nil
	}, 1, 1, "<=>")
	t.add(func(c *call) value {
		o, ok := c.args[0].(*object)
		return ok && o.class == c.vm.class("Gem::Version") && gemText(o) == v(c)
	}, 1, 1, "eql?")
}

func isWordRuneNotDigit(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func gemRequirementClassMethods(t methodTable) {
	t.add(func(c *call) value {
		var reqs []value
		for _, a := range c.args {
			reqs = append(reqs, c.vm.toAry(a)...)
		}
		return &object{class: c.vm.class("Gem::Requirement"), data: reqs}
	}, 0, -1, "new", "create")
}

func gemRequirementMethods(t methodTable) {
	t.add(func(c *call) value {
		have := gemText(c.newGemVersion(c.args[0]))
		for _, r := range c.self.(*object).data.([]value) {
			if !c.gemSatisfied(have, strings.TrimSpace(c.vm.toS(r))) {
				return false
			}
		}
		return true
	}, 1, 1, "satisfied_by?", "===", "=~")
	t.add(func(c *call) value {
		var parts []string
		for _, r := range c.self.(*object).data.([]value) {
			parts = append(parts, c.vm.toS(r))
		}
		return newStr(strings.Join(parts, ", "))
	}, 0, 0, "to_s")
}

// gemSatisfied tests one requirement such as "~> 1.2".
func (c *call) gemSatisfied(have, req string) bool {
	op := strings.TrimRight(req[:strings.IndexFunc(req+"0", func(r rune) bool { return r >= '0' && r <= '9' })], " ")
	want := gemText(c.newGemVersion(newStr(strings.TrimSpace(req[len(op):]))))
	n := gemCompare(have, want)
	switch op {
	case "", "=":
		return n == 0
	case "!=":
		return n != 0
	case "~>":
		bumped := c.vm.send(c.newGemVersion(newStr(want)), "bump")
		return n >= 0 && gemCompare(have, gemText(bumped.(*object))) < 0
	case ">", "<", ">=", "<=":
		return relation(op, n)
	}
	c.vm.argError("Illformed requirement [%q]", req)
	return false
}
