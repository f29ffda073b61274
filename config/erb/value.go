package erb

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/config/rubyre"
)

// value is a value of the template's Ruby: nil, bool, int64, float64, symbol or a
// pointer to one of the types below.
type value = any

type symbol string

// str is a string. What was appended last lies in tail, so that a template's text
// can grow piece by piece.
type str struct {
	s      string
	tail   []byte
	frozen bool
}

func (t *str) String() string {
	if len(t.tail) > 0 {
		t.s, t.tail = t.s+string(t.tail), t.tail[:0]
	}
	return t.s
}

func (t *str) set(s string) { t.s, t.tail = s, nil }

type array struct {
	e      []value
	frozen bool
}

func newArray(e ...value) *array { return &array{e: e} }

// hash keeps its entries in order.
type hash struct {
	keys, vals []value
	at         map[any]int
	def        value
	block      *proc // gives the values of missing keys
	frozen     bool
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
	case float64:
		if math.IsNaN(k) {
			return "NaN"
		}
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
	if s, ok := k.(*str); ok && !s.frozen {
		k = &str{s: s.String(), frozen: true}
	}
	h.at[key] = len(h.keys)
	h.keys, h.vals = append(h.keys, k), append(h.vals, v)
}

func (h *hash) remove(k value) (value, bool) {
	i, ok := h.at[hashKey(k)]
	if !ok {
		return nil, false
	}
	v := h.vals[i]
	h.keys, h.vals = slices.Delete(h.keys, i, i+1), slices.Delete(h.vals, i, i+1)
	delete(h.at, hashKey(k))
	for key, j := range h.at {
		if j > i {
			h.at[key] = j - 1
		}
	}
	return v, true
}

// copy is a hash with the same entries and no default.
func (h *hash) copy() *hash {
	c := newHash()
	for i, k := range h.keys {
		c.set(k, h.vals[i])
	}
	return c
}

func (h *hash) pairs() []value {
	list := make([]value, len(h.keys))
	for i, k := range h.keys {
		list[i] = newArray(k, h.vals[i])
	}
	return list
}

// interval is a Range.
type interval struct {
	lo, hi value
	open   bool // without its end
}

// proc is a block, lambda or method: one of the template, or one in Go.
type proc struct {
	params []param
	body   *node
	frame  *frame // around the block; nil for a method
	src    *source
	lambda bool
	name   string
	native func(args []value) value
}

type regex struct {
	*rubyre.Regexp
	text, options string
}

// match is a MatchData: the ranges of its groups in bytes.
type match struct {
	re     *regex
	text   string
	groups [][2]int
}

func (m *match) group(i int) value {
	if i < 0 {
		i += len(m.groups)
	}
	if i < 0 || i >= len(m.groups) || m.groups[i][0] < 0 {
		return nil
	}
	return &str{s: m.text[m.groups[i][0]:m.groups[i][1]]}
}

type exception struct {
	class, msg string
	at, end    int
	src        *source
}

// class is a class or module, known by its name.
type class string

// enum is an Enumerator: a call of an iterating method that waits for its block.
type enum struct {
	recv value
	name string
	args []value
}

type timestamp struct{ t time.Time }

// mainObject is self.
type mainObject struct{}

// stream is $stdout or $stderr.
type stream struct{ out *[]byte }

// status is $?.
type status struct{ code int64 }

// classOf is the name of a value's class.
func classOf(v value) string {
	switch v := v.(type) {
	case nil:
		return "NilClass"
	case bool:
		if v {
			return "TrueClass"
		}
		return "FalseClass"
	case int64:
		return "Integer"
	case float64:
		return "Float"
	case symbol:
		return "Symbol"
	case *str:
		return "String"
	case *array:
		return "Array"
	case *hash:
		return "Hash"
	case *interval:
		return "Range"
	case *proc:
		return "Proc"
	case *regex:
		return "Regexp"
	case *match:
		return "MatchData"
	case *exception:
		return v.class
	case class:
		if len(ancestors(string(v))) == 1 {
			return "Module"
		}
		return "Class"
	case *enum:
		return "Enumerator"
	case *timestamp:
		return "Time"
	case *stream:
		return "IO"
	case *status:
		return "Process::Status"
	}
	return "Object"
}

