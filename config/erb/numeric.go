package erb

import (
	"math"
	"math/big"
	"math/bits"
)

// numberName names the class of the rarer values.
func numberName(v value) string {
	switch v.(type) {
	case *big.Int:
		return "Integer"
	case *big.Rat:
		return "Rational"
	}
	return "Object"
}

func isNumber(v value) bool {
	switch v.(type) {
	case int64, float64, *big.Int, *big.Rat:
		return true
	}
	return false
}

func toFloat(v value) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f
	case *big.Rat:
		f, _ := v.Float64()
		return f
	}
	return 0
}

func toRat(v value) *big.Rat {
	switch v := v.(type) {
	case int64:
		return new(big.Rat).SetInt64(v)
	case *big.Int:
		return new(big.Rat).SetInt(v)
	case *big.Rat:
		return v
	}
	return new(big.Rat)
}

// numCompare compares two numbers; false when one is none, or NaN.
func numCompare(a, b value) (int, bool) {
	if !isNumber(a) || !isNumber(b) {
		return 0, false
	}
	x, xi := a.(int64)
	y, yi := b.(int64)
	if xi && yi {
		switch {
		case x < y:
			return -1, true
		case x > y:
			return 1, true
		}
		return 0, true
	}
	_, xf := a.(float64)
	_, yf := b.(float64)
	if !xf && !yf {
		return toRat(a).Cmp(toRat(b)), true
	}
	if xf && yf || xi || yi {
		return floatCompare(toFloat(a), toFloat(b))
	}
	f, other, flip := toFloat(b), a, 1
	if xf {
		f, other, flip = toFloat(a), b, -1
	}
	if math.IsNaN(f) {
		return 0, false
	}
	if math.IsInf(f, 0) {
		if f > 0 {
			return -flip, true
		}
		return flip, true
	}
	r := new(big.Rat)
	r.SetFloat64(f)
	return toRat(other).Cmp(r) * flip, true
}

func floatCompare(x, y float64) (int, bool) {
	switch {
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	case x == y:
		return 0, true
	}
	return 0, false
}

// fastBinary runs the common operators on numbers and strings without a method
// lookup.
func (vm *vm) fastBinary(f *frame, recv value, n *callNode) (value, bool) {
	switch recv.(type) {
	case int64, float64:
		switch n.name {
		case "+", "-", "*", "/", "%", "<", ">", "<=", ">=", "==", "!=":
		default:
			return nil, false
		}
	case *str:
		if n.name != "==" && n.name != "!=" && n.name != "+" {
			return nil, false
		}
	case nil, bool, symbol:
		if n.name != "==" && n.name != "!=" {
			return nil, false
		}
	default:
		return nil, false
	}
	switch n.args[0].(type) {
	case *splatNode, *hashNode:
		return nil, false
	}
	arg := vm.eval(f, n.args[0])
	vm.at, vm.src = n.span, f.src
	return vm.binary(f, recv, n.name, arg), true
}

// binary runs an infix operator.
func (vm *vm) binary(f *frame, a value, op string, b value) value {
	x, xok := a.(int64)
	y, yok := b.(int64)
	if xok && yok {
		if v, ok := smallOp(x, op, y); ok {
			return v
		}
	}
	switch op {
	case "==":
		return vm.equal(a, b)
	case "!=":
		return !vm.equal(a, b)
	}
	return vm.dispatch(f, a, op, []value{b}, nil, nil, false)
}

// smallOp runs an operator on two small integers, unless it overflows.
func smallOp(x int64, op string, y int64) (value, bool) {
	switch op {
	case "+":
		s := x + y
		return s, (s > x) == (y > 0)
	case "-":
		d := x - y
		return d, (d < x) == (y > 0)
	case "*":
		hi, lo := bits.Mul64(uint64(absInt(x)), uint64(absInt(y)))
		if hi != 0 || lo > math.MaxInt64 || x == math.MinInt64 || y == math.MinInt64 {
			return nil, false
		}
		return x * y, true
	case "<":
		return x < y, true
	case ">":
		return x > y, true
	case "<=":
		return x <= y, true
	case ">=":
		return x >= y, true
	case "==":
		return x == y, true
	case "!=":
		return x != y, true
	}
	return nil, false
}

