package erb

func exceptionClassMethods(t methodTable) {
	t.addKw(exceptionNew, 0, -1, "new", "exception")
}

// exceptionNew makes an exception object; classes written in Ruby may have an
// initialize of their own.
func exceptionNew(c *call) value {
	k := c.self.(*class)
	o := &object{class: k, data: &excData{}}
	if m := c.vm.find(o, "initialize"); m != nil && m.native == nil {
		c.vm.invoke(c.f, m, o, "initialize", c.args, c.kw, c.blk, c.vm.levelOf(k, m))
		return o
	}
	if c.kw != nil && k.isA(c.vm.class("KeyError")) {
		exc(o).recv, exc(o).key = c.kw.sym("receiver"), c.kw.sym("key")
	} else if c.kw != nil {
		c.args = append(c.args, c.kw)
	}
	if len(c.args) > 0 {
		exc(o).msg = c.args[0]
	}
	if k == c.vm.class("SystemExit") && len(c.args) > 0 {
		exc(o).code, _ = c.args[0].(int64)
	}
	return o
}

func exceptionMethods(t methodTable) {
	d := func(c *call) *excData { return exc(c.self.(*object)) }
	t.addKw(func(c *call) value {
		if len(c.args) > 0 {
			d(c).msg = c.args[0]
		}
		return nil
	}, 0, -1, "initialize")
	t["initialize"].private = true
	t.addKw(func(c *call) value { return newStr(c.vm.toS(c.vm.send(c.self, "to_s"))) }, 0, 0, "message", "full_message", "detailed_message")
	t.add(func(c *call) value {
		if d(c).msg == nil {
			return newStr(c.vm.classOf(c.self).name)
		}
		return newStr(c.vm.toS(d(c).msg))
	}, 0, 0, "to_s")
	t.add(func(c *call) value {
		name, msg := c.vm.classOf(c.self).name, c.vm.excText(c.self.(*object))
		if msg == "" {
			return newStr(name)
		}
		return newStr("#<" + name + ": " + msg + ">")
	}, 0, 0, "inspect")
	t.add(func(c *call) value { return d(c).cause }, 0, 0, "cause")
	t.add(func(c *call) value {
		if d(c).src == nil {
			return nil
		}
		line := d(c).src.lineOf(d(c).at.start)
		return strList([]string{d(c).src.name + ":" + itoa(line) + ":in `<main>'"})
	}, 0, 0, "backtrace")
	t.add(func(c *call) value { return nil }, 0, 0, "backtrace_locations")
	t.add(func(c *call) value { return c.args[0] }, 1, 1, "set_backtrace")
	t.add(func(c *call) value {
		if len(c.args) == 0 {
			return c.self
		}
		n := c.vm.dupObject(&call{vm: c.vm, f: c.f, self: c.self}, false).(*object)
		exc(n).msg = c.args[0]
		return n
	}, 0, 1, "exception")
	t.add(func(c *call) value { return d(c).key }, 0, 0, "key")
	t.add(func(c *call) value { return d(c).recv }, 0, 0, "receiver")
	t.add(func(c *call) value { return d(c).key }, 0, 0, "name")
	t.add(func(c *call) value { return d(c).code }, 0, 0, "status")
	t.add(func(c *call) value { return d(c).code == 0 }, 0, 0, "success?")
	t.add(func(c *call) value {
		o, ok := c.args[0].(*object)
		return ok && o.class == c.self.(*object).class && c.vm.excText(o) == c.vm.excText(c.self.(*object))
	}, 1, 1, "==")
}

// excText is the message of an exception.
func (vm *vm) excText(o *object) string { return vm.toS(vm.send(o, "message")) }
