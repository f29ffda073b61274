package erb

func hashMethods(t methodTable) {
	hashAccess(t)
	hashChange(t)
	hashDerive(t)
}

func hashClassMethods(t methodTable) {
	t.add(func(c *call) value {
		if c.blk != nil {
			c.vm.checkArity(len(c.args), 0, 0)
		}
		return &hash{def: c.arg(0), defProc: c.blk}
	}, 0, 1, "new")
	t.add(func(c *call) value {
		h := newHash()
		if len(c.args) == 1 {
			switch src := c.args[0].(type) {
			case *hash:
				h.rebuild(src.pairs())
				return h
			case *array:
				return enumToH(&call{vm: c.vm, f: c.f, self: src})
			}
		}
		if len(c.args)%2 == 1 {
			c.vm.argError("odd number of arguments for Hash")
		}
		for i := 0; i < len(c.args); i += 2 {
			h.set(c.args[i], c.args[i+1])
		}
		return h
	}, 0, -1, "[]")
}

// h is the receiver as a hash.
func (c *call) h() *hash { return c.self.(*hash) }

func (c *call) changingHash() *hash {
	h := c.h()
	if h.frozen {
		c.vm.frozenError(h)
	}
	return h
}

// hashGet is Hash#[], with the default.
func (vm *vm) hashGet(h *hash, k value) value {
	if v, ok := h.lookup(k); ok {
		return v
	}
	if h.defProc != nil {
		return vm.callProc(h.defProc, []value{h, k}, nil, nil)
	}
	return h.def
}

func hashAccess(t methodTable) {
	t.add(func(c *call) value { return c.vm.hashGet(c.h(), c.args[0]) }, 1, 1, "[]")
	t.add(hashFetch, 1, 2, "fetch")
	t.add(dig, 1, -1, "dig")
	t.add(func(c *call) value { _, ok := c.h().lookup(c.args[0]); return ok }, 1, 1, "key?", "has_key?", "include?", "member?")
	t.add(func(c *call) value {
		for _, e := range c.h().pairs() {
			if c.vm.equal(e.val, c.args[0]) {
				return true
			}
		}
		return false
	}, 1, 1, "value?", "has_value?")
	t.add(func(c *call) value {
		for _, e := range c.h().pairs() {
			if c.vm.equal(e.val, c.args[0]) {
				return e.key
			}
		}
		return nil
	}, 1, 1, "key")
	t.add(func(c *call) value { return c.column(true) }, 0, 0, "keys")
	t.add(func(c *call) value { return c.column(false) }, 0, 0, "values")
	t.add(func(c *call) value {
		out := []value{}
		for _, k := range c.args {
			out = append(out, c.vm.hashGet(c.h(), k))
		}
		return c.list(out)
	}, 0, -1, "values_at")
	t.add(func(c *call) value {
		out := []value{}
		for _, k := range c.args {
			one := &call{vm: c.vm, f: c.f, self: c.self, args: []value{k}, blk: c.blk}
			out = append(out, hashFetch(one))
		}
		return c.list(out)
	}, 0, -1, "fetch_values")
	t.add(func(c *call) value { return int64(c.h().len()) }, 0, 0, "length", "size")
	t.add(func(c *call) value { return c.h().len() == 0 }, 0, 0, "empty?")
	t.add(func(c *call) value { return c.h().def }, 0, 1, "default")
	t.add(func(c *call) value { c.changingHash().def = c.args[0]; return c.args[0] }, 1, 1, "default=")
	t.add(func(c *call) value { return c.self }, 0, 0, "to_hash")
	t.add(func(c *call) value {
		if c.blk == nil {
			return c.self
		}
		h := newHash()
		for _, e := range c.h().pairs() {
			pair := c.vm.toArr(c.yield(e.key, e.val))
			if len(pair.elems) != 2 {
				c.vm.argError("element has wrong array length (expected 2, was %d)", len(pair.elems))
			}
			h.set(pair.elems[0], pair.elems[1])
		}
		return h
	}, 0, 0, "to_h")
	t.add(func(c *call) value { return c.newStr(c.vm.inspect(c.self)) }, 0, 0, "to_s", "inspect")
	t.add(func(c *call) value { return c.vm.equal(c.self, c.args[0]) }, 1, 1, "==", "eql?")
	t.add(func(c *call) value { return c.vm.subset(c.vm.toHash(c.args[0]), c.h()) }, 1, 1, ">=")
	t.add(func(c *call) value { return c.vm.subset(c.h(), c.vm.toHash(c.args[0])) }, 1, 1, "<=")
	t.add(func(c *call) value {
		o := c.vm.toHash(c.args[0])
		return c.vm.subset(o, c.h()) && o.len() < c.h().len()
	}, 1, 1, ">")
	t.add(func(c *call) value {
		o := c.vm.toHash(c.args[0])
		return c.vm.subset(c.h(), o) && c.h().len() < o.len()
	}, 1, 1, "<")
	t.add(func(c *call) value {
		out := []value{}
		c.vm.flatten(&array{elems: c.items()}, c.optInt(0, 1), &out)
		return c.list(out)
	}, 0, 1, "flatten")
	t.add(func(c *call) value {
		for _, e := range c.h().pairs() {
			if c.vm.equal(e.val, c.args[0]) {
				return newArray(e.key, e.val)
			}
		}
		return nil
	}, 1, 1, "rassoc")
	t.add(func(c *call) value {
		if p := c.h().defProc; p != nil {
			return p
		}
		return nil
	}, 0, 0, "default_proc")
	t.add(func(c *call) value { return keyHash(c.self) }, 0, 0, "hash")
	t.add(func(c *call) value { c.h().frozen = true; return c.self }, 0, 0, "freeze")
	t.add(func(c *call) value { return c.h().frozen }, 0, 0, "frozen?")
	t.addKw(func(c *call) value { return c.copyHash() }, 0, 0, "dup", "clone")
	each := blockless(func(c *call) value {
		for _, e := range c.h().pairs() {
			c.vm.tick()
			c.yield(newArray(e.key, e.val))
		}
		return c.self
	})
	t.add(each, 0, 0, "each", "each_pair")
	t.add(blockless(func(c *call) value {
		for _, e := range c.h().pairs() {
			c.yield(e.key)
		}
		return c.self
	}), 0, 0, "each_key")
	t.add(blockless(func(c *call) value {
		for _, e := range c.h().pairs() {
			c.yield(e.val)
		}
		return c.self
	}), 0, 0, "each_value")
	t.add(func(c *call) value {
		v, ok := c.h().lookup(c.args[0])
		if !ok {
			return nil
		}
		return newArray(c.args[0], v)
	}, 1, 1, "assoc")
	t.add(func(c *call) value { c.h().byIdentity = true; c.h().rebuild(c.h().pairs()); return c.self }, 0, 0, "compare_by_identity")
	t.add(func(c *call) value { return c.vm.toProc(c.h()) }, 0, 0, "to_proc")
}

