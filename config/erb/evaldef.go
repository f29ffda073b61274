package erb

// evalDef defines a method and returns its name.
func (vm *vm) evalDef(f *frame, n *defNode) value {
	m := &method{name: n.name, def: n, src: f.src, cref: f.lex}
	vm.at, vm.src = n.span, f.src
	defer vm.changed()
	if n.singleton != nil {
		switch o := vm.eval(f, n.singleton).(type) {
		case *class:
			o.defineMeta(m)
		default:
			vm.singleton(o).define(m)
		}
		return symbol(n.name)
	}
	c := f.lex.class
	if n.name == "initialize" || n.name == "initialize_copy" || n.name == "respond_to_missing?" {
		m.vis = "private"
	} else {
		m.vis = c.visibility
	}
	if f.self == vm.main && c == vm.class("Object") {
		m.vis = vm.mainVisibility()
	}
	c.define(m)
	if c.modFunc {
		meta := *m
		meta.vis = ""
		c.defineMeta(&meta)
	}
	return symbol(n.name)
}

// mainVisibility is the visibility of methods defined outside any class.
func (vm *vm) mainVisibility() string {
	if v := vm.class("Object").visibility; v != "" {
		return v
	}
	return "private"
}

// evalClass opens or makes a class or module and runs its body.
func (vm *vm) evalClass(f *frame, n *classNode) value {
	holder := vm.constTarget(f, n.path)
	vm.at, vm.src = n.span, f.src
	var super *class
	if n.super != nil {
		var ok bool
		if super, ok = vm.eval(f, n.super).(*class); !ok || super.module {
			vm.typeError("superclass must be a Class")
		}
	}
	c, exists := vm.ownConst(holder, n.path)
	switch {
	case exists && c == nil:
		vm.typeError("%s is not a %s", n.path.name, map[bool]string{true: "module", false: "class"}[n.module])
	case exists && c.module != n.module:
		vm.typeError("%s is not a %s", n.path.name, map[bool]string{true: "module", false: "class"}[n.module])
	case exists && super != nil && c.super != super:
		vm.typeError("superclass mismatch for class %s", n.path.name)
	case !exists:
		c = &class{module: n.module, outer: holder}
		if !n.module {
			if super == nil {
				super = vm.class("Object")
			}
			c.super = super
			c.fields, c.keyInit = super.fields, super.keyInit
		}
		holder.setConst(n.path.name, c)
		vm.inherited(super, c)
	}
	return vm.runClassBody(f, c, n.body)
}

// inherited calls the hook of a superclass written in Ruby.
func (vm *vm) inherited(super, c *class) {
	if super == nil {
		return
	}
	if m := super.findMeta("inherited"); m != nil && m.native == nil {
		vm.send(super, "inherited", c)
	}
}

// ownConst finds the class that "class Name" reopens.
func (vm *vm) ownConst(holder *class, path *constNode) (*class, bool) {
	v, ok := holder.consts[path.name]
	if !ok && holder != vm.class("Object") && path.scope == nil {
		return nil, false
	}
	if !ok {
		return nil, false
	}
	c, _ := v.(*class)
	return c, true
}

func (vm *vm) runClassBody(f *frame, c *class, body node) value {
	defer func(vis string, mf bool) { c.visibility, c.modFunc = vis, mf }(c.visibility, c.modFunc)
	c.visibility, c.modFunc = "", false
	defer vm.changed()
	inner := &frame{self: c, vars: &scope{}, act: &activation{self: c}, lex: &lexical{class: c, outer: f.lex}, src: f.src}
	return vm.eval(inner, body)
}

// evalSclass runs "class << obj".
func (vm *vm) evalSclass(f *frame, n *sclassNode) value {
	obj := vm.eval(f, n.obj)
	vm.at, vm.src = n.span, f.src
	defer vm.changed()
	c, isClass := obj.(*class)
	var target *class
	if isClass {
		// A stand-in whose instance methods are the class methods of c.
		if c.meta == nil {
			c.meta = map[string]*method{}
		}
		target = &class{name: "#<Class:" + c.name + ">", super: vm.class("Class"), methods: c.meta}
	} else {
		target = vm.singleton(obj)
	}
	inner := &frame{self: target, vars: &scope{}, act: &activation{self: target}, lex: &lexical{class: target, outer: f.lex}, src: f.src}
	return vm.eval(inner, n.body)
}

func (vm *vm) evalAlias(f *frame, n *aliasNode) value {
	vm.at, vm.src = n.span, f.src
	vm.alias(f.lex.class, n.to, n.from)
	return nil
}

func (vm *vm) alias(c *class, to, from string) {
	m, _ := c.find(from, 0)
	if m == nil {
		vm.raise("NameError", "undefined method `%s' for class `%s'", from, c.name)
	}
	n := *m
	n.name = to
	c.define(&n)
	n.owner = c
	vm.changed()
}

