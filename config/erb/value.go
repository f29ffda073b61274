package erb

import "math/big"

// value is a Ruby value: nil, bool, int64, *big.Int (only beyond 64 bits),
// *big.Rat, float64, symbol, *str, *array, *hash, *rangeVal, *regex, *match,
// *proc, *methodVal, *enumerator, *class, *object, *timeVal, *dateVal.
type value = any

// symbol is a Ruby symbol.
type symbol string

// str is a Ruby string: mutable bytes, UTF-8 by convention.
type str struct {
	b      []byte
	frozen bool
}

func newStr(s string) *str { return &str{b: []byte(s)} }

func (s *str) String() string { return string(s.b) }

// array is a Ruby array.
type array struct {
	elems  []value
	frozen bool
}

func newArray(elems ...value) *array { return &array{elems: elems} }

// rangeVal is a Ruby range; a nil end is open.
type rangeVal struct {
	lo, hi value
	excl   bool
}

// object is an instance of a class written in Ruby, of an exception class, or
// of a library class that keeps its state in data.
type object struct {
	class     *class
	ivars     map[string]value
	ivarOrder []string
	singleton *class
	frozen    bool
	data      any
}

// excData is the state of an exception.
type excData struct {
	msg   value // nil: the class name
	cause value
	at    span
	src   *source
	key   value // KeyError
	recv  value
	code  int64 // SystemExit
}

// proc is a block, proc or lambda.
type proc struct {
	block  *blockNode
	frame  *frame // where it was written
	self   value
	lambda bool
	// native is the body of a proc made by this program (&:sym, method(:x)).
	native func(c *call) value
	arity  int // of a native proc
	// orphan is true once the call that was given the block has returned.
	orphan bool
}

// methodVal is a Method object.
type methodVal struct {
	recv value
	name string
	m    *method
}

func truthy(v value) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	}
	return true
}

// normBig turns a big integer into an int64 where it fits.
func normBig(n *big.Int) value {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

func toBig(v value) *big.Int {
	switch v := v.(type) {
	case int64:
		return big.NewInt(v)
	case *big.Int:
		return v
	}
	return new(big.Int)
}

func (o *object) getIvar(name string) value { return o.ivars[name] }

func (o *object) setIvar(name string, v value) {
	if o.ivars == nil {
		o.ivars = map[string]value{}
	}
	if _, ok := o.ivars[name]; !ok {
		o.ivarOrder = append(o.ivarOrder, name)
	}
	o.ivars[name] = v
}
