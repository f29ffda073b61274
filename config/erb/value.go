package erb

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"
)

// value is a value of the template's Ruby: nil, bool, int64, float64, symbol or a pointer to one of the types below.
type value = any

type symbol string

// str is a string. What was appended last lies in tail, so that a template's text can grow piece by piece.
type str struct {
	s    string
	tail []byte
}

func (t *str) String() string {
	if len(t.tail) > 0 {
		t.s, t.tail = t.s+string(t.tail), t.tail[:0]
	}
	return t.s
}

func (t *str) set(s string) { t.s, t.tail = s, nil }

type array struct{ e []value }

func newArray(e ...value) *array { return &array{e: e} }

// hash keeps its entries in order.
type hash struct {
	keys, vals []value
	at         map[any]int
	keywords   bool // it holds the keyword arguments of a call
}

func newHash() *hash { return &hash{at: map[any]int{}} }

// hashKey is what tells keys apart: texts and lists by what is in them.
func hashKey(k value) any {
	switch k := k.(type) {
	case *str:
		return "s" + k.String()
	case *array, *hash, *interval:
		return "v" + inspect(k)
	}
	return k
}

func (h *hash) get(k value) (value, bool) {
	i, ok := h.at[hashKey(k)]
	if !ok {
		return nil, false
	}
	return h.vals[i], true
}

func (h *hash) set(k, v value) {
	key := hashKey(k)
	if i, ok := h.at[key]; ok {
		h.vals[i] = v
		return
	}
	if s, ok := k.(*str); ok {
		k = &str{s: s.String()} // which does not change with the text
	}
	h.at[key] = len(h.keys)
	h.keys, h.vals = append(h.keys, k), append(h.vals, v)
}

func (h *hash) remove(k value) value {
	v, _ := h.get(k)
	rest := newHash()
	for i, key := range h.keys {
		if hashKey(key) != hashKey(k) {
			rest.set(key, h.vals[i])
		}
	}
	*h = *rest
	return v
}

func (h *hash) copy() *hash {
	c := newHash()
	for i, k := range h.keys {
		c.set(k, h.vals[i])
	}
	return c
}

// interval is a Range.
type interval struct {
	lo, hi value
	open   bool // without its end
}

// proc is a block or method: one of the template, or one in Go.
type proc struct {
	params []param
	body   *node
	frame  *frame // around the block; nil for a method
	src    *source
	method bool // it is strict about its arguments
	native func(args []value) value
}

// class is a class or module, known by its name.
type class string

type timestamp struct{ t time.Time }

// mainObject is self.
type mainObject struct{}

// classes are the names of the classes by the types of their values.
var classes = map[reflect.Type]string{
	reflect.TypeFor[int64](): "Integer", reflect.TypeFor[float64](): "Float", reflect.TypeFor[symbol](): "Symbol",
	reflect.TypeFor[*str](): "String", reflect.TypeFor[*array](): "Array", reflect.TypeFor[*hash](): "Hash",
	reflect.TypeFor[*interval](): "Range",
	reflect.TypeFor[*proc]():     "Proc", reflect.TypeFor[*regex](): "Regexp", reflect.TypeFor[*match](): "MatchData",
	reflect.TypeFor[class](): "Class", reflect.TypeFor[*timestamp](): "Time",
}

// classOf is the name of a value's class.
func classOf(v value) string {
	switch v := v.(type) {
	case nil:
		return "NilClass"
	case bool:
		return map[bool]string{true: "TrueClass", false: "FalseClass"}[v]
	}
	if name, ok := classes[reflect.TypeOf(v)]; ok {
		return name
	}
	return "Object"
}

