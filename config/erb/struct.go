package erb

import "strings"

// structClassMethods are Struct.new and what the classes it makes can do.
func structClassMethods(t methodTable) {
	t.addKw(structNew, 0, -1, "new", "[]")
	t.add(func(c *call) value {
		out := &array{}
		for _, f := range c.self.(*class).fields {
			out.elems = append(out.elems, symbol(f))
		}
		return out
	}, 0, 0, "members")
}

func structNew(c *call) value {
	k := c.self.(*class)
	if k == c.vm.class("Struct") {
		return c.defineStruct()
	}
	o := &object{class: k, data: make([]value, len(k.fields))}
	m := c.vm.find(o, "initialize")
	c.vm.invoke(c.f, m, o, "initialize", c.args, c.kw, c.blk, c.vm.levelOf(k, m))
	return o
}

// defineStruct is Struct.new(:a, :b, keyword_init: true) { … }.
func (c *call) defineStruct() value {
	k := &class{super: c.vm.class("Struct"), keyInit: truthy(c.kw.sym("keyword_init"))}
	args := c.args
	if s, ok := c.arg(0).(*str); ok {
		c.vm.class("Struct").setConst(s.String(), k)
		args = args[1:]
	}
	for i := range args {
		one := &call{vm: c.vm, args: args[i : i+1]}
		k.fields = append(k.fields, one.symName(0))
	}
	for i, f := range k.fields {
		k.define(&method{name: f, native: &native{max: 0, fn: func(c *call) value { return c.self.(*object).data.([]value)[i] }}})
		k.define(&method{name: f + "=", native: &native{min: 1, max: 1, fn: func(c *call) value {
			if c.self.(*object).frozen {
				c.vm.frozenError(c.self)
			}
			c.self.(*object).data.([]value)[i] = c.args[0]
			return c.args[0]
		}}})
	}
	c.vm.changed()
	if c.blk != nil {
		c.vm.instanceRun(k, c.blk, nil)
		c.vm.changed()
	}
	return k
}

func structMethods(t methodTable) {
	vals := func(c *call) []value { return c.self.(*object).data.([]value) }
	fields := func(c *call) []string { return c.self.(*object).class.fields }
	t.addKw(structInit, 0, -1, "initialize")
	t["initialize"].private = true
	t.add(func(c *call) value { return vals(c)[c.member(0)] }, 1, 1, "[]")
	t.add(func(c *call) value {
		if c.self.(*object).frozen {
			c.vm.frozenError(c.self)
		}
		vals(c)[c.member(0)] = c.args[1]
		return c.args[1]
	}, 2, 2, "[]=")
	t.add(func(c *call) value { return c.list(append([]value(nil), vals(c)...)) }, 0, 0, "to_a", "values", "deconstruct")
	t.add(func(c *call) value {
		h := newHash()
		for i, f := range fields(c) {
			if c.blk != nil {
				pair := c.vm.toArr(c.yield(symbol(f), vals(c)[i]))
				h.set(pair.at(0), pair.at(1))
				continue
			}
			h.set(symbol(f), vals(c)[i])
		}
		return h
	}, 0, 0, "to_h")
	t.add(func(c *call) value {
		out := &array{}
		for _, f := range fields(c) {
			out.elems = append(out.elems, symbol(f))
		}
		return out
	}, 0, 0, "members")
	t.add(blockless(func(c *call) value {
		for _, v := range vals(c) {
			c.yield(v)
		}
		return c.self
	}), 0, 0, "each")
	t.add(blockless(func(c *call) value {
		for i, v := range vals(c) {
			c.yield(symbol(fields(c)[i]), v)
		}
		return c.self
	}), 0, 0, "each_pair")
	t.add(func(c *call) value {
		o, ok := c.args[0].(*object)
		if !ok || o.class != c.self.(*object).class {
			return false
		}
		return c.vm.equalArrays(&array{elems: vals(c)}, &array{elems: o.data.([]value)})
	}, 1, 1, "==", "eql?")
	t.add(dig, 1, -1, "dig")
	t.add(func(c *call) value { return int64(len(vals(c))) }, 0, 0, "size", "length")
	t.add(structInspect, 0, 0, "to_s", "inspect")
}

func structInit(c *call) value {
	o := c.self.(*object)
	vals := o.data.([]value)
	k := o.class
	if k.keyInit || len(c.args) == 0 && c.kw != nil {
		if len(c.args) > 0 {
			c.vm.argError("wrong number of arguments (given %d, expected 0)", len(c.args))
		}
		if c.kw != nil {
			for _, e := range c.kw.pairs() {
				one := &call{vm: c.vm, f: c.f, self: o, args: []value{e.key}}
				vals[one.member(0)] = e.val
			}
		}
		return nil
	}
	args := c.args
	if c.kw != nil {
		args = append(args[:len(args):len(args)], c.kw)
	}
	if len(args) > len(vals) {
		c.vm.argError("struct size differs")
	}
	copy(vals, args)
	return nil
}

// member resolves a field given by name or number.
func (c *call) member(i int) int {
	fields := c.self.(*object).class.fields
	if n, ok := c.args[i].(int64); ok {
		k := n
		if k < 0 {
			k += int64(len(fields))
		}
		if k < 0 || k >= int64(len(fields)) {
			c.vm.raise("IndexError", "offset %d too large for struct(size:%d)", n, len(fields))
		}
		return int(k)
	}
	name := c.symName(i)
	for k, f := range fields {
		if f == name {
			return k
		}
	}
	c.vm.raise("NameError", "no member '%s' in struct", name)
	return 0
}

func structInspect(c *call) value {
	o := c.self.(*object)
	defer c.vm.guarded()()
	var b strings.Builder
	b.WriteString("#<struct ")
	if o.class.name != "" {
		b.WriteString(o.class.name + " ")
	}
	for i, f := range o.class.fields {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(f + "=" + c.vm.inspect(o.data.([]value)[i]))
	}
	b.WriteString(">")
	return c.newStr(b.String())
}
