package erb

import "sort"

// objectMethods are the public methods that every object has.
func objectMethods(t methodTable) {
	objectBasics(t)
	objectReflection(t)
}

func objectBasics(t methodTable) {
	t.add(func(c *call) value { return c.vm.classOf(c.self) }, 0, 0, "class")
	t.add(func(c *call) value { return c.self == nil }, 0, 0, "nil?")
	t.add(func(c *call) value { return c.vm.identical(c.self, c.args[0]) }, 1, 1, "equal?")
	t.add(func(c *call) value {
		if o, ok := c.self.(*object); ok {
			return o == c.args[0]
		}
		return c.vm.equal(c.self, c.args[0])
	}, 1, 1, "==")
	t.add(func(c *call) value { return keyOf(c.self) == keyOf(c.args[0]) }, 1, 1, "eql?")
	t.add(func(c *call) value { return c.vm.caseEqDefault(c, c.args[0]) }, 1, 1, "===")
	t.add(func(c *call) value { return !c.vm.equal(c.self, c.args[0]) }, 1, 1, "!=")
	t.add(func(c *call) value { return !truthy(c.self) }, 0, 0, "!")
	t.add(func(c *call) value { return !truthy(c.vm.send(c.self, "=~", c.args[0])) }, 1, 1, "!~")
	t.add(func(c *call) value { return nil }, 1, 1, "=~")
	t.add(func(c *call) value {
		if c.vm.equal(c.self, c.args[0]) {
			return int64(0)
		}
		return nil
	}, 1, 1, "<=>")
	t.add(func(c *call) value { return newStr(c.vm.anyToS(c.self)) }, 0, 0, "to_s")
	t.add(func(c *call) value {
		if o, ok := c.self.(*object); ok {
			return newStr(c.vm.inspectObject(o))
		}
		return newStr(c.vm.toS(c.self))
	}, 0, 0, "inspect")
	t.add(func(c *call) value { return c.vm.objectID(c.self) }, 0, 0, "object_id", "__id__", "hash")
	t.add(func(c *call) value { return c.self }, 0, 0, "itself")
	t.addKw(func(c *call) value { return c.newStr(c.vm.toJSON(c.self, "", "")) }, 0, 1, "to_json")
	t.addKw(func(c *call) value { return c.newStr(c.dumpYAML(c.self)) }, 0, 1, "to_yaml")
	t.add(func(c *call) value { return c.newStr(c.vm.inspect(c.self) + "\n") }, 0, 0, "pretty_inspect")
	t.add(func(c *call) value { c.needBlock(); c.yield(c.self); return c.self }, 0, 0, "tap")
	t.add(blockless(func(c *call) value { return c.yield(c.self) }), 0, 0, "then", "yield_self")
	t.addKw(func(c *call) value { return c.vm.dupObject(c, c.name == "clone") }, 0, 0, "dup", "clone")
	t.add(func(c *call) value {
		if o, ok := c.self.(*object); ok {
			o.frozen = true
		}
		return c.self
	}, 0, 0, "freeze")
	t.add(func(c *call) value {
		o, ok := c.self.(*object)
		return !ok || o.frozen
	}, 0, 0, "frozen?")
	t.addKw(func(c *call) value {
		return &enumerator{recv: c.self, meth: enumName(c), args: enumArgs(c), f: c.f}
	}, 0, -1, "to_enum", "enum_for")
	t.add(func(c *call) value {
		c.vm.writeOut(c.vm.stdout, c.vm.toS(c.self))
		return nil
	}, 0, 0, "display")
}

func enumName(c *call) string {
	if len(c.args) == 0 {
		return "each"
	}
	return c.symName(0)
}

func enumArgs(c *call) []value {
	if len(c.args) == 0 {
		return nil
	}
	return c.args[1:]
}

func (vm *vm) caseEqDefault(c *call, v value) bool {
	if o, ok := c.self.(*object); ok {
		return vm.equal(o, v)
	}
	return vm.caseEq(c.f, c.self, v)
}