// hierarchy lists classes and, behind a colon, the class or module before them.
const hierarchy = " Integer:Numeric Float:Numeric Numeric:Comparable String:Comparable Symbol:Comparable " +
	"Time:Comparable Comparable:Object Array:Enumerable Hash:Enumerable Range:Enumerable Enumerable:Object " +
	"NilClass:Object TrueClass:Object FalseClass:Object Proc:Object Regexp:Object MatchData:Object Class:Object " +
	"Exception:Object StandardError:Exception ScriptError:Exception SystemExit:Exception SystemStackError:Exception " +
	"LoadError:ScriptError SyntaxError:ScriptError IndexError:StandardError KeyError:IndexError " +
	"NameError:StandardError NoMethodError:NameError RuntimeError:StandardError FrozenError:RuntimeError " +
	"SystemCallError:StandardError Errno::ENOENT:SystemCallError Errno::EISDIR:SystemCallError " +
	"Errno::EACCES:SystemCallError ArgumentError:StandardError IOError:StandardError LocalJumpError:StandardError " +
	"RangeError:StandardError FloatDomainError:RangeError TypeError:StandardError ZeroDivisionError:StandardError " +
	"JSON::ParserError:StandardError Psych::SyntaxError:StandardError "

// ancestors are the classes of a value in the order in which methods are looked up.
func ancestors(name string) []string {
	list := []string{name}
	for {
		_, rest, ok := strings.Cut(hierarchy, " "+name+":")
		if !ok {
			return list
		}
		name, _, _ = strings.Cut(rest, " ")
		list = append(list, name)
	}
}

func truthy(v value) bool { return v != nil && v != false }

// same reports whether two values are equal, as == does.
func same(a, b value) bool { return sameAt(a, b, 0) }

// tooDeep stops a walk through values that lie in each other without end.
func tooDeep(depth int) {
	if depth > maxNested {
		panic(&Error{Class: "SystemStackError", Msg: "stack level too deep"})
	}
}

// maxNested bounds how deep values lie in each other.
const maxNested = 200

func sameAt(a, b value, depth int) bool {
	tooDeep(depth)
	switch x := a.(type) {
	case int64, float64, *str, *timestamp:
		n, ok := order(a, b)
		return ok && n == 0
	case *array:
		y, ok := b.(*array)
		return ok && (x == y || slices.EqualFunc(x.e, y.e, func(a, b value) bool { return sameAt(a, b, depth+1) }))
	case *hash:
		y, ok := b.(*hash)
		if !ok || len(x.keys) != len(y.keys) {
			return false
		}
		for i, k := range x.keys {
			if v, ok := y.get(k); !ok || !sameAt(x.vals[i], v, depth+1) {
				return false
			}
		}
		return true
	case *interval:
		return classOf(a) == classOf(b) && inspect(a) == inspect(b)
	case *regex:
		y, ok := b.(*regex)
		return ok && x.text == y.text && x.options == y.options
	}
	return a == b
}

// order compares two values, as <=> does; false when they cannot be compared.
func order(a, b value) (int, bool) { return orderAt(a, b, 0) }

func orderAt(a, b value, depth int) (int, bool) {
	tooDeep(depth)
	switch x := a.(type) {
	case int64, float64:
		f, ok1 := number(x)
		g, ok2 := number(b)
		i, isInt := a.(int64)
		if j, both := b.(int64); isInt && both {
			return cmp.Compare(i, j), true
		}
		return cmp.Compare(f, g), ok1 && ok2 && f == f && g == g
	case *str:
		return orderAs(x, b, func(x, y *str) int { return strings.Compare(x.String(), y.String()) })
	case symbol:
		return orderAs(x, b, cmp.Compare[symbol])
	case *timestamp:
		return orderAs(x, b, func(x, y *timestamp) int { return x.t.Compare(y.t) })
	case *array:
		y, ok := b.(*array)
		if !ok {
			return 0, false
		}
		for i := range min(len(x.e), len(y.e)) {
			if n, ok := orderAt(x.e[i], y.e[i], depth+1); n != 0 || !ok {
				return n, ok
			}
		}
		return cmp.Compare(len(x.e), len(y.e)), true
	}
	return 0, same(a, b)
}

// orderAs compares two values of one type; false when b is of another.
func orderAs[T value](a T, b value, compare func(a, b T) int) (int, bool) {
	y, ok := b.(T)
	if !ok {
		return 0, false
	}
	return compare(a, y), true
}

// number is the value of an Integer or Float.
func number(v value) (float64, bool) {
	if i, ok := v.(int64); ok {
		return float64(i), true
	}
	f, ok := v.(float64)
	return f, ok
}
