package erb

import "strings"

// classMethods are the methods of classes that modules lack.
func classMethods(t methodTable) {
	t.addKw(classNew, 0, -1, "new")
	t.add(func(c *call) value { return &object{class: c.self.(*class)} }, 0, 0, "allocate")
	t.add(func(c *call) value {
		if s := c.self.(*class).super; s != nil {
			return s
		}
		return nil
	}, 0, 0, "superclass")
}

// classNew makes an instance and initializes it. Class.new makes a class.
func classNew(c *call) value {
	k := c.self.(*class)
	switch {
	case k == c.vm.class("Class") || k == c.vm.class("Module"):
		return c.anonymousClass(k == c.vm.class("Module"))
	case k.module:
		c.vm.noMethod(k, "new", nil)
	case !isRubyClass(c.vm, k):
		if k.snative == nil && k.native != nil {
			c.vm.noMethod(k, "new", nil)
		}
	}
	o := &object{class: k}
	c.vm.charge(96)
	if m := c.vm.find(o, "initialize"); m != nil {
		c.vm.invoke(c.f, m, o, "initialize", c.args, c.kw, c.blk, c.vm.levelOf(k, m))
	} else {
		c.vm.checkArity(len(c.args), 0, 0)
	}
	return o
}

// levelOf is the place of a method in the resolution order, for super.
func (vm *vm) levelOf(k *class, m *method) int {
	for i, a := range k.ancestors() {
		if a == m.owner {
			return i
		}
	}
	return 0
}

// isRubyClass tells that a class was written in Ruby.
func isRubyClass(vm *vm, k *class) bool {
	return vm.core[k.name] != k || k == vm.class("Object")
}

func (c *call) anonymousClass(module bool) value {
	super := c.vm.class("Object")
	if len(c.args) > 0 {
		super = c.vm.needModule(c.args[0])
	}
	k := &class{module: module, super: super, fields: super.fields, keyInit: super.keyInit}
	if module {
		k.super = nil
	}
	if c.blk != nil {
		c.vm.instanceRun(k, c.blk, nil)
	}
	if !module {
		c.vm.inherited(super, k)
	}
	c.vm.changed()
	return k
}

// moduleMethods are the methods of classes and modules.
func moduleMethods(t methodTable) {
	k := func(c *call) *class { return c.self.(*class) }
	t.add(func(c *call) value {
		if k(c).name == "" {
			return nil
		}
		return newStr(k(c).name)
	}, 0, 0, "name")
	t.add(func(c *call) value {
		return newStr(c.vm.className(k(c)))
	}, 0, 0, "to_s", "inspect")
	t.add(func(c *call) value { return c.vm.isA(c.args[0], k(c)) }, 1, 1, "===")
	t.add(func(c *call) value { return c.self == c.args[0] }, 1, 1, "==")
	for _, op := range []string{"<", "<=", ">", ">="} {
		t.add(func(c *call) value { return c.relateClasses(op) }, 1, 1, op)
	}
	t.add(func(c *call) value {
		out := &array{}
		for _, a := range k(c).ancestors() {
			out.elems = append(out.elems, a)
		}
		return out
	}, 0, 0, "ancestors")
	t.add(modInclude, 1, -1, "include")
	t.add(func(c *call) value {
		for _, a := range c.args {
			k(c).prepends = append(k(c).prepends, c.vm.needModule(a))
		}
		c.vm.changed()
		return c.self
	}, 1, -1, "prepend")
	t.add(func(c *call) value { return k(c).isA(c.vm.needModule(c.args[0])) && c.self != c.args[0] }, 1, 1, "include?")
	t.add(func(c *call) value { return c.accessors(true, false) }, 0, -1, "attr_reader", "attr")
	t.add(func(c *call) value { return c.accessors(false, true) }, 0, -1, "attr_writer")
	t.add(func(c *call) value { return c.accessors(true, true) }, 0, -1, "attr_accessor")
	t.add(func(c *call) value { return c.setVisibility("") }, 0, -1, "public")
	t.add(func(c *call) value { return c.setVisibility("private") }, 0, -1, "private")
	t.add(func(c *call) value { return c.setVisibility("protected") }, 0, -1, "protected")
	t.add(func(c *call) value { return nil }, 0, -1, "private_constant", "public_constant", "private_class_method", "public_class_method")
	t.add(modFunction, 0, -1, "module_function")
	t.add(modDefineMethod, 1, 2, "define_method")
	t.add(func(c *call) value { c.vm.alias(k(c), c.symName(0), c.symName(1)); return symbol(c.symName(0)) }, 2, 2, "alias_method")
	t.add(func(c *call) value {
		for i := range c.args {
			k(c).define(&method{name: c.symName(i), undef: true})
		}
		c.vm.changed()
		return c.self
	}, 0, -1, "undef_method", "remove_method")
	t.add(func(c *call) value { m, _ := k(c).find(c.symName(0), 0); return m != nil }, 1, 2, "method_defined?", "instance_method?", "public_method_defined?")
	t.add(func(c *call) value {
		names := map[string]bool{}
		for _, a := range k(c).ancestors() {
			if a != k(c) && c.arg(0) == false {
				break
			}
			a.publicNames(names)
		}
		return symbolList(names)
	}, 0, 1, "instance_methods", "public_instance_methods")
	t.add(func(c *call) value {
		m, _ := k(c).find(c.symName(0), 0)
		if m == nil {
			c.vm.raise("NameError", "undefined method `%s' for class `%s'", c.symName(0), k(c).name)
		}
		return &methodVal{name: c.symName(0), m: m}
	}, 1, 1, "instance_method")
	t.add(modConstGet, 1, 2, "const_get")
	t.add(func(c *call) value { k(c).setConst(c.symName(0), c.args[1]); return c.args[1] }, 2, 2, "const_set")
	t.add(func(c *call) value { _, ok := c.vm.scopedConst(k(c), c.symName(0)); return ok }, 1, 2, "const_defined?")
	t.add(func(c *call) value {
		names := map[string]bool{}
		for n := range k(c).consts {
			names[n] = true
		}
		return symbolList(names)
	}, 0, 1, "constants")
	t.add(func(c *call) value {
		c.needBlock()
		return c.vm.instanceRun(k(c), c.blk, nil)
	}, 0, 0, "class_eval", "module_eval", "class_exec")
	t.add(func(c *call) value { return k(c).cvars[c.symName(0)] }, 1, 1, "class_variable_get")
	t.add(func(c *call) value { return c.self }, 0, 0, "freeze")
}

