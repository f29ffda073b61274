package erb

import "strings"

// stringSearch adds the methods that look for substrings and patterns.
func stringSearch(t methodTable) {
	t.add(strInclude, 1, 1, "include?")
	t.add(strStartWith, 0, -1, "start_with?")
	t.add(func(c *call) value {
		for i := range c.args {
			if strings.HasSuffix(c.text(), c.str(i)) {
				return true
			}
		}
		return false
	}, 0, -1, "end_with?")
	t.add(strFind, 1, 2, "index")
	t.add(strFindLast, 1, 2, "rindex")
	t.add(func(c *call) value {
		if _, ok := c.args[0].(*str); ok {
			c.vm.typeError("type mismatch: String given")
		}
		if re, ok := c.args[0].(*regex); ok {
			return c.matchOp(re, c.self)
		}
		return nil
	}, 1, 1, "=~")
	t.add(func(c *call) value { return c.matchMethod(c.rawPattern(), c.self) }, 1, 2, "match")
	t.add(func(c *call) value { return c.vm.matchAt(c.rawPattern(), c.text(), c.optInt(1, 0)) != nil }, 1, 2, "match?")
	t.add(strScan, 1, 1, "scan")
	t.add(strSplit, 0, 2, "split")
	t.add(strPartition, 1, 1, "partition")
	t.add(strRpartition, 1, 1, "rpartition")
	for _, name := range []string{"sub", "gsub"} {
		all := name == "gsub"
		t.addKw(func(c *call) value { r, _ := c.replace(all); return r }, 1, 2, name)
		t.addKw(func(c *call) value {
			s := c.modify()
			r, changed := c.replace(all)
			if !changed {
				return nil
			}
			if out, ok := r.(*str); ok {
				s.b = out.b
			}
			return s
		}, 1, 2, name+"!")
	}
}

// rawPattern is an argument of match, where a string is a regexp's source.
func (c *call) rawPattern() *regex {
	if s, ok := c.args[0].(*str); ok {
		return c.vm.compileRegex(string(s.b), 0)
	}
	return c.pattern(c.args[0])
}

func strInclude(c *call) value { return strings.Contains(c.text(), c.str(0)) }

func strStartWith(c *call) value {
	for i, a := range c.args {
		if re, ok := a.(*regex); ok {
			m := c.vm.matchAt(c.vm.compileRegex(`\A(?:`+re.source+")", re.flags), c.text(), 0)
			if m != nil {
				c.setMatch(m)
				return true
			}
			continue
		}
		if strings.HasPrefix(c.text(), c.str(i)) {
			return true
		}
	}
	return false
}

func strFind(c *call) value {
	b := c.s().b
	from := c.optInt(1, 0)
	if from < 0 {
		from += charLen(b)
	}
	off := -1
	if from >= 0 {
		off = charOffset(b, from)
	}
	if off < 0 {
		return nil
	}
	if re, ok := c.args[0].(*regex); ok {
		m := c.setMatch(c.vm.matchAt(re, c.text(), from))
		if m == nil {
			return nil
		}
		return int64(charLen([]byte(m.pre())))
	}
	i := strings.Index(string(b[off:]), c.str(0))
	if i < 0 {
		return nil
	}
	return int64(charLen(b[:off+i]))
}

func strFindLast(c *call) value {
	b := c.s().b
	n := charLen(b)
	from := c.optInt(1, n)
	if from < 0 {
		from += n
	}
	if from < 0 {
		return nil
	}
	from = min(from, n)
	if re, ok := c.args[0].(*regex); ok {
		return c.regexLast(re, from)
	}
	sub := c.str(0)
	limit := min(charOffset(b, from)+len(sub), len(b))
	i := strings.LastIndex(string(b[:limit]), sub)
	if i < 0 {
		return nil
	}
	return int64(charLen(b[:i]))
}