// subset tells that every pair of a is in b.
func (vm *vm) subset(a, b *hash) bool {
	for _, e := range a.pairs() {
		v, ok := b.lookup(e.key)
		if !ok || !vm.equal(e.val, v) {
			return false
		}
	}
	return true
}

func (c *call) copyHash() *hash {
	c.vm.chargeElems(3 * c.h().len())
	return c.h().copy()
}

func hashFetch(c *call) value {
	if v, ok := c.h().lookup(c.args[0]); ok {
		return v
	}
	switch {
	case c.blk != nil:
		return c.yield(c.args[0])
	case len(c.args) > 1:
		return c.args[1]
	}
	c.vm.keyError(c.self, c.args[0])
	return nil
}

// keyError raises KeyError for a key that a hash lacks.
func (vm *vm) keyError(recv, key value) {
	e := vm.newExc(vm.class("KeyError"), "key not found: "+vm.inspect(key))
	exc(e).key, exc(e).recv = key, recv
	vm.raiseExc(e)
}

func (c *call) column(keys bool) value {
	out := make([]value, 0, c.h().len())
	for _, e := range c.h().pairs() {
		if keys {
			out = append(out, e.key)
		} else {
			out = append(out, e.val)
		}
	}
	return c.list(out)
}

func hashChange(t methodTable) {
	t.add(func(c *call) value {
		c.vm.chargeElems(3)
		c.changingHash().set(c.args[0], c.args[1])
		return c.args[1]
	}, 2, 2, "[]=", "store")
	t.add(func(c *call) value {
		v, ok := c.changingHash().delete(c.args[0])
		if !ok && c.blk != nil {
			return c.yield(c.args[0])
		}
		return v
	}, 1, 1, "delete")
	t.add(func(c *call) value { c.changingHash().rebuild(nil); return c.self }, 0, 0, "clear")
	t.add(func(c *call) value {
		c.changingHash().rebuild(c.vm.toHash(c.args[0]).pairs())
		return c.self
	}, 1, 1, "replace")
	t.add(func(c *call) value {
		h := c.changingHash()
		pairs := h.pairs()
		if len(pairs) == 0 {
			return nil
		}
		h.delete(pairs[0].key)
		return newArray(pairs[0].key, pairs[0].val)
	}, 0, 0, "shift")
	t.add(func(c *call) value { c.mergeInto(c.changingHash()); return c.self }, 0, -1, "merge!", "update")
	derived := methodTable{}
	hashDerive(derived)
	inPlace := func(name, plain string, nilIfSame bool) {
		n := derived[plain]
		t.addKw(func(c *call) value {
			if c.blk == nil && plain != "compact" {
				return c.enum()
			}
			h := c.changingHash()
			before := h.len()
			out := n.fn(c).(*hash)
			h.rebuild(out.pairs())
			if nilIfSame && h.len() == before {
				return nil
			}
			return h
		}, n.min, n.max, name)
	}
	inPlace("select!", "select", true)
	inPlace("filter!", "select", true)
	inPlace("keep_if", "select", false)
	inPlace("reject!", "reject", true)
	inPlace("delete_if", "reject", false)
	inPlace("compact!", "compact", true)
	inPlace("transform_values!", "transform_values", false)
	inPlace("transform_keys!", "transform_keys", false)
}

