package erb

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"
)

func itoa(n int) string { return strconv.Itoa(n) }

// toS is the text of a value in an interpolation or an output tag.
func (vm *vm) toS(v value) string {
	switch v := v.(type) {
	case nil:
		return ""
	case *str:
		return string(v.b)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return floatText(v)
	case symbol:
		return string(v)
	}
	if s, ok := vm.send(v, "to_s").(*str); ok {
		return string(s.b)
	}
	return vm.anyToS(v)
}

// anyToS is Object#to_s. The number stands where Ruby shows an address.
func (vm *vm) anyToS(v value) string {
	return fmt.Sprintf("#<%s:0x%016x>", vm.className(vm.classOf(v)), vm.objectID(v))
}

// className is the name of a class, also of one without.
func (vm *vm) className(c *class) string {
	if c.name == "" {
		return fmt.Sprintf("#<Class:0x%016x>", vm.objectID(c))
	}
	return c.name
}

// Arguments of native methods.

func (c *call) arg(i int) value {
	if i < len(c.args) {
		return c.args[i]
	}
	return nil
}

// toStr converts an argument implicitly to a string.
func (vm *vm) toStr(v value) *str {
	switch v := v.(type) {
	case *str:
		return v
	case *object:
		if vm.respondTo(v, "to_str", false) || v.class == vm.class("Pathname") {
			if s, ok := vm.send(v, "to_s").(*str); ok {
				return s
			}
		}
	}
	vm.typeError("no implicit conversion of %s into String", vm.typeName(v))
	return nil
}

// typeName is how conversion errors name a value.
func (vm *vm) typeName(v value) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case bool:
		return strconv.FormatBool(v)
	}
	return vm.classOf(v).name
}

func (c *call) str(i int) string { return string(c.vm.toStr(c.arg(i)).b) }

// name converts a symbol or string argument.
func (c *call) symName(i int) string {
	switch v := c.arg(i).(type) {
	case symbol:
		return string(v)
	case *str:
		return string(v.b)
	}
	c.vm.typeError("%s is not a symbol nor a string", c.vm.inspect(c.arg(i)))
	return ""
}

// toInt converts an argument implicitly to an integer.
func (vm *vm) toInt(v value) int {
	switch v := v.(type) {
	case int64:
		if v > math.MaxInt32*1024 || v < -math.MaxInt32*1024 {
			vm.raise("RangeError", "bignum too big to convert into `long'")
		}
		return int(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			vm.raise("FloatDomainError", "%s", floatText(v))
		}
		if math.Abs(v) > math.MaxInt32*1024 {
			vm.raise("RangeError", "float %s out of range of integer", floatText(v))
		}
		return int(v)
	case *big.Int:
		vm.raise("RangeError", "bignum too big to convert into `long'")
	case *big.Rat:
		return int(new(big.Int).Quo(v.Num(), v.Denom()).Int64())
	case nil:
		vm.typeError("no implicit conversion from nil to integer")
	case bool:
		vm.typeError("no implicit conversion of %s into Integer", vm.typeName(v))
	}
	vm.typeError("no implicit conversion of %s into Integer", vm.typeName(v))
	return 0
}

func (c *call) int(i int) int { return c.vm.toInt(c.arg(i)) }

// optInt is an integer argument that may be missing or nil.
func (c *call) optInt(i, def int) int {
	if c.arg(i) == nil {
		return def
	}
	return c.int(i)
}

// toArr converts an argument implicitly to an array.
func (vm *vm) toArr(v value) *array {
	switch v := v.(type) {
	case *array:
		return v
	case *object:
		if vm.respondTo(v, "to_ary", false) {
			if a, ok := vm.send(v, "to_ary").(*array); ok {
				return a
			}
		}
	}
	vm.typeError("no implicit conversion of %s into Array", vm.typeName(v))
	return nil
}