// regexLast looks for the last position, going back, where a regexp matches.
func (c *call) regexLast(re *regex, from int) value {
	at := c.vm.compileRegex(`\G(?:`+re.source+")", re.flags)
	sub := newSubject(c.text())
	for i := from; i >= 0; i-- {
		c.vm.steps += len(sub.runes) >> 6
		if m := c.vm.search(at, sub, i); m != nil {
			c.setMatch(m)
			return int64(i)
		}
	}
	c.setMatch(nil)
	return nil
}

func strScan(c *call) value {
	out := &array{}
	var last *match
	c.vm.eachMatch(c.pattern(c.args[0]), c.text(), func(m *match) bool {
		last = m
		v := m.groupValue(0)
		if len(m.groups) > 1 {
			v = m.list(1)
		}
		if c.blk != nil {
			c.setMatch(m)
			c.yield(v)
			return true
		}
		c.vm.chargeElems(2)
		out.elems = append(out.elems, v)
		return true
	})
	c.setMatch(last)
	if c.blk != nil {
		return c.self
	}
	return out
}

// strSplit is split: by white space, a string, a regexp, or into characters.
func strSplit(c *call) value {
	limit := c.optInt(1, 0)
	s := c.text()
	var parts []string
	if limit == 1 {
		if s != "" {
			parts = []string{s}
		}
		return c.splitResult(parts)
	}
	switch sep := c.arg(0).(type) {
	case nil:
		parts = splitSpace(s, limit)
	case *regex:
		parts = c.splitRegex(sep, s, limit)
	default:
		text := string(c.vm.toStr(sep).b)
		switch text {
		case " ":
			parts = splitSpace(s, limit)
		case "":
			parts = splitChars(s, limit)
		default:
			n := -1
			if limit > 0 {
				n = limit
			}
			if s != "" {
				parts = strings.SplitN(s, text, n)
			}
		}
	}
	if limit == 0 {
		for len(parts) > 0 && parts[len(parts)-1] == "" {
			parts = parts[:len(parts)-1]
		}
	}
	return c.splitResult(parts)
}

func (c *call) splitResult(parts []string) value {
	c.vm.chargeElems(3 * len(parts))
	if c.blk == nil {
		return strList(parts)
	}
	for _, p := range parts {
		c.yield(newStr(p))
	}
	return c.self
}

func splitSpace(s string, limit int) []string {
	var out []string
	s = trimLeft(s)
	for s != "" {
		if limit > 0 && len(out) == limit-1 {
			return append(out, s)
		}
		i := strings.IndexAny(s, spaceNul)
		if i < 0 {
			return append(out, s)
		}
		out = append(out, s[:i])
		s = trimLeft(s[i:])
		if s == "" && limit != 0 {
			out = append(out, "")
		}
	}
	return out
}

func splitChars(s string, limit int) []string {
	cs := chars([]byte(s))
	if limit > 0 && len(cs) > limit-1 {
		return append(cs[:limit-1:limit-1], strings.Join(cs[limit-1:], ""))
	}
	if limit < 0 {
		cs = append(cs, "")
	}
	return cs
}

func (c *call) splitRegex(re *regex, s string, limit int) []string {
	if s == "" {
		return nil
	}
	var out []string
	start := 0
	c.vm.eachMatch(re, s, func(m *match) bool {
		g := m.groups[0]
		if limit > 0 && len(out) >= limit-1 {
			return false
		}
		if g.start == g.end {
			// An empty match splits between characters, but not at the ends.
			if g.start >= len(s) || g.start == start && start == 0 && g.start == 0 {
				return true
			}
		}
		if g.end == 0 && g.start == 0 {
			return true
		}
		out = append(out, s[start:g.start])
		for i := 1; i < len(m.groups); i++ {
			if text, ok := m.group(i); ok {
				out = append(out, text)
			}
		}
		start = g.end
		return true
	})
	return append(out, s[start:])
}