// identical is equal?: the very same object.
func (vm *vm) identical(a, b value) bool { return a == b }

// objectID numbers objects as they are asked for.
func (vm *vm) objectID(v value) value {
	switch v := v.(type) {
	case nil:
		return int64(8)
	case bool:
		if v {
			return int64(20)
		}
		return int64(0)
	case int64:
		return 2*v + 1
	}
	id, ok := vm.ids[v]
	if !ok {
		id = 8*len(vm.ids) + 16
		vm.ids[v] = id
	}
	return int64(id)
}

// dupObject copies an object shallowly.
func (vm *vm) dupObject(c *call, clone bool) value {
	o, ok := c.self.(*object)
	if !ok {
		return c.self
	}
	n := &object{class: o.class, data: copyData(o.data)}
	for _, name := range o.ivarOrder {
		n.setIvar(name, o.ivars[name])
	}
	if clone {
		n.singleton = o.singleton
		n.frozen = o.frozen && c.kw.sym("freeze") != false
	}
	if m := vm.find(n, "initialize_copy"); m != nil {
		vm.send(n, "initialize_copy", o)
	}
	return n
}

// copyData copies the state of a library object.
func copyData(d any) any {
	switch d := d.(type) {
	case []value:
		return append([]value(nil), d...)
	case *hash:
		return d.copy()
	case *excData:
		n := *d
		return &n
	}
	return d
}

func objectReflection(t methodTable) {
	t.add(func(c *call) value {
		k, ok := c.args[0].(*class)
		if !ok {
			c.vm.typeError("class or module required")
		}
		return c.vm.isA(c.self, k)
	}, 1, 1, "is_a?", "kind_of?")
	t.add(func(c *call) value { return c.vm.classOf(c.self) == c.args[0] }, 1, 1, "instance_of?")
	t.add(objRespondTo, 1, 2, "respond_to?")
	t.addKw(objSend, 1, -1, "send", "__send__", "public_send")
	t.add(func(c *call) value {
		name := c.symName(0)
		m := c.vm.find(c.self, name)
		if m == nil {
			c.vm.raise("NameError", "undefined method `%s' for class `%s'", name, c.vm.classOf(c.self).name)
		}
		return &methodVal{recv: c.self, name: name, m: m}
	}, 1, 1, "method", "public_method")
	t.add(func(c *call) value { return c.vm.methodNames(c.self, false) }, 0, 1, "methods", "public_methods")
	t.add(func(c *call) value { return c.vm.methodNames(c.self, true) }, 0, 1, "singleton_methods")
	t.add(func(c *call) value { return c.vm.getIvar(c.self, c.symName(0)) }, 1, 1, "instance_variable_get")
	t.add(func(c *call) value { c.vm.setIvar(c.self, c.symName(0), c.args[1]); return c.args[1] }, 2, 2, "instance_variable_set")
	t.add(func(c *call) value { return c.vm.hasIvar(c.self, c.symName(0)) }, 1, 1, "instance_variable_defined?")
	t.add(func(c *call) value {
		out := &array{}
		if o, ok := c.self.(*object); ok {
			for _, n := range o.ivarOrder {
				out.elems = append(out.elems, symbol(n))
			}
		}
		return out
	}, 0, 0, "instance_variables")
	t.add(func(c *call) value {
		for _, a := range c.args {
			m := c.vm.needModule(a)
			s := c.vm.extendable(c.self)
			if k, ok := c.self.(*class); ok {
				k.extends = append(k.extends, m)
			} else {
				s.includes = append(s.includes, m)
			}
		}
		c.vm.changed()
		return c.self
	}, 1, -1, "extend")
	t.add(func(c *call) value {
		c.needBlock()
		return c.vm.instanceRun(c.self, c.blk, nil)
	}, 0, 0, "instance_eval")
	t.addKw(func(c *call) value {
		c.needBlock()
		return c.vm.instanceRun(c.self, c.blk, c.args)
	}, 0, -1, "instance_exec")
	t.add(func(c *call) value {
		name := c.symName(0)
		body := c.blk
		if len(c.args) > 1 {
			body = c.vm.toProc(c.args[1])
		}
		if k, ok := c.self.(*class); ok {
			k.defineMeta(&method{name: name, proc: body})
		} else {
			c.vm.singleton(c.self).define(&method{name: name, proc: body})
		}
		c.vm.changed()
		return symbol(name)
	}, 1, 2, "define_singleton_method")
	t.add(func(c *call) value { return c.vm.singleton(c.self) }, 0, 0, "singleton_class")
}