// evalConst looks a constant up: in the classes around the code, in the
// ancestors of the innermost, at the top.
func (vm *vm) evalConst(f *frame, n *constNode) value {
	if n.scope == nil && !n.top {
		if v, ok := vm.lexicalConst(f, n.name); ok {
			return v
		}
		vm.at, vm.src = n.span, f.src
		return vm.constMissing(f.lex.class, n.name)
	}
	c := vm.class("Object")
	if n.scope != nil {
		v := vm.eval(f, n.scope)
		var ok bool
		if c, ok = v.(*class); !ok {
			vm.at, vm.src = n.span, f.src
			vm.typeError("%s is not a class/module", vm.inspect(v))
		}
	}
	if v, ok := vm.scopedConst(c, n.name); ok {
		return v
	}
	vm.at, vm.src = n.span, f.src
	return vm.constMissing(c, n.name)
}

func (vm *vm) lexicalConst(f *frame, name string) (value, bool) {
	for l := f.lex; l != nil && l.outer != nil; l = l.outer {
		if v, ok := l.class.consts[name]; ok {
			return v, true
		}
	}
	return vm.scopedConst(f.lex.class, name)
}

// scopedConst looks a constant up in a class, its ancestors and at the top.
func (vm *vm) scopedConst(c *class, name string) (value, bool) {
	for _, k := range c.ancestors() {
		if v, ok := k.consts[name]; ok {
			return v, true
		}
	}
	if c.module {
		v, ok := vm.class("Object").consts[name]
		return v, ok
	}
	return nil, false
}

func (vm *vm) constMissing(c *class, name string) value {
	full := name
	if c != vm.class("Object") {
		full = c.name + "::" + name
	}
	if m := c.findMeta("const_missing"); m != nil && m.native == nil {
		return vm.send(c, "const_missing", symbol(name))
	}
	if rubyHasConst(full) {
		vm.outside(full)
	}
	vm.raise("NameError", "uninitialized constant %s", full)
	return nil
}

// evalDefined runs defined?(x); nil when it is not.
func (vm *vm) evalDefined(f *frame, n node) value {
	text := vm.definedText(f, n)
	if text == "" {
		return nil
	}
	return newStr(text)
}

func (vm *vm) definedText(f *frame, n node) string {
	switch n := n.(type) {
	case *seqNode:
		if len(n.stmts) == 1 {
			return vm.definedText(f, n.stmts[0])
		}
		return "expression"
	case *lvarNode:
		return "local-variable"
	case *ivarNode:
		return when(vm.hasIvar(f.self, n.name), "instance-variable")
	case *gvarNode:
		_, ok := vm.global[n.name]
		return when(ok || n.name == "$~" || n.name == "$!" || n.name == "$$" || n.name == "$?", "global-variable")
	case *cvarNode:
		return when(vm.cvarHolder(f, n.name) != nil, "class variable")
	case *nthRefNode:
		return when(nthRef(f.act.match, n) != nil, "global-variable")
	case *constNode:
		return when(vm.constDefined(f, n), "constant")
	case *callNode:
		return vm.definedCall(f, n)
	case *yieldNode:
		return when(f.act.blk != nil, "yield")
	case *superNode:
		if f.act.method == nil {
			return ""
		}
		m, _ := vm.superMethod(f.act)
		return when(m != nil, "super")
	case *selfNode:
		return "self"
	case *nilNode:
		return "nil"
	case *trueNode:
		return "true"
	case *falseNode:
		return "false"
	case *asgnNode, *opAsgnNode, *masgnNode:
		return "assignment"
	}
	return "expression"
}

func when(ok bool, s string) string {
	if ok {
		return s
	}
	return ""
}

func (vm *vm) hasIvar(self value, name string) bool {
	switch o := self.(type) {
	case *object:
		_, ok := o.ivars[name]
		return ok
	case *class:
		_, ok := o.ivars[name]
		return ok
	}
	return false
}

func (vm *vm) constDefined(f *frame, n *constNode) bool {
	if n.scope == nil && !n.top {
		_, ok := vm.lexicalConst(f, n.name)
		return ok || rubyHasConst(n.name) && vm.loadedConst(n.name)
	}
	c := vm.class("Object")
	if n.scope != nil {
		if vm.definedText(f, n.scope) == "" {
			return false
		}
		var ok bool
		if c, ok = vm.eval(f, n.scope).(*class); !ok {
			return false
		}
	}
	_, ok := vm.scopedConst(c, n.name)
	return ok
}

// loadedConst ends the evaluation for a constant that Ruby has and the subset
// lacks, since defined? would be true there.
func (vm *vm) loadedConst(name string) bool {
	vm.outside("defined?(" + name + ")")
	return true
}

func (vm *vm) definedCall(f *frame, n *callNode) string {
	recv := f.self
	if n.recv != nil {
		if vm.definedText(f, n.recv) == "" {
			return ""
		}
		v, raised := vm.protect(f, n.recv)
		if raised != nil {
			return ""
		}
		recv = v
	}
	for _, a := range n.args {
		if vm.definedText(f, a) == "" {
			return ""
		}
	}
	m := vm.find(recv, n.name)
	if m == nil || n.recv != nil && m.vis == "private" {
		return ""
	}
	return "method"
}
