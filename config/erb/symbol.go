package erb

import "strings"

func symbolMethods(t methodTable) {
	sym := func(c *call) string { return string(c.self.(symbol)) }
	t.add(func(c *call) value { return c.newStr(sym(c)) }, 0, 0, "to_s", "id2name", "name")
	t.add(func(c *call) value { return c.self }, 0, 0, "to_sym")
	t.add(func(c *call) value { return c.newStr(inspectSymbol(sym(c))) }, 0, 0, "inspect")
	t.add(func(c *call) value { return c.vm.symbolProc(sym(c)) }, 0, 0, "to_proc")
	t.add(func(c *call) value { return c.self == c.args[0] }, 1, 1, "==", "===", "eql?")
	t.add(spaceship, 1, 1, "<=>")
	t.add(func(c *call) value { return true }, 0, 0, "frozen?")
	text := methodTable{}
	stringMethods(text)
	// These work on the name as on a string.
	for _, name := range []string{"length", "size", "empty?", "start_with?", "end_with?", "[]", "slice", "=~", "match", "match?", "encoding"} {
		n := text[name]
		t.add(func(c *call) value { return n.fn(c.onText()) }, n.min, n.max, name)
	}
	for _, name := range []string{"upcase", "downcase", "capitalize", "swapcase", "succ", "next"} {
		n := text[name]
		t.add(func(c *call) value { return symbol(n.fn(c.onText()).(*str).String()) }, n.min, n.max, name)
	}
	t.add(func(c *call) value {
		o, ok := c.args[0].(symbol)
		if !ok {
			return nil
		}
		return int64(strings.Compare(string(asciiLower([]byte(sym(c)))), string(asciiLower([]byte(o)))))
	}, 1, 1, "casecmp")
}

// onText is the same call on the symbol's name.
func (c *call) onText() *call {
	n := *c
	n.self = newStr(string(c.self.(symbol)))
	return &n
}