// toHash converts an argument implicitly to a hash.
func (vm *vm) toHash(v value) *hash {
	switch v := v.(type) {
	case *hash:
		return v
	case *object:
		if vm.respondTo(v, "to_hash", false) {
			if h, ok := vm.send(v, "to_hash").(*hash); ok {
				return h
			}
		}
	}
	vm.typeError("no implicit conversion of %s into Hash", vm.typeName(v))
	return nil
}

// string makes a string value and counts its memory.
func (c *call) newStr(s string) *str {
	c.vm.charge(len(s) + 32)
	return newStr(s)
}

// list makes an array value and counts its memory.
func (c *call) list(elems []value) *array {
	c.vm.chargeElems(len(elems))
	return &array{elems: elems}
}

func strList(ss []string) *array {
	a := &array{elems: make([]value, len(ss))}
	for i, s := range ss {
		a.elems[i] = newStr(s)
	}
	return a
}

// chars splits text into characters; an invalid byte is one character.
func chars(b []byte) []string {
	out := make([]string, 0, len(b))
	for len(b) > 0 {
		_, n := utf8.DecodeRune(b)
		out = append(out, string(b[:n]))
		b = b[n:]
	}
	return out
}

func charLen(b []byte) int { return utf8.RuneCount(b) }

// charOffset is the byte offset of character n, or -1 beyond the end.
func charOffset(b []byte, n int) int {
	if isASCII(b) {
		if n > len(b) {
			return -1
		}
		return n
	}
	off := 0
	for ; n > 0; n-- {
		if off >= len(b) {
			return -1
		}
		_, w := utf8.DecodeRune(b[off:])
		off += w
	}
	return off
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// floatText is Float#to_s.
func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		if math.Signbit(f) {
			return "-0.0"
		}
		return "0.0"
	}
	if a := math.Abs(f); a >= 1e-4 && a < 1e15 {
		s := strconv.FormatFloat(f, 'f', -1, 64)
		for i := 0; i < len(s); i++ {
			if s[i] == '.' {
				return s
			}
		}
		return s + ".0"
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	// Ruby writes 1.0e+20 where Go writes 1e+20.
	for i := 0; i < len(s); i++ {
		if s[i] == '.' {
			return s
		}
		if s[i] == 'e' {
			return s[:i] + ".0" + s[i:]
		}
	}
	return s
}

// Equality and order.

// equal is ==.
func (vm *vm) equal(a, b value) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case bool, symbol:
		return a == b
	case *str:
		y, ok := b.(*str)
		return ok && string(x.b) == string(y.b)
	case int64, *big.Int, float64, *big.Rat:
		c, ok := numCompare(a, b)
		return ok && c == 0
	case *array:
		y, ok := b.(*array)
		return ok && vm.equalArrays(x, y)
	case *hash:
		y, ok := b.(*hash)
		return ok && vm.equalHashes(x, y)
	case *rangeVal:
		y, ok := b.(*rangeVal)
		return ok && x.excl == y.excl && vm.equal(x.lo, y.lo) && vm.equal(x.hi, y.hi)
	case *regex:
		y, ok := b.(*regex)
		return ok && x.source == y.source && x.flags == y.flags
	case *timeVal:
		y, ok := b.(*timeVal)
		return ok && x.t.Equal(y.t)
	case *dateVal:
		y, ok := b.(*dateVal)
		return ok && x.t.Equal(y.t)
	case *object:
		if a == b {
			return true
		}
		if m := vm.find(x, "=="); m != nil {
			return truthy(vm.dispatch(vm.topFrame(), x, "==", []value{b}, nil, nil, true))
		}
	}
	return a == b
}

func (vm *vm) equalArrays(x, y *array) bool {
	if x == y {
		return true
	}
	if len(x.elems) != len(y.elems) {
		return false
	}
	defer vm.guarded()()
	for i := range x.elems {
		vm.tick()
		if !vm.equal(x.elems[i], y.elems[i]) {
			return false
		}
	}
	return true
}

