package erb

import "sync"

// native is a method written in Go.
type native struct {
	fn       func(c *call) value
	min, max int  // positional arguments; max -1: any number
	kw       bool // takes keyword arguments itself
	private  bool // callable without a receiver only
}

// methodTable is the set of native methods of one class. The tables are built
// once and never change.
type methodTable map[string]*native

func (t methodTable) add(fn func(c *call) value, min, max int, names ...string) {
	n := &native{fn: fn, min: min, max: max}
	for _, name := range names {
		t[name] = n
	}
}

func (t methodTable) addKw(fn func(c *call) value, min, max int, names ...string) {
	n := &native{fn: fn, min: min, max: max, kw: true}
	for _, name := range names {
		t[name] = n
	}
}

// class is a Ruby class or module.
type class struct {
	name     string
	super    *class
	module   bool
	outer    *class
	includes []*class
	extends  []*class
	prepends []*class

	native  methodTable // instance methods in Go; shared, read only
	snative methodTable // class methods in Go; shared, read only

	methods map[string]*method
	meta    map[string]*method // class methods written in Ruby
	consts  map[string]value
	ivars   map[string]value
	cvars   map[string]value

	// fields are the members of a Struct class.
	fields  []string
	keyInit bool

	visibility string // default for following defs: "", private, protected
	modFunc    bool   // module_function without arguments
	mro        []*class

	cache      map[string]*method // results of find, valid for cacheEpoch
	cacheEpoch int
}

// method is an instance method: written in Ruby, native, or made by
// attr_accessor and define_method.
type method struct {
	name   string
	owner  *class
	def    *defNode
	src    *source
	cref   *lexical
	native *native
	proc   *proc
	getter string // attr_reader: the variable
	setter string
	vis    string // "", private, protected
	undef  bool
}

// ancestors is the method resolution order.
func (c *class) ancestors() []*class {
	if c.mro == nil {
		c.mro = c.linearize(nil)
	}
	return c.mro
}

func (c *class) linearize(out []*class) []*class {
	for k := c; k != nil; k = k.super {
		for i := len(k.prepends) - 1; i >= 0; i-- {
			out = appendOnce(out, k.prepends[i].linearize(nil)...)
		}
		out = appendOnce(out, k)
		for i := len(k.includes) - 1; i >= 0; i-- {
			out = appendOnce(out, k.includes[i].linearize(nil)...)
		}
	}
	return out
}

func appendOnce(out []*class, add ...*class) []*class {
next:
	for _, a := range add {
		for _, o := range out {
			if o == a {
				continue next
			}
		}
		out = append(out, a)
	}
	return out
}

func (c *class) isA(other *class) bool {
	for _, k := range c.ancestors() {
		if k == other {
			return true
		}
	}
	return false
}

// find looks an instance method up in the class and its ancestors, from
// position skip of the resolution order on.
func (c *class) find(name string, skip int) (*method, int) {
	for i, k := range c.ancestors() {
		if i < skip {
			continue
		}
		if m, ok := k.methods[name]; ok {
			if m.undef {
				return nil, -1
			}
			return m, i
		}
		if n, ok := k.native[name]; ok {
			return k.nativeMethod(name, n), i
		}
	}
	return nil, -1
}

// cached is find from the start, remembered until a method is added anywhere.
func (c *class) cached(name string, epoch int) *method {
	if c.cache == nil || c.cacheEpoch != epoch {
		c.cache, c.cacheEpoch, c.mro = map[string]*method{}, epoch, nil
	}
	m, ok := c.cache[name]
	if !ok {
		m, _ = c.find(name, 0)
		c.cache[name] = m
	}
	return m
}

// nativeMethod wraps a native method.
func (c *class) nativeMethod(name string, n *native) *method {
	m := &method{name: name, owner: c, native: n}
	if n.private {
		m.vis = "private"
	}
	return m
}

func (c *class) define(m *method) {
	if c.methods == nil {
		c.methods = map[string]*method{}
	}
	m.owner = c
	c.methods[m.name] = m
}

func (c *class) defineMeta(m *method) {
	if c.meta == nil {
		c.meta = map[string]*method{}
	}
	m.owner = c
	c.meta[m.name] = m
}

// findMeta looks a class method up: its own, those of modules that extend it,
// those of its superclasses.
func (c *class) findMeta(name string) *method {
	for k := c; k != nil; k = k.super {
		if m, ok := k.meta[name]; ok {
			return m
		}
		for i := len(k.extends) - 1; i >= 0; i-- {
			if m, _ := k.extends[i].find(name, 0); m != nil {
				return m
			}
		}
		if n, ok := k.snative[name]; ok {
			return k.nativeMethod(name, n)
		}
	}
	return nil
}

func (c *class) setConst(name string, v value) {
	if c.consts == nil {
		c.consts = map[string]value{}
	}
	c.consts[name] = v
	if k, ok := v.(*class); ok && k.name == "" {
		k.name = name
		if c.name != "Object" {
			k.name = c.name + "::" + name
		}
	}
}

// builtinTables are the method tables of the core classes, by class name; class
// methods have a dot behind the name.
var builtinTables = sync.OnceValue(func() map[string]methodTable {
	t := map[string]methodTable{}
	for name, build := range tableBuilders() {
		table := methodTable{}
		build(table)
		t[name] = table
	}
	return t
})