func absInt(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// arith runs + - * / on numbers of any kinds.
func (c *call) arith(op string) value {
	vm := c.vm
	a, b := c.self, c.args[0]
	if !isNumber(b) {
		if vm.respondTo(b, "coerce", false) {
			pair := vm.toArr(vm.send(b, "coerce", a))
			if len(pair.elems) == 2 {
				return vm.dispatch(c.f, pair.elems[0], op, []value{pair.elems[1]}, nil, nil, true)
			}
		}
		vm.typeError("%s can't be coerced into %s", coerceName(vm, b), vm.classOf(a).name)
	}
	_, af := a.(float64)
	_, bf := b.(float64)
	if af || bf {
		return floatArith(toFloat(a), op, toFloat(b))
	}
	_, ar := a.(*big.Rat)
	_, br := b.(*big.Rat)
	if ar || br {
		return vm.ratArith(toRat(a), op, toRat(b))
	}
	return vm.intArith(a, op, b)
}

func coerceName(vm *vm, v value) string {
	switch v.(type) {
	case nil, bool:
		return vm.inspect(v)
	}
	return vm.classOf(v).name
}

func floatArith(x float64, op string, y float64) value {
	switch op {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	case "/":
		return x / y
	}
	return floatMod(x, y)
}

// floatMod is %, whose result has the sign of the divisor.
func floatMod(x, y float64) float64 {
	if y == 0 {
		return math.NaN()
	}
	if math.IsInf(y, 0) && !math.IsInf(x, 0) {
		if x == 0 || (x < 0) == (y < 0) {
			return x
		}
		return y
	}
	m := math.Mod(x, y)
	if m != 0 && (m < 0) != (y < 0) {
		m += y
	}
	return m
}

func (vm *vm) ratArith(x *big.Rat, op string, y *big.Rat) value {
	vm.chargeBig(x.Num(), y.Num())
	vm.chargeBig(x.Denom(), y.Denom())
	r := new(big.Rat)
	switch op {
	case "+":
		return r.Add(x, y)
	case "-":
		return r.Sub(x, y)
	case "*":
		return r.Mul(x, y)
	}
	if y.Sign() == 0 {
		vm.raise("ZeroDivisionError", "divided by 0")
	}
	q := r.Quo(x, y)
	if op == "/" {
		return q
	}
	floor := new(big.Rat).SetInt(floorRat(q))
	return new(big.Rat).Sub(x, floor.Mul(floor, y))
}

// chargeBig counts the work of an operation on big integers and bounds their
// size.
func (vm *vm) chargeBig(x, y *big.Int) {
	n := x.BitLen() + y.BitLen()
	if n > maxBits {
		vm.stop(&Error{Msg: "the template computes with an integer of more than " + itoa(maxBits) + " bits"})
	}
	vm.steps += n >> 9
	vm.charge(n >> 2)
}

func (vm *vm) intArith(a value, op string, b value) value {
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			if v, ok := smallOp(x, op, y); ok {
				return v
			}
		}
	}
	x, y := toBig(a), toBig(b)
	vm.chargeBig(x, y)
	r := new(big.Int)
	switch op {
	case "+":
		return normBig(r.Add(x, y))
	case "-":
		return normBig(r.Sub(x, y))
	case "*":
		return normBig(r.Mul(x, y))
	}
	q, m := vm.divmod(a, b)
	if op == "/" {
		return q
	}
	return m
}