func (vm *vm) equalHashes(x, y *hash) bool {
	if x == y {
		return true
	}
	if x.len() != y.len() {
		return false
	}
	defer vm.guarded()()
	for _, e := range x.pairs() {
		vm.tick()
		v, ok := y.lookup(e.key)
		if !ok || !vm.equal(e.val, v) {
			return false
		}
	}
	return true
}

// compare is <=>; false when the values cannot be compared.
func (vm *vm) compare(a, b value) (int, bool) {
	vm.tick()
	switch x := a.(type) {
	case *str:
		y, ok := b.(*str)
		if !ok {
			return 0, false
		}
		return compareBytes(x.b, y.b), true
	case symbol:
		y, ok := b.(symbol)
		if !ok {
			return 0, false
		}
		return compareBytes([]byte(x), []byte(y)), true
	case int64, *big.Int, float64, *big.Rat:
		return numCompare(a, b)
	case *array:
		y, ok := b.(*array)
		if !ok {
			return 0, false
		}
		return vm.compareArrays(x, y)
	case nil:
		return 0, b == nil
	case bool:
		return 0, a == b
	}
	r := vm.send(a, "<=>", b)
	if r == nil {
		return 0, false
	}
	return vm.cmpResult(r), true
}

func (vm *vm) compareArrays(x, y *array) (int, bool) {
	defer vm.guarded()()
	for i := 0; i < len(x.elems) && i < len(y.elems); i++ {
		if c, ok := vm.compare(x.elems[i], y.elems[i]); !ok || c != 0 {
			return c, ok
		}
	}
	return sign(len(x.elems) - len(y.elems)), true
}

func compareBytes(a, b []byte) int {
	switch {
	case string(a) < string(b):
		return -1
	case string(a) > string(b):
		return 1
	}
	return 0
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// cmpResult is what a <=> block said.
func (vm *vm) cmpResult(v value) int {
	if c, ok := numCompare(v, int64(0)); ok {
		return c
	}
	vm.argError("comparison of %s with 0 failed", vm.typeName(v))
	return 0
}

// mustCompare is <=> where values must be comparable.
func (vm *vm) mustCompare(a, b value) int {
	c, ok := vm.compare(a, b)
	if !ok {
		vm.compareFailed(a, b)
	}
	return c
}

func (vm *vm) compareFailed(a, b value) {
	what := vm.classOf(b).name
	switch b.(type) {
	case nil, bool, int64, float64:
		what = vm.inspect(b)
	}
	vm.argError("comparison of %s with %s failed", vm.classOf(a).name, what)
}

// caseEq is pattern === v, as in case/when.
func (vm *vm) caseEq(f *frame, pattern, v value) bool {
	switch p := pattern.(type) {
	case *class:
		if m := p.findMeta("==="); m == nil || m.native != nil {
			return vm.isA(v, p)
		}
	case *regex:
		var s string
		switch x := v.(type) {
		case *str:
			s = string(x.b)
		case symbol:
			s = string(x)
		default:
			f.act.match = nil
			return false
		}
		m := vm.matchAt(p, s, 0)
		f.act.match = m
		return m != nil
	case *rangeVal:
		return vm.rangeCovers(p, v)
	case *proc:
		return truthy(vm.callProc(p, []value{v}, nil, nil))
	case *object:
		return truthy(vm.dispatch(f, p, "===", []value{v}, nil, nil, true))
	}
	return vm.equal(pattern, v)
}

// isA is kind_of?.
func (vm *vm) isA(v value, c *class) bool {
	if o, ok := v.(*object); ok && o.singleton != nil {
		return o.singleton.isA(c)
	}
	if k, ok := v.(*class); ok {
		for _, e := range k.extends {
			if e.isA(c) {
				return true
			}
		}
	}
	return vm.classOf(v).isA(c)
}
