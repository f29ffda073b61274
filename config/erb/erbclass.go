package erb

import (
	"slices"
	"strings"
)

// subTemplate is the state of an ERB object: a template that a template renders,
// as files do that include others.
type subTemplate struct {
	name, text string
	// variable is the one that the text is gathered in.
	variable string
}

// outVariable is the variable that a template's text is gathered in, unless
// eoutvar names another.
const outVariable = "_erbout"

func erbClassMethods(t methodTable) {
	t.addKw(func(c *call) value {
		given := func(name string, legacy int) value {
			if v := c.kw.sym(name); v != nil {
				return v
			}
			return c.arg(legacy)
		}
		s := &subTemplate{name: "(erb)", text: c.str(0), variable: outVariable}
		if mode := given("trim_mode", 2); mode != nil && mode != int64(0) && c.vm.toS(mode) != "" {
			c.vm.outside("ERB with a trim_mode")
		}
		if v := given("eoutvar", 3); v != nil {
			s.variable = c.vm.toS(v)
		}
		if strings.Trim(strings.TrimPrefix(s.variable, "@"), "abcdefghijklmnopqrstuvwxyz_") != "" || len(s.variable) < 2 {
			c.vm.outside("ERB with the eoutvar " + s.variable)
		}
		return &object{class: c.vm.class("ERB"), data: s}
	}, 1, 4, "new")
}

func erbMethods(t methodTable) {
	state := func(c *call) *subTemplate { return c.self.(*object).data.(*subTemplate) }
	t.add(func(c *call) value {
		if c.arg(0) == nil {
			return c.vm.renderSub(state(c), c.vm.top(), nil)
		}
		f, ok := bindingOf(c.args[0])
		if !ok {
			c.vm.typeError("wrong argument type %s (expected binding)", c.vm.classOf(c.args[0]).name)
		}
		return c.vm.renderSub(state(c), f, nil)
	}, 0, 1, "result")
	t.add(func(c *call) value {
		locals, ok := c.args[0].(*hash)
		if !ok {
			c.vm.typeError("no implicit conversion of %s into Hash", c.vm.classOf(c.args[0]).name)
		}
		return c.vm.renderSub(state(c), c.vm.top(), locals)
	}, 1, 1, "result_with_hash")
	t.add(func(c *call) value { return newStr(state(c).name) }, 0, 0, "filename")
	t.add(func(c *call) value { state(c).name = c.str(0); return c.args[0] }, 1, 1, "filename=")
}

// top is the frame of code that stands in no method, with no local variables yet.
func (vm *vm) top() *frame {
	return &frame{self: vm.main, vars: &scope{}, act: &activation{self: vm.main}, lex: vm.lex}
}

// renderSub renders a template where f stands, with further local variables.
func (vm *vm) renderSub(s *subTemplate, f *frame, locals *hash) value {
	at, outer := vm.at, vm.src
	src := compileTemplate(s.name, []byte(s.text), s.variable)
	src.outer, src.from = outer, at
	vm.charge(8 * len(src.gen))
	in := *f
	in.vars, in.src = &scope{parent: f.vars}, src
	if locals != nil {
		for _, e := range locals.pairs() {
			in.vars.declare(vm.toS(e.key), e.val)
		}
	}
	prog, err := parse(src.gen, in.vars.visible()...)
	if err != nil {
		vm.innerSyntax(src, err)
	}
	text := vm.eval(&in, prog)
	vm.at, vm.src = at, outer
	return text
}

// visible are the names of the variables that code in the scope sees.
func (s *scope) visible() []string {
	var names []string
	for ; s != nil; s = s.parent {
		for _, n := range s.names {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return names
}

// bindingOf is the frame that a Binding holds.
func bindingOf(v value) (*frame, bool) {
	o, ok := v.(*object)
	if !ok {
		return nil, false
	}
	f, ok := o.data.(*frame)
	return f, ok
}

func bindingMethods(t methodTable) {
	frameOf := func(c *call) *frame { return c.self.(*object).data.(*frame) }
	t.add(func(c *call) value { return symbols(frameOf(c).vars.visible()) }, 0, 0, "local_variables")
	t.add(func(c *call) value { _, ok := frameOf(c).vars.get(c.vm.toS(c.args[0])); return ok }, 1, 1, "local_variable_defined?")
	t.add(func(c *call) value {
		v, ok := frameOf(c).vars.get(c.vm.toS(c.args[0]))
		if !ok {
			c.vm.raise("NameError", "local variable `%s' is not defined for %s", c.vm.toS(c.args[0]), c.vm.inspect(c.self))
		}
		return v
	}, 1, 1, "local_variable_get")
	t.add(func(c *call) value { frameOf(c).vars.set(c.vm.toS(c.args[0]), c.args[1]); return c.args[1] }, 2, 2, "local_variable_set")
	t.add(func(c *call) value { return frameOf(c).self }, 0, 0, "receiver")
}

func symbols(names []string) value {
	list := &array{}
	for _, n := range names {
		list.elems = append(list.elems, symbol(n))
	}
	return list
}
