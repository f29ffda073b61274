package erb

import "strings"

// stringSlices adds [], []= and their like.
func stringSlices(t methodTable) {
	t.add(strIndex, 1, 2, "[]", "slice")
	t.add(strSetIndex, 2, 3, "[]=")
	t.add(strSliceBang, 1, 2, "slice!")
	t.add(func(c *call) value {
		b, n := c.s().b, c.int(0)
		if n < 0 {
			n += len(b)
		}
		if n < 0 || n >= len(b) {
			return nil
		}
		return int64(b[n])
	}, 1, 1, "getbyte")
	t.add(func(c *call) value {
		b := c.s().b
		from, length := c.int(0), c.optInt(1, 1)
		if from < 0 {
			from += len(b)
		}
		if from < 0 || from > len(b) || length < 0 {
			return nil
		}
		return c.newStr(string(b[from:min(from+length, len(b))]))
	}, 1, 2, "byteslice")
	t.add(func(c *call) value { return c.newStr(c.charSlice(0, 1)) }, 0, 0, "chr")
}

// charSlice is the text of length characters from character from, which must
// exist.
func (c *call) charSlice(from, length int) string {
	b := c.s().b
	start := charOffset(b, from)
	if start < 0 {
		return ""
	}
	rest := b[start:]
	end := charOffset(rest, min(length, len(rest)))
	if end < 0 {
		end = len(rest)
	}
	return string(rest[:end])
}

// bounds resolves an index argument to characters: start, length and whether
// they are inside.
func (c *call) bounds(args []value) (from, length int, ok bool) {
	n := charLen(c.s().b)
	if r, isRange := args[0].(*rangeVal); isRange {
		return c.vm.rangeBounds(r, n)
	}
	from = c.vm.toInt(args[0])
	if from < 0 {
		from += n
	}
	if len(args) == 1 {
		return from, 1, from >= 0 && from < n
	}
	length = c.vm.toInt(args[1])
	if from < 0 || from > n || length < 0 {
		return 0, 0, false
	}
	return from, min(length, n-from), true
}

func strIndex(c *call) value {
	switch k := c.args[0].(type) {
	case *str:
		if strings.Contains(c.text(), string(k.b)) {
			return c.newStr(string(k.b))
		}
		return nil
	case *regex:
		m := c.vm.matchAt(k, c.text(), 0)
		c.f.act.match = m
		if m == nil {
			return nil
		}
		if len(c.args) == 2 {
			return c.vm.group(m, c.args[1])
		}
		return m.groupValue(0)
	}
	from, length, ok := c.bounds(c.args)
	if !ok {
		return nil
	}
	return c.newStr(c.charSlice(from, length))
}

// byteRange resolves the place that []= and slice! change.
func (c *call) byteRange(args []value) (start, end int, ok bool) {
	s := c.text()
	switch k := args[0].(type) {
	case *str:
		i := strings.Index(s, string(k.b))
		return i, i + len(k.b), i >= 0
	case *regex:
		m := c.vm.matchAt(k, s, 0)
		c.f.act.match = m
		if m == nil {
			return 0, 0, false
		}
		n := 0
		if len(args) == 2 {
			n = c.vm.groupNumber(m, args[1])
		}
		if n >= len(m.groups) || m.groups[n].start < 0 {
			return 0, 0, false
		}
		return m.groups[n].start, m.groups[n].end, true
	}
	from, length, ok := c.bounds(args)
	if !ok {
		return 0, 0, false
	}
	start = charOffset(c.s().b, from)
	end = charOffset(c.s().b, from+length)
	return start, end, start >= 0 && end >= 0
}

func strSetIndex(c *call) value {
	s := c.modify()
	last := len(c.args) - 1
	val := c.vm.toStr(c.args[last])
	start, end, ok := c.byteRange(c.args[:last])
	if !ok {
		if _, isStr := c.args[0].(*str); isStr {
			c.vm.raise("IndexError", "string not matched")
		}
		c.vm.raise("IndexError", "index %s out of string", c.vm.inspect(c.args[0]))
	}
	c.vm.charge(len(s.b) + len(val.b))
	s.b = append(append(append([]byte(nil), s.b[:start]...), val.b...), s.b[end:]...)
	return c.args[last]
}

func strSliceBang(c *call) value {
	s := c.modify()
	start, end, ok := c.byteRange(c.args)
	if !ok {
		return nil
	}
	cut := c.newStr(string(s.b[start:end]))
	s.b = append(append([]byte(nil), s.b[:start]...), s.b[end:]...)
	return cut
}