func (c *call) relateClasses(op string) value {
	a, b := c.self.(*class), c.vm.needModule(c.args[0])
	if a == b {
		return len(op) == 2
	}
	up, down := a.isA(b), b.isA(a)
	if !up && !down {
		return nil
	}
	return up == strings.HasPrefix(op, "<")
}

func modInclude(c *call) value {
	k := c.self.(*class)
	for _, a := range c.args {
		m := c.vm.needModule(a)
		if !m.module {
			c.vm.typeError("wrong argument type Class (expected Module)")
		}
		if m.isA(k) {
			c.vm.argError("cyclic include detected")
		}
		k.includes = append(k.includes, m)
		k.mro = nil
		c.vm.changed()
		if hook := m.findMeta("included"); hook != nil && hook.native == nil {
			c.vm.send(m, "included", k)
		}
	}
	return k
}

func (c *call) accessors(read, write bool) value {
	k := c.self.(*class)
	out := &array{}
	for i := range c.args {
		name := c.symName(i)
		if read {
			k.define(&method{name: name, getter: "@" + name, vis: k.visibility})
			out.elems = append(out.elems, symbol(name))
		}
		if write {
			k.define(&method{name: name + "=", setter: "@" + name, vis: k.visibility})
			out.elems = append(out.elems, symbol(name+"="))
		}
	}
	c.vm.changed()
	return out
}

// setVisibility changes the named methods, or those that follow.
func (c *call) setVisibility(vis string) value {
	k := c.self.(*class)
	if len(c.args) == 0 {
		k.visibility = vis
		return nil
	}
	var names []value
	for _, a := range c.args {
		if l, ok := a.(*array); ok {
			names = append(names, l.elems...)
		} else {
			names = append(names, a)
		}
	}
	for _, n := range names {
		name := c.vm.toS(n)
		m, _ := k.find(name, 0)
		if m == nil {
			c.vm.raise("NameError", "undefined method `%s' for class `%s'", name, k.name)
		}
		own := *m
		own.vis = vis
		k.define(&own)
	}
	c.vm.changed()
	return packed(c.args)
}

func modFunction(c *call) value {
	k := c.self.(*class)
	if len(c.args) == 0 {
		k.modFunc = true
		return nil
	}
	for i := range c.args {
		m, _ := k.find(c.symName(i), 0)
		if m == nil {
			c.vm.raise("NameError", "undefined method `%s' for module `%s'", c.symName(i), k.name)
		}
		own := *m
		own.vis = ""
		k.defineMeta(&own)
	}
	c.vm.changed()
	return packed(c.args)
}

func modDefineMethod(c *call) value {
	name := c.symName(0)
	body := c.blk
	m := &method{name: name}
	if len(c.args) > 1 {
		if mv, ok := c.args[1].(*methodVal); ok {
			copied := *mv.m
			copied.name = name
			c.self.(*class).define(&copied)
			c.vm.changed()
			return symbol(name)
		}
		body = c.vm.toProc(c.args[1])
	}
	if body == nil || body.native != nil {
		c.vm.argError("tried to create Proc object without a block")
	}
	m.proc = body
	m.vis = c.self.(*class).visibility
	c.self.(*class).define(m)
	c.vm.changed()
	return symbol(name)
}

func modConstGet(c *call) value {
	k := c.self.(*class)
	var v value = k
	for _, name := range strings.Split(c.symName(0), "::") {
		holder, ok := v.(*class)
		if !ok {
			c.vm.typeError("%s does not refer to class/module", c.vm.inspect(v))
		}
		if v, ok = c.vm.scopedConst(holder, name); !ok {
			v = c.vm.constMissing(holder, name)
		}
	}
	return v
}