// divmod divides integers, rounding down.
func (vm *vm) divmod(a, b value) (q, m value) {
	x, xok := a.(int64)
	y, yok := b.(int64)
	if yok && y == 0 {
		vm.raise("ZeroDivisionError", "divided by 0")
	}
	if xok && yok && x != math.MinInt64 {
		d, r := x/y, x%y
		if r != 0 && (r < 0) != (y < 0) {
			d--
			r += y
		}
		return d, r
	}
	bx, by := toBig(a), toBig(b)
	vm.chargeBig(bx, by)
	d, r := new(big.Int).QuoRem(bx, by, new(big.Int))
	if r.Sign() != 0 && (r.Sign() < 0) != (by.Sign() < 0) {
		d.Sub(d, big.NewInt(1))
		r.Add(r, by)
	}
	return normBig(d), normBig(r)
}

func floorRat(r *big.Rat) *big.Int {
	q, m := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int))
	_ = m // the denominator is positive, so DivMod rounds down
	return q
}

// pow is **.
func (c *call) pow(a, b value) value {
	vm := c.vm
	if !isNumber(b) {
		vm.typeError("%s can't be coerced into %s", coerceName(vm, b), vm.classOf(a).name)
	}
	_, af := a.(float64)
	_, bf := b.(float64)
	if r, ok := b.(*big.Rat); ok && !af {
		if !r.IsInt() {
			return math.Pow(toFloat(a), toFloat(b))
		}
		b = normBig(new(big.Int).Set(r.Num()))
	}
	if af || bf {
		return math.Pow(toFloat(a), toFloat(b))
	}
	n, ok := b.(int64)
	if !ok {
		vm.stop(&Error{Msg: "the template raises a number to a power beyond 64 bits"})
	}
	if base, ok := a.(*big.Rat); ok || n < 0 {
		if !ok {
			base = toRat(a)
		}
		return vm.ratPow(base, n)
	}
	return vm.intPow(toBig(a), n)
}

func (vm *vm) intPow(x *big.Int, n int64) value {
	if x.BitLen() > 1 && (n > maxBits || int64(x.BitLen())*n > maxBits) {
		vm.stop(&Error{Msg: "the template computes an integer of more than " + itoa(maxBits) + " bits"})
	}
	vm.charge(int(int64(x.BitLen()) * min(n, maxBits) >> 3))
	if x.BitLen() <= 1 { // -1, 0, 1
		n = n%2 + 2*min(n/2, 1)
	}
	return normBig(new(big.Int).Exp(x, big.NewInt(n), nil))
}

func (vm *vm) ratPow(x *big.Rat, n int64) value {
	num, den := x.Num(), x.Denom()
	if n < 0 {
		if num.Sign() == 0 {
			vm.raise("ZeroDivisionError", "divided by 0")
		}
		num, den = den, num
		n = -n
	}
	top, bottom := toBig(vm.intPow(num, n)), toBig(vm.intPow(den, n))
	return new(big.Rat).SetFrac(top, bottom)
}