// extendable is the class that extend changes; nil for a class itself.
func (vm *vm) extendable(v value) *class {
	if _, ok := v.(*class); ok {
		return nil
	}
	return vm.singleton(v)
}

// instanceRun runs a block with another self.
func (vm *vm) instanceRun(self value, p *proc, args []value) value {
	n := *p
	n.self = self
	if n.native != nil {
		return vm.callProc(&n, append([]value{self}, args...), nil, nil)
	}
	f := *p.frame
	if k, ok := self.(*class); ok {
		f.lex = &lexical{class: k, outer: p.frame.lex}
	}
	n.frame = &f
	if args == nil {
		args = []value{self}
	}
	return vm.callProc(&n, args, nil, nil)
}

func objRespondTo(c *call) value {
	name := c.symName(0)
	if c.vm.respondTo(c.self, name, truthy(c.arg(1))) {
		return true
	}
	if m := c.vm.find(c.self, "respond_to_missing?"); m != nil && m.native == nil {
		return truthy(c.vm.send(c.self, "respond_to_missing?", symbol(name), truthy(c.arg(1))))
	}
	for _, k := range c.vm.classOf(c.self).ancestors() {
		if rubyHas(k.name, name) {
			return true // only this package lacks it
		}
	}
	return false
}

func objSend(c *call) value {
	return c.vm.dispatch(c.f, c.self, c.symName(0), c.args[1:], c.kw, c.blk, c.name != "public_send")
}

// publicNames collects the names of a class's own public methods.
func (c *class) publicNames(names map[string]bool) {
	for n, m := range c.methods {
		if m.vis == "" {
			names[n] = true
		}
	}
	for n, m := range c.native {
		if !m.private {
			names[n] = true
		}
	}
}

// methodNames lists public methods; own leaves out those of the class.
func (vm *vm) methodNames(v value, own bool) value {
	names := map[string]bool{}
	switch o := v.(type) {
	case *class:
		for n := range o.meta {
			names[n] = true
		}
	case *object:
		if o.singleton != nil {
			o.singleton.publicNames(names)
		}
	}
	if !own {
		for _, k := range vm.classOf(v).ancestors() {
			k.publicNames(names)
		}
	}
	return symbolList(names)
}

func symbolList(names map[string]bool) *array {
	sorted := make([]string, 0, len(names))
	for n := range names {
		sorted = append(sorted, n)
	}
	sort.Strings(sorted)
	out := &array{}
	for _, n := range sorted {
		out.elems = append(out.elems, symbol(n))
	}
	return out
}

// needModule is a class or module argument.
func (vm *vm) needModule(v value) *class {
	k, ok := v.(*class)
	if !ok {
		vm.typeError("wrong argument type %s (expected Module)", vm.classOf(v).name)
	}
	return k
}

// mainMethods are the methods of the object that top-level code runs in.
func mainMethods(t methodTable) {
	t.add(func(c *call) value { return newStr("main") }, 0, 0, "to_s", "inspect")
	onObject := func(fn func(c *call) value) func(c *call) value {
		return func(c *call) value {
			n := *c
			n.self = c.vm.class("Object")
			return fn(&n)
		}
	}
	t.add(onObject(modInclude), 1, -1, "include")
	t.add(onObject(func(c *call) value { return c.setVisibility("") }), 0, -1, "public")
	t.add(onObject(func(c *call) value { return c.setVisibility("private") }), 0, -1, "private")
	t.add(onObject(modDefineMethod), 1, 2, "define_method")
}
