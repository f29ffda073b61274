package erb

import "strings"

// setOf returns the elements of a Set.
func setOf(o *object) (*hash, bool) {
	if o.class == nil || !ancestorNamed(o.class, "Set") {
		return nil, false
	}
	h, ok := o.data.(*hash)
	return h, ok
}

func ancestorNamed(c *class, name string) bool {
	for k := c; k != nil; k = k.super {
		if k.name == name {
			return true
		}
	}
	return false
}

func (vm *vm) newSet(items []value) value {
	h := newHash()
	for _, v := range items {
		h.set(v, true)
	}
	vm.chargeElems(3 * h.len())
	return &object{class: vm.class("Set"), data: h}
}

func setClassMethods(t methodTable) {
	t.add(func(c *call) value {
		var items []value
		if c.arg(0) != nil {
			items = c.vm.toList(c.args[0])
		}
		if c.blk != nil {
			for i, v := range items {
				items[i] = c.yield(v)
			}
		}
		return c.vm.newSet(items)
	}, 0, 1, "new")
	t.add(func(c *call) value { return c.vm.newSet(c.args) }, 0, -1, "[]")
}

func setMethods(t methodTable) {
	h := func(c *call) *hash { return c.self.(*object).data.(*hash) }
	items := func(c *call) []value { return c.vm.toList(c.self) }
	t.add(func(c *call) value { h(c).set(c.args[0], true); c.vm.chargeElems(3); return c.self }, 1, 1, "add", "<<")
	t.add(func(c *call) value {
		if _, ok := h(c).lookup(c.args[0]); ok {
			return nil
		}
		h(c).set(c.args[0], true)
		return c.self
	}, 1, 1, "add?")
	t.add(func(c *call) value { h(c).delete(c.args[0]); return c.self }, 1, 1, "delete")
	t.add(func(c *call) value { _, ok := h(c).lookup(c.args[0]); return ok }, 1, 1, "include?", "member?", "===", "contain?")
	t.add(func(c *call) value { return int64(h(c).len()) }, 0, 0, "size", "length")
	t.add(func(c *call) value { return h(c).len() == 0 }, 0, 0, "empty?")
	t.add(blockless(func(c *call) value {
		for _, v := range items(c) {
			c.yield(v)
		}
		return c.self
	}), 0, 0, "each")
	t.add(func(c *call) value { return c.vm.newSet(append(items(c), c.vm.toList(c.args[0])...)) }, 1, 1, "|", "+", "union")
	both := func(c *call, want bool) []value {
		other := newHash()
		for _, v := range c.vm.toList(c.args[0]) {
			other.set(v, true)
		}
		out := []value{}
		for _, v := range items(c) {
			if _, ok := other.lookup(v); ok == want {
				out = append(out, v)
			}
		}
		return out
	}
	t.add(func(c *call) value { return c.vm.newSet(both(c, true)) }, 1, 1, "&", "intersection")
	t.add(func(c *call) value { return c.vm.newSet(both(c, false)) }, 1, 1, "-", "difference")
	t.add(func(c *call) value { return len(both(c, false)) == 0 }, 1, 1, "subset?", "<=")
	t.add(func(c *call) value { return len(both(c, true)) == len(c.vm.toList(c.args[0])) }, 1, 1, "superset?", ">=")
	t.add(func(c *call) value { return len(both(c, true)) == 0 }, 1, 1, "disjoint?")
	t.add(func(c *call) value { return len(both(c, true)) > 0 }, 1, 1, "intersect?")
	t.add(func(c *call) value {
		for _, a := range c.args {
			for _, v := range c.vm.toList(a) {
				h(c).set(v, true)
			}
		}
		return c.self
	}, 0, -1, "merge")
	t.add(func(c *call) value { return c.self }, 0, 0, "to_set")
	t.add(func(c *call) value { h(c).rebuild(nil); return c.self }, 0, 0, "clear")
	t.add(func(c *call) value {
		for _, v := range c.vm.toList(c.args[0]) {
			h(c).delete(v)
		}
		return c.self
	}, 1, 1, "subtract")
	t.add(func(c *call) value {
		out := c.vm.newSet(c.vm.toList(c.args[0])).(*object)
		other := out.data.(*hash)
		for _, v := range items(c) {
			if _, ok := other.delete(v); !ok {
				other.set(v, true)
			}
		}
		return out
	}, 1, 1, "^")
	t.add(func(c *call) value {
		return arrJoin(&call{vm: c.vm, f: c.f, self: &array{elems: items(c)}, args: c.args})
	}, 0, 1, "join")
	t.add(blockless(func(c *call) value {
		for _, v := range items(c) {
			if c.test(v) {
				h(c).delete(v)
			}
		}
		return c.self
	}), 0, 0, "delete_if")
	keep := func(want bool) func(c *call) value {
		return blockless(func(c *call) value {
			out := []value{}
			for _, v := range items(c) {
				if c.test(v) == want {
					out = append(out, v)
				}
			}
			return c.vm.newSet(out)
		})
	}
	t.add(keep(true), 0, 0, "select", "filter")
	t.add(keep(false), 0, 0, "reject")
	t.add(func(c *call) value {
		o, ok := c.args[0].(*object)
		if !ok {
			return false
		}
		other, ok := setOf(o)
		return ok && other.len() == h(c).len() && c.vm.subset(h(c), other)
	}, 1, 1, "==")
	t.add(func(c *call) value {
		defer c.vm.guarded()()
		var parts []string
		for _, v := range items(c) {
			parts = append(parts, c.vm.inspect(v))
		}
		return c.newStr("#<Set: {" + strings.Join(parts, ", ") + "}>")
	}, 0, 0, "inspect", "to_s")
}