// superclasses are the classes and modules behind each class; empty for modules.
func superclasses(name string) string {
	switch name {
	case "Integer", "Float":
		return "Numeric Comparable"
	case "String", "Symbol", "Time", "Numeric":
		return "Comparable"
	case "Array", "Hash", "Range", "Enumerator":
		return "Enumerable"
	case "NilClass", "TrueClass", "FalseClass", "Proc", "Regexp", "MatchData", "IO", "Class", "Exception", "Process::Status":
		return " "
	case "StandardError", "ScriptError", "SystemExit", "SystemStackError":
		return "Exception"
	case "LoadError", "SyntaxError":
		return "ScriptError Exception"
	case "KeyError":
		return "IndexError StandardError Exception"
	case "NoMethodError":
		return "NameError StandardError Exception"
	case "FrozenError":
		return "RuntimeError StandardError Exception"
	case "Errno::ENOENT", "Errno::EISDIR", "Errno::EACCES":
		return "SystemCallError StandardError Exception"
	case "ArgumentError", "IOError", "IndexError", "LocalJumpError", "NameError", "RangeError", "RuntimeError", "TypeError", "ZeroDivisionError",
		"SystemCallError", "JSON::ParserError", "Psych::SyntaxError", "FloatDomainError":
		return "StandardError Exception"
	}
	return ""
}

// ancestors are the classes of a value in the order in which methods are looked up.
func ancestors(name string) []string {
	if name == "Object" {
		return []string{name}
	}
	behind := superclasses(name)
	if behind == "" {
		return []string{name} // a module
	}
	return append(append([]string{name}, strings.Fields(behind)...), "Object")
}

func truthy(v value) bool { return v != nil && v != false }

// same reports whether two values are equal, as == does.
func same(a, b value) bool { return sameAt(a, b, 0) }

// tooDeep stops a walk through values that lie in each other without end.
func tooDeep(depth int) {
	if depth > maxNested {
		panic(rubyError{&exception{class: "SystemStackError", msg: "stack level too deep"}})
	}
}

// maxNested bounds how deep values lie in each other.
const maxNested = 200

func sameAt(a, b value, depth int) bool {
	tooDeep(depth)
	switch x := a.(type) {
	case int64:
		if f, ok := b.(float64); ok {
			return float64(x) == f
		}
	case float64:
		if i, ok := b.(int64); ok {
			return x == float64(i)
		}
	case *str:
		y, ok := b.(*str)
		return ok && x.String() == y.String()
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
		y, ok := b.(*interval)
		return ok && x.open == y.open && same(x.lo, y.lo) && same(x.hi, y.hi)
	case *regex:
		y, ok := b.(*regex)
		return ok && x.text == y.text && x.options == y.options
	case *timestamp:
		y, ok := b.(*timestamp)
		return ok && x.t.Equal(y.t)
	}
	return a == b
}

// order compares two values, as <=> does; false when they cannot be compared.
func order(a, b value) (int, bool) { return orderAt(a, b, 0) }

func orderAt(a, b value, depth int) (int, bool) {
	tooDeep(depth)
	switch x := a.(type) {
	case int64:
		if y, ok := b.(int64); ok {
			return compareOrdered(x, y), true
		}
		if y, ok := b.(float64); ok {
			return compareOrdered(float64(x), y), !math.IsNaN(y)
		}
	case float64:
		if y, ok := b.(int64); ok {
			return compareOrdered(x, float64(y)), !math.IsNaN(x)
		}
		if y, ok := b.(float64); ok {
			return compareOrdered(x, y), !math.IsNaN(x) && !math.IsNaN(y)
		}
	case *str:
		if y, ok := b.(*str); ok {
			return compareOrdered(x.String(), y.String()), true
		}
	case symbol:
		if y, ok := b.(symbol); ok {
			return compareOrdered(x, y), true
		}
	case *timestamp:
		if y, ok := b.(*timestamp); ok {
			return x.t.Compare(y.t), true
		}
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
		return compareOrdered(len(x.e), len(y.e)), true
	}
	return 0, same(a, b)
}

func compareOrdered[T int | int64 | float64 | string | symbol](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// floatText writes a float as Ruby does.
func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 0):
		return strings.TrimSuffix(strings.TrimPrefix(strconv.FormatFloat(f, 'f', -1, 64), "+"), "Inf") + "Infinity"
	}
	format, exp := byte('f'), ""
	if a := math.Abs(f); f != 0 && (a < 1e-4 || a >= 1e15) {
		format = 'e'
	}
	s := strconv.FormatFloat(f, format, -1, 64)
	if i := strings.IndexByte(s, 'e'); i >= 0 {
		s, exp = s[:i], s[i:]
	}
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s + exp
}
