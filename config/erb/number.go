package erb

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// fromFloat is an Integer with the value of a float.
func (c *call) fromFloat(f float64) value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		c.raise("FloatDomainError", "%s", floatText(f))
	}
	return c.exact(int64(f), math.Abs(f) < 1<<62)
}

// exact is an integer, unless it does not fit into 64 bits.
func (in *interp) exact(v int64, fits bool) value {
	if !fits {
		in.outside("an integer of more than 64 bits")
	}
	return v
}

// float is the number that a method is called on, or its argument.
func (c *call) float(v value) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	c.raise("TypeError", "%s can't be coerced into %s", describe(v), classOf(c.self))
	return 0
}

// arithmetic adds an operator that works on integers or, when one side is a float,
// on floats. ints tells as well whether the result fits.
func (t methodTable) arithmetic(ints func(a, b int64) (int64, bool), floats func(a, b float64) float64, names ...string) {
	t.def(1, 1, func(c *call) value {
		a, ok1 := c.self.(int64)
		b, ok2 := c.arg(0).(int64)
		if !ok1 || !ok2 {
			return floats(c.float(c.self), c.float(c.arg(0)))
		}
		if b == 0 && strings.Contains("/ % modulo", c.name) {
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
	t.arithmetic(func(a, b int64) (int64, bool) { return a + b, (a+b > a) == (b > 0) }, func(a, b float64) float64 { return a + b }, "+")
	t.arithmetic(func(a, b int64) (int64, bool) { return a - b, (a-b < a) == (b > 0) }, func(a, b float64) float64 { return a - b }, "-")
	t.arithmetic(func(a, b int64) (int64, bool) {
		return a * b, math.Abs(float64(a)*float64(b)) < 1<<62
	}, func(a, b float64) float64 { return a * b }, "*")
	t.arithmetic(func(a, b int64) (int64, bool) { q, _ := floorDiv(a, b); return q, true }, func(a, b float64) float64 { return a / b }, "/")
	t.arithmetic(func(a, b int64) (int64, bool) { _, m := floorDiv(a, b); return m, true }, func(a, b float64) float64 {
		if m := math.Mod(a, b); m == 0 || (m < 0) == (b < 0) {
			return m
		}
		return math.Mod(a, b) + b
	}, "%", "modulo")
	t.arithmetic(func(a, b int64) (int64, bool) {
		p := math.Pow(float64(a), float64(b))
		return int64(p), b >= 0 && math.Abs(p) < 1<<53
	}, math.Pow, "**", "pow")
	t.def(0, 0, func(c *call) value { return c.sendTo(c.frame, int64(0), "-", []value{c.self}, nil) }, "-@")
	t.def(0, 0, func(c *call) value { return c.self }, "+@")
	t.def(0, 0, func(c *call) value { return c.float(c.self) }, "to_f")
	t.def(1, 1, func(c *call) value { return c.float(c.self) / c.float(c.arg(0)) }, "fdiv")
	for name, round := range map[string]func(float64) float64{"round": math.Round, "floor": math.Floor, "ceil": math.Ceil, "to_i": math.Trunc} {
		t.def(0, 1, func(c *call) value {
			f, isFloat := c.self.(float64)
			switch {
			case !isFloat && (len(c.args) == 0 || c.int(0) >= 0):
				return c.self
			case isFloat && len(c.args) == 0:
				return c.fromFloat(round(f))
			case c.int(0) < 1 || c.int(0) > 9 || math.Abs(f) > 1e6:
				c.outside(name + " to such a number of digits")
			}
			scale := math.Pow10(c.int(0))
			n := round(f * scale)
			switch { // Ruby rounds a half as it is written: 1.005 to 1.01
			case name == "round" && f > 0 && (n+0.5)/scale <= f:
				n++
			case name == "round" && f < 0 && (n-0.5)/scale >= f:
				n--
			}
			return n / scale
		}, name)
	}
}

func integerMethods(t methodTable) {
	t.def(0, 1, func(c *call) value {
		base := 10
		if len(c.args) > 0 {
			base = c.int(0)
		}
		if base < 2 || base > 36 {
			c.raise("ArgumentError", "invalid radix %d", base)
		}
		return c.str(strconv.FormatInt(c.self.(int64), base))
	}, "to_s", "inspect")
	t.def(0, 0, func(c *call) value {
		if n := c.self.(int64); n >= 0 && n < 128 {
			return c.str(string(rune(n)))
		}
		c.outside("Integer#chr beyond ASCII")
		return nil
	}, "chr")
}

// format is sprintf, with the directives that Go's own understands in the same way.
func (c *call) format(text string, args []value) string {
	var b strings.Builder
	next := 0
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b.WriteByte(text[i])
			continue
		}
		spec := "%"
		for i++; i < len(text) && (strings.IndexByte("-+ 0.", text[i]) >= 0 || isDigit(text[i])); i++ {
			spec += string(text[i])
		}
		verb := byte(0)
		if i < len(text) {
			verb = text[i]
		}
		c.charge(1 << min(4*len(spec), 30))
		if verb == '%' {
			b.WriteByte('%')
			continue
		}
		if strings.IndexByte("sdifxXobp", verb) < 0 || verb == 0 || strings.HasPrefix(spec, "%0") && strings.IndexByte("sp", verb) >= 0 {
			c.outside("the format " + spec + string(verb))
		}
		if next >= len(args) {
			c.raise("ArgumentError", "too few arguments")
		}
		v := args[next]
		next++
		switch verb {
		case 's':
			fmt.Fprintf(&b, spec+"s", toS(v))
		case 'p':
			fmt.Fprintf(&b, spec+"s", inspect(v))
		case 'f':
			fmt.Fprintf(&b, spec+"f", c.on(v).convert("Float"))
		default:
			n, _ := c.on(v).convert("Integer").(int64)
			if n < 0 && verb != 'd' && verb != 'i' {
				c.outside("a negative number as %" + string(verb))
			}
			fmt.Fprintf(&b, spec+strings.Replace(string(verb), "i", "d", 1), n)
		}
	}
	return b.String()
}

// convert is Integer(self) or Float(self).
func (c *call) convert(class string) value {
	return c.sendTo(c.frame, mainObject{}, class, []value{c.self}, nil)
}