func openStructClassMethods(t methodTable) {
	t.addKw(func(c *call) value {
		h := newHash()
		for _, src := range []*hash{hashOrNil(c.arg(0)), c.kw} {
			if src == nil {
				continue
			}
			for _, e := range src.pairs() {
				h.set(symbol(c.vm.toS(e.key)), e.val)
			}
		}
		return &object{class: c.self.(*class), data: h}
	}, 0, 1, "new")
}

func hashOrNil(v value) *hash {
	h, _ := v.(*hash)
	return h
}

func openStructMethods(t methodTable) {
	h := func(c *call) *hash { return c.self.(*object).data.(*hash) }
	key := func(c *call) value { return symbol(c.symName(0)) }
	t.add(func(c *call) value { v, _ := h(c).lookup(key(c)); return v }, 1, 1, "[]")
	t.add(func(c *call) value { h(c).set(key(c), c.args[1]); return c.args[1] }, 2, 2, "[]=")
	t.add(func(c *call) value { return h(c).copy() }, 0, 0, "to_h")
	t.add(func(c *call) value { _, ok := h(c).lookup(key(c)); return ok }, 1, 2, "respond_to?")
	t.add(func(c *call) value { v, _ := h(c).delete(key(c)); return v }, 1, 1, "delete_field")
	t.add(dig, 1, -1, "dig")
	t.add(blockless(func(c *call) value {
		for _, e := range h(c).pairs() {
			c.yield(newArray(e.key, e.val))
		}
		return c.self
	}), 0, 0, "each_pair")
	t.add(func(c *call) value {
		o, ok := c.args[0].(*object)
		return ok && o.class == c.self.(*object).class && c.vm.equalHashes(h(c), o.data.(*hash))
	}, 1, 1, "==")
	t.add(func(c *call) value {
		defer c.vm.guarded()()
		var parts []string
		for _, e := range h(c).pairs() {
			parts = append(parts, " "+c.vm.toS(e.key)+"="+c.vm.inspect(e.val))
		}
		return c.newStr("#<OpenStruct" + strings.Join(parts, ",") + ">")
	}, 0, 0, "inspect", "to_s")
	// Any other name reads a field, or sets it.
	t.add(func(c *call) value {
		name := string(c.args[0].(symbol))
		if n := len(name) - 1; name[n] == '=' && len(c.args) == 2 {
			h(c).set(symbol(name[:n]), c.args[1])
			return c.args[1]
		}
		if len(c.args) > 1 {
			c.vm.noMethod(c.self, name, nil)
		}
		v, _ := h(c).lookup(symbol(name))
		return v
	}, 1, -1, "method_missing")
	t["method_missing"].private = true
}
