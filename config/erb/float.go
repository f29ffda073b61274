package erb

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

func floatMethods(t methodTable) {
	t.add(func(c *call) value { return newStr(floatText(c.self.(float64))) }, 0, 0, "to_s", "inspect")
	t.add(func(c *call) value { return c.vm.floatToInt(math.Trunc(c.self.(float64))) }, 0, 0, "to_i", "to_int")
	t.add(func(c *call) value { return math.IsNaN(c.self.(float64)) }, 0, 0, "nan?")
	t.addKw(func(c *call) value { return c.floatTo(c.halfMode()) }, 0, 1, "round")
	t.add(func(c *call) value { return c.floatTo(roundFloor) }, 0, 1, "floor")
	t.add(func(c *call) value { return c.floatTo(roundCeil) }, 0, 1, "ceil")
	t.add(func(c *call) value { return c.floatTo(roundTrunc) }, 0, 1, "truncate")
	t.add(func(c *call) value { return c.exactRat() }, 0, 0, "to_r")
	t.add(floatRationalize, 0, 1, "rationalize")
	t.add(func(c *call) value { return math.Nextafter(c.self.(float64), math.Inf(1)) }, 0, 0, "next_float")
	t.add(func(c *call) value { return math.Nextafter(c.self.(float64), math.Inf(-1)) }, 0, 0, "prev_float")
}

// floatTo rounds to a number of digits: to an integer for none or fewer.
func (c *call) floatTo(mode rounding) value {
	f := c.self.(float64)
	digits := c.optInt(0, 0)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		if digits > 0 {
			return f
		}
		c.vm.raise("FloatDomainError", "%s", floatText(f))
	}
	if digits > 0 {
		return roundFloat(f, digits, mode)
	}
	if -digits > 400 {
		return int64(0)
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-digits)), nil)
	r := new(big.Rat)
	r.SetFloat64(f)
	q := roundRat(r.Quo(r, new(big.Rat).SetInt(unit)), mode)
	return normBig(q.Mul(q, unit))
}

// roundFloat rounds to digits behind the point. Like Ruby it works on the
// decimal that the float is printed as when it is not exactly halfway.
func roundFloat(f float64, digits int, mode rounding) float64 {
	if digits >= 17 || f == 0 {
		return f
	}
	scale := math.Pow(10, float64(digits))
	x := f * scale
	if math.IsInf(x, 0) {
		return f
	}
	var r float64
	switch mode {
	case roundFloor:
		r = math.Floor(x)
		if (r+1)/scale <= f {
			r++
		}
	case roundCeil:
		r = math.Ceil(x)
		if (r-1)/scale >= f {
			r--
		}
	case roundTrunc:
		r = math.Trunc(x)
	case roundHalfEven:
		r = math.RoundToEven(x)
	case roundHalfDown:
		r = math.Ceil(math.Abs(x) - 0.5)
		r = math.Copysign(r, x)
	default:
		r = math.Round(x)
		// Correct what the multiplication itself rounded down.
		a := math.Abs(r)
		if (a+0.5)/scale <= math.Abs(f) {
			a++
		}
		r = math.Copysign(a, x)
	}
	return r / scale
}

func (c *call) exactRat() *big.Rat {
	f := c.self.(float64)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		c.vm.raise("FloatDomainError", "%s", floatText(f))
	}
	r := new(big.Rat)
	r.SetFloat64(f)
	return r
}

// floatRationalize finds the simplest fraction within a tolerance.
func floatRationalize(c *call) value {
	x := c.exactRat()
	if len(c.args) == 0 {
		// The simplest fraction that reads back as the same float: that of its
		// shortest decimal.
		r, ok := new(big.Rat).SetString(strconv.FormatFloat(c.self.(float64), 'g', -1, 64))
		if !ok {
			return x
		}
		return r
	}
	if !isNumber(c.args[0]) {
		c.vm.typeError("can't convert %s into Rational", c.vm.typeName(c.args[0]))
	}
	eps := new(big.Rat).Abs(toRatAny(c.args[0]))
	return simplest(new(big.Rat).Sub(x, eps), new(big.Rat).Add(x, eps))
}

func toRatAny(v value) *big.Rat {
	if f, ok := v.(float64); ok {
		r := new(big.Rat)
		if r.SetFloat64(f) == nil {
			return new(big.Rat)
		}
		return r
	}
	return toRat(v)
}

// simplest is the fraction with the smallest denominator between a and b.
func simplest(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) == 0 {
		return a
	}
	if a.Sign() < 0 && b.Sign() > 0 {
		return new(big.Rat)
	}
	if b.Sign() <= 0 {
		r := simplest(new(big.Rat).Neg(b), new(big.Rat).Neg(a))
		return r.Neg(r)
	}
	floor := new(big.Rat).SetInt(floorRat(a))
	if floor.Cmp(a) == 0 {
		return floor
	}
	if next := new(big.Rat).Add(floor, big.NewRat(1, 1)); next.Cmp(b) <= 0 {
		return next
	}
	fa, fb := new(big.Rat).Sub(a, floor), new(big.Rat).Sub(b, floor)
	inner := simplest(fb.Inv(fb), fa.Inv(fa))
	return floor.Add(floor, inner.Inv(inner))
}

