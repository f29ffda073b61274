package erb

import (
	"errors"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// yamlMethods are the functions of the YAML (Psych) module.
func yamlMethods(t methodTable) {
	t.addKw(func(c *call) value { return c.loadYAML("<unknown>", c.yamlSource()) }, 1, 2, "load", "safe_load", "unsafe_load")
	t.addKw(func(c *call) value {
		return c.loadYAML(c.pathArg(0), c.vm.readFile(c.pathArg(0)))
	}, 1, 2, "load_file", "safe_load_file", "unsafe_load_file")
	t.addKw(func(c *call) value { return c.newStr(c.dumpYAML(c.args[0])) }, 1, 2, "dump", "safe_dump")
}

// yamlSource is the text to load: a string, or what an open file still holds.
func (c *call) yamlSource() []byte {
	if o, ok := c.args[0].(*object); ok {
		if f, ok := o.data.(*stream); ok {
			return f.in
		}
	}
	return c.vm.toStr(c.args[0]).b
}

// loadYAML reads YAML as Psych does.
func (c *call) loadYAML(name string, src []byte) value {
	vm := c.vm
	vm.charge(len(src) * 8)
	vm.steps += len(src) >> 3
	v, warnings, err := yaml11.Parse(name, src, yaml11.Options{})
	if err != nil {
		msg := err.Error()
		var se *yaml11.SyntaxError
		if errors.As(err, &se) {
			msg = "(" + name + "): " + se.Msg + " at line " + itoa(se.Pos.Line) + " column " + itoa(se.Pos.Col)
		}
		vm.raise("Psych::SyntaxError", "%s", msg)
	}
	for _, w := range warnings {
		if strings.Contains(w.Msg, "date") || strings.Contains(w.Msg, "time") {
			// Psych fails the load of a date unless it is permitted.
			if c.name != "unsafe_load" && c.name != "unsafe_load_file" && c.kw.sym("permitted_classes") == nil {
				vm.raise("Psych::DisallowedClass", "Tried to load unspecified class: Date")
			}
			vm.outside("YAML with dates")
		}
	}
	if v == nil {
		return nil
	}
	return c.fromYAML(v, truthy(c.kw.sym("symbolize_names")))
}

// fromYAML converts what yaml11 read.
func (c *call) fromYAML(v *yaml11.Value, symbols bool) value {
	defer c.vm.guarded()()
	c.vm.tick()
	switch v.Kind {
	case yaml11.Bool:
		return v.Bool
	case yaml11.Int:
		if v.Big != nil {
			return v.Big
		}
		return v.Int
	case yaml11.Float:
		return v.Float
	case yaml11.String:
		return c.newStr(v.Str)
	case yaml11.Symbol:
		if strings.HasPrefix(c.name, "safe") && !c.symbolsPermitted() {
			c.vm.raise("Psych::DisallowedClass", "Tried to load unspecified class: Symbol")
		}
		return symbol(v.Str)
	case yaml11.Seq:
		out := make([]value, 0, len(v.Seq))
		for _, e := range v.Seq {
			out = append(out, c.fromYAML(e, symbols))
		}
		return c.list(out)
	case yaml11.Map:
		h := newHash()
		for _, e := range v.Map.Entries() {
			k := c.yamlKey(e)
			if s, ok := k.(*str); ok && symbols {
				k = symbol(s.String())
			}
			h.set(k, c.fromYAML(e.Value, symbols))
			c.vm.chargeElems(3)
		}
		return h
	}
	return nil
}

// symbolsPermitted tells that safe_load was told to accept symbols.
func (c *call) symbolsPermitted() bool {
	list, _ := c.kw.sym("permitted_classes").(*array)
	if list == nil {
		return false
	}
	for _, k := range list.elems {
		if k == c.vm.class("Symbol") {
			return true
		}
	}
	return false
}

// yamlKey is the value of a key, whose text and kind are known.
func (c *call) yamlKey(e yaml11.Entry) value {
	switch e.KeyKind {
	case yaml11.Null:
		return nil
	case yaml11.Bool:
		return e.Key == "true"
	case yaml11.Int:
		return looseInt(e.Key, 10)
	case yaml11.Float:
		return looseFloat(e.Key)
	case yaml11.Symbol:
		if strings.HasPrefix(c.name, "safe") && !c.symbolsPermitted() {
			c.vm.raise("Psych::DisallowedClass", "Tried to load unspecified class: Symbol")
		}
		return symbol(e.Key)
	case yaml11.Seq, yaml11.Map:
		c.vm.outside("YAML with a list or mapping as a key")
	}
	return newStr(e.Key)
}
