package erb

import (
	"fmt"
	"slices"
	"strings"
)

// method is a method of a core class: a function in Go, or one in Ruby.
type method struct {
	least, most int // the number of arguments; most is -1 for any
	// iterates says that without a block the method gives an Enumerator, which is left to a ruby.
	iterates bool
	fn       func(c *call) value
	ruby     *proc
}

// methodTable holds the methods of a class or module.
type methodTable map[string]*method

// def adds a method under its names.
func (t methodTable) def(least, most int, fn func(c *call) value, names ...string) {
	for _, n := range names {
		t[n] = &method{least: least, most: most, fn: fn}
	}
}

// table is the table of a class. With a dot behind the name it is that of the class's own functions.
func (e *Evaluator) table(name string) methodTable {
	t, ok := e.tables[name]
	if !ok {
		t = methodTable{}
		e.tables[name] = t
		if add := builders(name); add != nil {
			add(t)
		}
		t.addRuby(name)
	}
	return t
}

// builders is the function that fills the table of a name.
func builders(name string) func(methodTable) {
	return map[string]func(methodTable){
		"Object": objectMethods, "Kernel.": kernelFunctions, "Comparable": comparableMethods, "Float": floatMethods,
		"Numeric": numericMethods,
		"String":  stringMethods, "Array": arrayMethods, "Hash": hashMethods, "Range": rangeMethods,
		"Regexp": regexpMethods, "MatchData": matchMethods, "Time": timeMethods,
		"Class": classMethods, "ENV.": envMethods, "File.": fileFunctions,
		"IO.": fileFunctions, "Dir.": dirFunctions, "Time.": timeFunctions, "Psych.": yamlFunctions, "JSON.": jsonFunctions,
		"Etc.":    systemFunctions,
		"Socket.": systemFunctions, "SecureRandom.": systemFunctions,
	}[name]
}

// call is one call of a method in Go.
type call struct {
	*Evaluator
	frame *frame
	self  value
	name  string
	args  []value
	blk   *proc
}

// lookups are the tables in which a method of a value is looked up.
func lookups(recv value) []string {
	switch v := recv.(type) {
	case class:
		return []string{string(v) + ".", "Class", "Object"}
	case mainObject:
		return []string{"Kernel.", "Object"}
	case *environ:
		return []string{"ENV.", "Object"}
	}
	return ancestors(classOf(recv))
}

func (e *Evaluator) method(recv value, name string) *method {
	for _, class := range lookups(recv) {
		if m, ok := e.table(class)[name]; ok {
			return m
		}
	}
	return nil
}

// leftToRuby reports whether Ruby has a method that this package lacks.
func leftToRuby(recv value, name string) bool {
	_, isClass := recv.(class)
	for _, c := range append(lookups(recv), "Kernel") {
		if rubyHas(c, name) || isClass && (rubyHas("Class", name) || rubyHas("Module", name)) {
			return true
		}
	}
	_, isEnv := recv.(*environ)
	_, isMain := recv.(mainObject)
	return isEnv && rubyHas("Hash", name) || isMain && rubyHas("main", name)
}

// send calls a method of a value.
func (e *Evaluator) send(recv value, name string, args ...value) value {
	return e.sendTo(e.frame, recv, name, args, nil)
}

// takeHashes are the methods here to which {a: 1} without its braces is a hash; to the others it would be options.
const takeHashes = " readlines lines Integer glob push append << unshift merge merge! update call format sprintf " +
	"% puts p send generate dump to_json include? == Array "

func (e *Evaluator) sendTo(f *frame, recv value, name string, args []value, blk *proc) value {
	m := e.method(recv, name)
	if env, isEnv := recv.(*environ); isEnv && m == nil && e.method(&env.hash, name) != nil {
		if isIn(" update replace clear keep_if delete_if shift ", name) || strings.HasSuffix(name, "!") {
			e.outside("ENV." + name)
		}
		return e.sendTo(f, env.copy(), name, args, blk)
	} else if m == nil {
		e.missing(recv, name)
	}
	c := &call{Evaluator: e, frame: f, self: recv, name: name, args: args, blk: blk}
	n := len(args)
	if h, ok := at(args, n-1).(*hash); ok && h.keywords && !isIn(takeHashes, name) {
		e.outside(name + " with keyword arguments")
	}
	switch {
	case n < m.least || m.most >= 0 && n > m.most:
		e.outside(fmt.Sprintf("%s with %d arguments", name, n))
	case m.iterates && blk == nil:
		e.outside(name + " without a block")
	case m.ruby != nil:
		return e.invoke(m.ruby, recv, args, blk)
	}
	e.enter()
	v := m.fn(c)
	e.depth--
	return v
}

// missing raises what a method that is not there raises.
func (e *Evaluator) missing(recv value, name string) {
	class, shown := classOf(recv), inspect(recv)
	if leftToRuby(recv, name) {
		if shown != "main" && class != "Class" && class != "Module" {
			name = class + "#" + name
		} else if shown != "main" {
			name = shown + "." + name
		}
		e.outside(name)
	}
	e.raise("NoMethodError", "undefined method `%s' for %s:%s", name, shown, class)
}