// kernelFloat is Float(): strict conversion.
func kernelFloat(c *call) value {
	quiet := c.kw.sym("exception") == false
	fail := func(class, format string, args ...any) value {
		if !quiet {
			c.vm.raise(class, format, args...)
		}
		return nil
	}
	switch v := c.args[0].(type) {
	case int64, float64, *big.Int, *big.Rat:
		return toFloat(v)
	case nil:
		return fail("TypeError", "can't convert nil into Float")
	case *str:
		f, ok := strictFloat(string(v.b))
		if !ok {
			return fail("ArgumentError", "invalid value for Float(): %s", c.vm.inspect(v))
		}
		return f
	}
	return fail("TypeError", "can't convert %s into Float", c.vm.typeName(c.args[0]))
}

func strictFloat(s string) (float64, bool) {
	s = strings.Trim(s, " \t\n\v\f\r")
	if hex := strings.TrimLeft(s, "+-"); len(hex) > 1 && hex[0] == '0' && hex[1]|0x20 == 'x' {
		n, ok := strictInt(s, 16)
		return toFloat(n), ok
	}
	prefix, rest := floatPrefix(s)
	if rest != "" || prefix == "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(prefix, 64)
	return f, err == nil || math.IsInf(f, 0)
}

// floatPrefix splits the longest decimal number off a string, without its
// underscores.
func floatPrefix(s string) (number, rest string) {
	var b strings.Builder
	i := 0
	digits := func() int {
		n := 0
		for i < len(s) {
			if isDigit(s[i]) {
				b.WriteByte(s[i])
				n++
			} else if s[i] != '_' || n == 0 || i+1 >= len(s) || !isDigit(s[i+1]) {
				break
			}
			i++
		}
		return n
	}
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		b.WriteByte(s[i])
		i++
	}
	if digits() == 0 {
		return "", s
	}
	if i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
		b.WriteByte('.')
		i++
		digits()
	}
	if i+1 < len(s) && s[i]|0x20 == 'e' {
		j := i + 1
		if s[j] == '-' || s[j] == '+' {
			j++
		}
		if j < len(s) && isDigit(s[j]) {
			b.WriteString("e" + s[i+1:j])
			i = j
			digits()
		}
	}
	return b.String(), s[i:]
}

// looseFloat is String#to_f.
func looseFloat(s string) float64 {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	sign := s[:len(s)-len(strings.TrimLeft(s, "+-"))]
	if rest := s[len(sign):]; len(sign) < 2 && len(rest) > 1 && rest[0] == '.' && isDigit(rest[1]) {
		s = sign + "0" + rest
	}
	prefix, _ := floatPrefix(s)
	f, err := strconv.ParseFloat(prefix, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0
	}
	return f
}

// looseRat is String#to_r.
func looseRat(s string) *big.Rat {
	number, rest := floatPrefix(strings.TrimLeft(s, " \t\n\v\f\r"))
	if strings.ContainsAny(number, "eE") {
		return toRatAny(looseFloat(number))
	}
	r, ok := new(big.Rat).SetString(number)
	if !ok {
		return new(big.Rat)
	}
	if strings.HasPrefix(rest, "/") {
		if d := toRat(looseInt(rest[1:], 10)); d.Sign() > 0 {
			r.Quo(r, d)
		}
	}
	return r
}

func rationalMethods(t methodTable) {
	rat := func(c *call) *big.Rat { return c.self.(*big.Rat) }
	t.add(func(c *call) value { return newStr(rat(c).String()) }, 0, 0, "to_s")
	t.add(func(c *call) value { return newStr("(" + rat(c).String() + ")") }, 0, 0, "inspect")
	t.add(func(c *call) value { return normBig(new(big.Int).Set(rat(c).Num())) }, 0, 0, "numerator")
	t.add(func(c *call) value { return normBig(new(big.Int).Set(rat(c).Denom())) }, 0, 0, "denominator")
	t.add(func(c *call) value { return normBig(roundRat(rat(c), roundTrunc)) }, 0, 0, "to_i", "truncate")
	t.add(func(c *call) value { return rat(c) }, 0, 0, "to_r")
	t.addKw(func(c *call) value { return c.ratTo(c.halfMode()) }, 0, 1, "round")
	t.add(func(c *call) value { return c.ratTo(roundFloor) }, 0, 1, "floor")
	t.add(func(c *call) value { return c.ratTo(roundCeil) }, 0, 1, "ceil")
}

func (c *call) ratTo(mode rounding) value {
	digits := c.optInt(0, 0)
	if digits > 400 || digits < -400 {
		c.vm.argError("too many digits")
	}
	r := c.self.(*big.Rat)
	if digits == 0 {
		return normBig(roundRat(r, mode))
	}
	unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(digits, -digits))), nil))
	if digits < 0 {
		unit.Inv(unit)
	}
	scaled := new(big.Rat).SetInt(roundRat(new(big.Rat).Mul(r, unit), mode))
	return scaled.Quo(scaled, unit)
}

// kernelRational is Rational().
func kernelRational(c *call) value {
	read := func(v value) *big.Rat {
		switch v := v.(type) {
		case int64, *big.Int, *big.Rat, float64:
			return toRatAny(v)
		case *str:
			text := strings.ReplaceAll(strings.TrimSpace(string(v.b)), "_", "")
			// An exponent could ask for a number of any size.
			if !strings.ContainsAny(text, "eEpP") {
				if r, ok := new(big.Rat).SetString(text); ok {
					return r
				}
			}
			c.vm.argError("invalid value for convert(): %s", c.vm.inspect(v))
		}
		c.vm.typeError("can't convert %s into Rational", c.vm.typeName(v))
		return nil
	}
	r := read(c.args[0])
	if len(c.args) == 2 {
		return c.vm.ratArith(r, "/", read(c.args[1]))
	}
	return r
}
