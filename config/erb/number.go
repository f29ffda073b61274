package erb

import (
	"math"
	"slices"
)

// exact is an integer, unless it does not fit into 64 bits.
func (e *Evaluator) exact(v int64, fits bool) value {
	if !fits {
		e.outside("an integer of more than 64 bits")
	}
	return v
}

// float is the number that a method is called on, or its argument.
func (c *call) float(v value) float64 {
	if f, ok := number(v); ok {
		return f
	}
	c.raise("TypeError", "%s can't be coerced into %s", describe(v), classOf(c.self))
	return 0
}

// arithmetic adds an operator that works on integers or, when one side is a float,
// on floats. ints tells as well whether the result fits.
func (t methodTable) arithmetic(ints func(a, b int64) (int64, bool), floats func(a, b float64) float64,
	names ...string) {
	t.def(1, 1, func(c *call) value {
		a, ok1 := c.self.(int64)
		b, ok2 := c.arg(0).(int64)
		if (!ok1 || !ok2) && floats == nil {
			c.outside(c.name + " of floats")
		} else if !ok1 || !ok2 {
			return floats(c.float(c.self), c.float(c.arg(0)))
		}
		if b == 0 && slices.Contains([]string{"/", "%", "modulo"}, c.name) {
			c.raise("ZeroDivisionError", "divided by 0")
		}
		return c.exact(ints(a, b))
	}, names...)
}

// floorDiv divides towards negative infinity.
func floorDiv(a, b int64) (q, m int64) {
	if q, m = a/b, a%b; m != 0 && (m < 0) != (b < 0) {
		q, m = q-1, m+b
	}
	return q, m
}

func numericMethods(t methodTable) {
	t.arithmetic(func(a, b int64) (int64, bool) { return a + b, (a+b > a) == (b > 0) },
		func(a, b float64) float64 { return a + b }, "+")
	t.arithmetic(func(a, b int64) (int64, bool) { return a - b, (a-b < a) == (b > 0) },
		func(a, b float64) float64 { return a - b }, "-")
	t.arithmetic(func(a, b int64) (int64, bool) {
		return a * b, math.Abs(float64(a)*float64(b)) < 1<<62
	}, func(a, b float64) float64 { return a * b }, "*")
	t.arithmetic(func(a, b int64) (int64, bool) { q, _ := floorDiv(a, b); return q, true },
		func(a, b float64) float64 { return a / b }, "/")
	t.arithmetic(func(a, b int64) (int64, bool) { _, m := floorDiv(a, b); return m, true }, nil, "%", "modulo")
	t.def(0, 0, func(c *call) value { return c.float(c.self) }, "to_f")
}

func floatMethods(t methodTable) {
	for name, round := range map[string]func(float64) float64{"round": math.Round, "floor": math.Floor, "ceil": math.Ceil,
		"to_i": math.Trunc} {
		t.def(0, 0, func(c *call) value {
			f := round(c.self.(float64))
			return c.exact(int64(f), math.Abs(f) < 1<<62)
		}, name)
	}
}