// arg is an argument, nil when it was not given.
func (c *call) arg(i int) value { return at(c.args, i) }

// text is an argument that must be a string.
func (c *call) text(i int) string { return c.textOf(c.arg(i)) }

func (c *call) textOf(v value) string { return as[*str](c, v, "String").String() }

// as is a value that must be of a class.
func as[T value](c *call, v value, class string) T {
	t, ok := v.(T)
	if !ok {
		c.mismatch(v, class)
	}
	return t
}

// mismatch is for an argument of a class that is not expected: + raises, but Ruby's
// other methods often take more than those here.
func (c *call) mismatch(v value, class string) {
	if c.name != "+" && v != nil {
		c.outside(c.name + " of " + classOf(v))
	}
	c.raise("TypeError", "no implicit conversion of %s into %s", describe(v), class)
}

// describe names a value in messages about conversions.
func describe(v value) string {
	switch v := v.(type) {
	case nil, bool:
		return inspect(v)
	}
	return classOf(v)
}

// int is an argument that must be an integer.
func (c *call) int(i int) int { return c.intOf(c.arg(i)) }

func (c *call) intOf(v value) int {
	switch v := v.(type) {
	case int64:
		return int(v)
	case float64:
		return int(v)
	}
	c.mismatch(v, "Integer")
	return 0
}

// intOr is an integer argument, or what it is when it is not given.
func (c *call) intOr(i, otherwise int) int {
	if i < len(c.args) {
		return c.int(i)
	}
	return otherwise
}

// list is an argument that must be an array.
func (c *call) list(i int) []value { return as[*array](c, c.arg(i), "Array").e }

func (c *call) yield(args ...value) value { return c.invoke(c.blk, nil, args, nil) }

// array makes a new list of values.
func (c *call) array(e []value) value {
	c.charge(16 * len(e))
	return newArray(e...)
}

// strings makes a list of texts.
func (c *call) strings(list []string) value {
	e := make([]value, len(list))
	for i, s := range list {
		e[i] = c.str(s)
	}
	return c.array(e)
}

// compare compares two values for sorting.
func (e *Evaluator) compare(a, b value) int {
	n, ok := order(a, b)
	if !ok {
		what := classOf(b)
		switch b.(type) {
		case nil, bool, int64, float64:
			what = inspect(b)
		}
		e.raise("ArgumentError", "comparison of %s with %s failed", classOf(a), what)
	}
	return n
}

func comparableMethods(t methodTable) {
	t.def(1, 1, func(c *call) value { return c.compare(c.self, c.arg(0)) < 0 }, "<")
	t.def(1, 1, func(c *call) value { return c.compare(c.self, c.arg(0)) <= 0 }, "<=")
	t.def(1, 1, func(c *call) value { return c.compare(c.self, c.arg(0)) > 0 }, ">")
	t.def(1, 1, func(c *call) value { return c.compare(c.self, c.arg(0)) >= 0 }, ">=")
	t.def(1, 1, func(c *call) value { _, ok := order(c.self, c.arg(0)); return ok }, "comparable?")
}

// objectMethods are the methods that every value has.
func objectMethods(t methodTable) {
	t.def(0, 0, func(c *call) value { return c.str(toS(c.self)) }, "to_s")
	t.def(0, 0, func(c *call) value { return c.str(inspect(c.self)) }, "inspect")
	t.def(1, 1, func(c *call) value { return same(c.self, c.arg(0)) }, "==", "equal?")
	t.def(1, 1, func(c *call) value { return c.caseEqual(c.self, c.arg(0)) }, "===")
	t.def(1, 1, func(c *call) value {
		if n, ok := order(c.self, c.arg(0)); ok {
			return int64(n)
		}
		return nil
	}, "<=>")
	t.def(1, 1, func(*call) value { return nil }, "=~")
	t.def(0, 0, func(c *call) value { return c.self == nil }, "nil?")
	t.def(0, 0, func(c *call) value { return class(classOf(c.self)) }, "class")
	t.def(1, 1, func(c *call) value { return isA(c.self, c.arg(0)) }, "is_a?", "kind_of?")
	t.def(1, 1, func(c *call) value {
		return c.method(c.self, toS(c.arg(0))) != nil || leftToRuby(c.self, toS(c.arg(0)))
	}, "respond_to?")
	t.def(1, -1, func(c *call) value { return c.sendTo(c.frame, c.self, toS(c.arg(0)), c.args[1:], c.blk) }, "send",
		"public_send")
	t.def(0, 0, func(c *call) value { return c.toProc(c.self) }, "to_proc")
}

func isA(v, name value) bool {
	c, ok := name.(class)
	return ok && slices.Contains(ancestors(classOf(v)), string(c))
}
