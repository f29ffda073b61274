package erb

import (
	"sort"
	"strings"
)

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