// mergeInto merges the arguments into a hash; a block settles conflicts.
func (c *call) mergeInto(h *hash) {
	for _, a := range c.args {
		for _, e := range c.vm.toHash(a).pairs() {
			v := e.val
			if c.blk != nil {
				if old, ok := h.lookup(e.key); ok {
					v = c.yield(e.key, old, v)
				}
			}
			h.set(e.key, v)
		}
		c.vm.chargeElems(3 * h.len())
	}
}

func hashDerive(t methodTable) {
	t.add(func(c *call) value {
		h := c.copyHash()
		c.mergeInto(h)
		return h
	}, 0, -1, "merge")
	keep := func(want bool) func(c *call) value {
		return blockless(func(c *call) value {
			out := newHash()
			for _, e := range c.h().pairs() {
				if truthy(c.yield(e.key, e.val)) == want {
					out.set(e.key, e.val)
				}
			}
			return out
		})
	}
	t.add(keep(true), 0, 0, "select", "filter")
	t.add(keep(false), 0, 0, "reject")
	t.add(func(c *call) value {
		out := newHash()
		for _, e := range c.h().pairs() {
			if e.val != nil {
				out.set(e.key, e.val)
			}
		}
		return out
	}, 0, 0, "compact")
	t.add(func(c *call) value {
		out := newHash()
		for _, e := range c.h().pairs() {
			out.set(e.val, e.key)
		}
		return out
	}, 0, 0, "invert")
	t.add(func(c *call) value {
		out := newHash()
		for _, k := range c.args {
			if v, ok := c.h().lookup(k); ok {
				out.set(k, v)
			}
		}
		return out
	}, 0, -1, "slice")
	t.add(func(c *call) value {
		out := newHash()
		out.rebuild(c.h().pairs())
		for _, k := range c.args {
			out.delete(k)
		}
		return out
	}, 0, -1, "except")
	t.add(blockless(func(c *call) value {
		out := newHash()
		for _, e := range c.h().pairs() {
			out.set(e.key, c.yield(e.val))
		}
		return out
	}), 0, 0, "transform_values")
	t.add(hashTransformKeys, 0, 1, "transform_keys")
	t.add(hashAny, 0, 1, "any?")
}

func hashTransformKeys(c *call) value {
	table, _ := c.arg(0).(*hash)
	if table == nil && c.blk == nil {
		return c.enum()
	}
	out := newHash()
	for _, e := range c.h().pairs() {
		k := e.key
		if table != nil {
			if n, ok := table.lookup(k); ok {
				out.set(n, e.val)
				continue
			}
		}
		if c.blk != nil {
			k = c.yield(e.key)
		}
		out.set(k, e.val)
	}
	return out
}

func hashAny(c *call) value {
	if c.blk == nil && len(c.args) == 0 {
		return c.h().len() > 0
	}
	is := c.matcher()
	for _, e := range c.h().pairs() {
		if is(newArray(e.key, e.val)) {
			return true
		}
	}
	return false
}