func numericMethods(t methodTable) {
	for _, op := range []string{"+", "-", "*"} {
		t.add(func(c *call) value { return c.arith(op) }, 1, 1, op)
	}
	t.add(func(c *call) value { return c.arith("/") }, 1, 1, "/")
	t.add(func(c *call) value { return c.arith("%") }, 1, 1, "%", "modulo")
	t.add(func(c *call) value { return c.pow(c.self, c.args[0]) }, 1, 1, "**")
	t.add(func(c *call) value { return c.vm.equal(c.self, c.args[0]) }, 1, 1, "==", "===")
	t.add(numSpaceship, 1, 1, "<=>")
	for _, op := range []string{"<", ">", "<=", ">="} {
		t.add(func(c *call) value { return c.numRelation(op) }, 1, 1, op)
	}
	t.add(func(c *call) value { return c.self }, 0, 0, "+@", "dup", "clone", "real")
	t.add(func(c *call) value { return negate(c.vm, c.self) }, 0, 0, "-@")
	t.add(numAbs, 0, 0, "abs", "magnitude")
	t.add(func(c *call) value { return numSign(c.self) == 0 }, 0, 0, "zero?")
	t.add(func(c *call) value { return numSign(c.self) > 0 }, 0, 0, "positive?")
	t.add(func(c *call) value { return numSign(c.self) < 0 }, 0, 0, "negative?")
	t.add(func(c *call) value {
		if numSign(c.self) == 0 {
			return nil
		}
		return c.self
	}, 0, 0, "nonzero?")
	t.add(func(c *call) value { return toFloat(c.self) }, 0, 0, "to_f")
	t.add(func(c *call) value { return true }, 0, 0, "real?")
	t.add(numDivmod, 1, 1, "divmod")
	t.add(func(c *call) value { return c.vm.floorDiv(c.self, c.args[0]) }, 1, 1, "div")
	t.add(func(c *call) value { return toFloat(c.self) / c.vm.needFloat(c.args[0]) }, 1, 1, "fdiv")
	t.add(numRemainder, 1, 1, "remainder")
	t.add(func(c *call) value {
		a := c.self
		if _, ok := a.(float64); !ok {
			if _, ok := c.args[0].(float64); !ok {
				return newArray(c.args[0], a)
			}
		}
		return newArray(toFloat(c.args[0]), toFloat(a))
	}, 1, 1, "coerce")
	t.addKw(numStep, 0, 2, "step")
	t.add(func(c *call) value { return false }, 0, 0, "integer?")
	t.add(func(c *call) value {
		f, ok := c.self.(float64)
		return !ok || !math.IsInf(f, 0) && !math.IsNaN(f)
	}, 0, 0, "finite?")
	t.add(func(c *call) value {
		f, ok := c.self.(float64)
		if !ok || !math.IsInf(f, 0) {
			return nil
		}
		return int64(numSign(f))
	}, 0, 0, "infinite?")
	t.add(func(c *call) value { return true }, 0, 0, "frozen?")
	t.add(func(c *call) value { return c.vm.quo(c.self, c.args[0]) }, 1, 1, "quo")
}

// quo divides exactly.
func (vm *vm) quo(a, b value) value {
	_, af := a.(float64)
	_, bf := b.(float64)
	if af || bf {
		return toFloat(a) / toFloat(b)
	}
	if !isNumber(b) {
		vm.typeError("%s can't be coerced into %s", coerceName(vm, b), vm.classOf(a).name)
	}
	return vm.ratArith(toRat(a), "/", toRat(b))
}

func numSpaceship(c *call) value {
	r, ok := numCompare(c.self, c.args[0])
	if !ok {
		return nil
	}
	return int64(r)
}

func (c *call) numRelation(op string) value {
	r, ok := numCompare(c.self, c.args[0])
	if !ok {
		_, af := c.self.(float64)
		_, bf := c.args[0].(float64)
		if (af || bf) && isNumber(c.args[0]) {
			return false // NaN
		}
		c.vm.compareFailed(c.self, c.args[0])
	}
	return relation(op, r)
}

func relation(op string, r int) bool {
	switch op {
	case "<":
		return r < 0
	case ">":
		return r > 0
	case "<=":
		return r <= 0
	}
	return r >= 0
}

func negate(vm *vm, v value) value {
	switch v := v.(type) {
	case float64:
		return -v
	case *big.Rat:
		return new(big.Rat).Neg(v)
	}
	return vm.intArith(int64(0), "-", v)
}

func numAbs(c *call) value {
	if f, ok := c.self.(float64); ok {
		return math.Abs(f)
	}
	if numSign(c.self) < 0 {
		return negate(c.vm, c.self)
	}
	return c.self
}

func numSign(v value) int {
	switch v := v.(type) {
	case int64:
		return sign(int(max(min(v, 1), -1)))
	case *big.Int:
		return v.Sign()
	case *big.Rat:
		return v.Sign()
	case float64:
		r, _ := floatCompare(v, 0)
		return r
	}
	return 0
}

func (vm *vm) needFloat(v value) float64 {
	if !isNumber(v) {
		vm.typeError("can't convert %s into Float", vm.typeName(v))
	}
	return toFloat(v)
}