func strPartition(c *call) value {
	s := c.text()
	if re, ok := c.args[0].(*regex); ok {
		m := c.setMatch(c.vm.matchAt(re, s, 0))
		if m == nil {
			return strList([]string{s, "", ""})
		}
		text, _ := m.group(0)
		return strList([]string{m.pre(), text, m.post()})
	}
	sep := c.str(0)
	before, after, found := strings.Cut(s, sep)
	if !found {
		return strList([]string{s, "", ""})
	}
	return strList([]string{before, sep, after})
}

func strRpartition(c *call) value {
	s := c.text()
	if re, ok := c.args[0].(*regex); ok {
		if c.regexLast(re, charLen([]byte(s))) == nil {
			return strList([]string{"", "", s})
		}
		m := c.f.act.match
		text, _ := m.group(0)
		return strList([]string{m.pre(), text, m.post()})
	}
	sep := c.str(0)
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return strList([]string{"", "", s})
	}
	return strList([]string{s[:i], sep, s[i+len(sep):]})
}

// replace is sub and gsub: with a replacement, a hash or a block.
func (c *call) replace(all bool) (value, bool) {
	if len(c.args) == 1 && c.kw == nil && c.blk == nil {
		if all {
			return c.enum(), false
		}
		c.vm.checkArity(1, 2, 2)
	}
	table := c.kw
	text := ""
	if len(c.args) == 2 {
		if h, ok := c.args[1].(*hash); ok {
			table = h
		} else {
			text = c.str(1)
		}
	}
	useBlock := len(c.args) == 1 && table == nil
	var b strings.Builder
	pos := 0
	var last *match
	s := c.text()
	_, literal := c.args[0].(*str)
	c.vm.eachMatch(c.pattern(c.args[0]), s, func(m *match) bool {
		last = m
		b.WriteString(s[pos:m.groups[0].start])
		found, _ := m.group(0)
		switch {
		case table != nil:
			b.WriteString(c.vm.toS(c.vm.hashGet(table, newStr(found))))
		case useBlock:
			c.setMatch(m)
			b.WriteString(c.vm.toS(c.yield(newStr(found))))
		default:
			expandReplacement(&b, text, m, literal)
		}
		pos = m.groups[0].end
		if b.Len() > maxString {
			c.vm.charge(b.Len())
		}
		return all
	})
	c.setMatch(last)
	if last == nil {
		return c.newStr(s), false
	}
	b.WriteString(s[pos:])
	return c.newStr(b.String()), true
}

// expandReplacement writes a replacement with its \1, \k<name>, \0, \& and so on.
func expandReplacement(b *strings.Builder, text string, m *match, literal bool) {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '\\' || i+1 >= len(text) {
			b.WriteByte(c)
			continue
		}
		i++
		switch n := text[i]; {
		case isDigit(n):
			g, _ := m.group(int(n - '0'))
			b.WriteString(g)
		case n == '&':
			g, _ := m.group(0)
			b.WriteString(g)
		case n == '`':
			b.WriteString(m.pre())
		case n == '\'':
			b.WriteString(m.post())
		case n == '\\':
			b.WriteByte('\\')
		case n == 'k' && i+1 < len(text) && text[i+1] == '<' && !literal:
			i += expandName(b, text[i:], m)
		default:
			b.WriteByte('\\')
			b.WriteByte(n)
		}
	}
}

// expandName writes the group of "k<name>" and returns how far that reaches.
func expandName(b *strings.Builder, text string, m *match) int {
	end := strings.IndexByte(text, '>')
	if end < 0 {
		b.WriteString(`\k`)
		return 0
	}
	name := text[2:end]
	for i, n := range m.re.names {
		if n == name {
			g, _ := m.group(i + 1)
			b.WriteString(g)
		}
	}
	if n, ok := wholeNumber(name); ok {
		g, _ := m.group(int(n))
		b.WriteString(g)
	}
	return end
}