// floorDiv is div: division rounded down to an integer.
func (vm *vm) floorDiv(a, b value) value {
	if !isNumber(b) {
		vm.typeError("%s can't be coerced into %s", coerceName(vm, b), vm.classOf(a).name)
	}
	if numSign(b) == 0 {
		vm.raise("ZeroDivisionError", "divided by 0")
	}
	_, af := a.(float64)
	_, bf := b.(float64)
	if af || bf {
		return vm.floatToInt(math.Floor(toFloat(a) / toFloat(b)))
	}
	_, ar := a.(*big.Rat)
	_, br := b.(*big.Rat)
	if ar || br {
		return normBig(floorRat(new(big.Rat).Quo(toRat(a), toRat(b))))
	}
	q, _ := vm.divmod(a, b)
	return q
}

func numDivmod(c *call) value {
	q := c.vm.floorDiv(c.self, c.args[0])
	return newArray(q, c.arith("%"))
}

func numRemainder(c *call) value {
	m := c.arith("%")
	if numSign(m) != 0 && (numSign(c.self) < 0) != (numSign(c.args[0]) < 0) {
		d := &call{vm: c.vm, f: c.f, self: m, args: c.args}
		return d.arith("-")
	}
	return m
}

// floatToInt converts a whole float.
func (vm *vm) floatToInt(f float64) value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		vm.raise("FloatDomainError", "%s", floatText(f))
	}
	if math.Abs(f) < 1<<62 {
		return int64(f)
	}
	n, _ := big.NewFloat(f).Int(nil)
	return normBig(n)
}

// numStep is Numeric#step: by limit and step, positional or keywords.
func numStep(c *call) value {
	limit, step := c.arg(0), c.arg(1)
	if c.kw != nil {
		if v, ok := c.kw.lookup(symbol("to")); ok {
			limit = v
		}
		if v, ok := c.kw.lookup(symbol("by")); ok {
			step = v
		}
	}
	if step == nil {
		step = int64(1)
	}
	if !isNumber(step) {
		c.vm.typeError("no implicit conversion of %s into Integer", c.vm.typeName(step))
	}
	if numSign(step) == 0 {
		c.vm.argError("step can't be 0")
	}
	if c.blk == nil {
		return c.enum()
	}
	c.vm.stepFrom(c.self, limit, step, false, func(v value) bool { c.yield(v); return true })
	return c.self
}

// stepFrom counts from a number to a limit.
func (vm *vm) stepFrom(from, limit, step value, excl bool, fn func(value) bool) {
	_, ff := from.(float64)
	_, lf := limit.(float64)
	_, sf := step.(float64)
	if ff || lf || sf {
		vm.floatSteps(toFloat(from), limit, toFloat(step), excl, fn)
		return
	}
	for v := from; ; {
		vm.tick()
		if limit != nil {
			r, ok := numCompare(v, limit)
			if !ok {
				vm.compareFailed(v, limit)
			}
			if r == 0 && excl || numSign(step) > 0 && r > 0 || numSign(step) < 0 && r < 0 {
				return
			}
		}
		if !fn(v) {
			return
		}
		add := &call{vm: vm, self: v, args: []value{step}}
		v = add.arith("+")
	}
}

// floatSteps counts by multiplication, so that errors do not add up.
func (vm *vm) floatSteps(from float64, limit value, step float64, excl bool, fn func(value) bool) {
	n := math.Inf(1)
	if limit != nil {
		span := (toFloat(limit) - from) / step
		slack := (math.Abs(from) + math.Abs(toFloat(limit)) + math.Abs(toFloat(limit)-from)) / math.Abs(step) * 2.220446049250313e-16
		n = math.Floor(span + min(slack, 0.5))
		if excl && from+n*step >= toFloat(limit) && step > 0 {
			n--
		}
	}
	for i := 0.0; i <= n; i++ {
		vm.tick()
		v := from + i*step
		if limit != nil && !excl && step > 0 && v > toFloat(limit) {
			v = toFloat(limit)
		}
		if !fn(v) {
			return
		}
	}
}
