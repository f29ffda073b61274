package erb

import (
	"math"
	"math/big"
	"strings"
	"unicode/utf8"
)

func integerMethods(t methodTable) {
	t.add(func(c *call) value { return true }, 0, 0, "integer?")
	t.add(func(c *call) value { return c.self }, 0, 0, "to_i", "to_int", "ord", "numerator")
	t.add(func(c *call) value { return int64(1) }, 0, 0, "denominator")
	t.add(intToS, 0, 1, "to_s", "inspect")
	t.add(func(c *call) value { return c.vm.intArith(c.self, "+", int64(1)) }, 0, 0, "succ", "next")
	t.add(func(c *call) value { return c.vm.intArith(c.self, "-", int64(1)) }, 0, 0, "pred")
	t.add(func(c *call) value { return toBig(c.self).Bit(0) == 0 }, 0, 0, "even?")
	t.add(func(c *call) value { return toBig(c.self).Bit(0) == 1 }, 0, 0, "odd?")
	t.add(intTimes, 0, 0, "times")
	t.add(func(c *call) value { return c.count(1) }, 1, 1, "upto")
	t.add(func(c *call) value { return c.count(-1) }, 1, 1, "downto")
	t.add(intChr, 0, 1, "chr")
	t.add(intDigits, 0, 1, "digits")
	t.add(func(c *call) value {
		return normBig(new(big.Int).GCD(nil, nil, c.absBig(c.self), c.absBig(c.args[0])))
	}, 1, 1, "gcd")
	t.add(intLcm, 1, 1, "lcm")
	t.add(func(c *call) value { return c.bits("&") }, 1, 1, "&")
	t.add(func(c *call) value { return c.bits("|") }, 1, 1, "|")
	t.add(func(c *call) value { return c.bits("^") }, 1, 1, "^")
	t.add(func(c *call) value { return normBig(new(big.Int).Not(toBig(c.self))) }, 0, 0, "~")
	t.add(func(c *call) value { return c.shift(c.int(0)) }, 1, 1, "<<")
	t.add(func(c *call) value { return c.shift(-c.int(0)) }, 1, 1, ">>")
	t.add(intBit, 1, 1, "[]")
	t.add(func(c *call) value { return int64(toBig(c.self).BitLen()) }, 0, 0, "bit_length")
	t.add(func(c *call) value { return int64(8) }, 0, 0, "size")
	t.addKw(intRound, 0, 1, "round")
	t.add(func(c *call) value { return c.intTo(roundFloor) }, 0, 1, "floor")
	t.add(func(c *call) value { return c.intTo(roundCeil) }, 0, 1, "ceil")
	t.add(func(c *call) value { return c.intTo(roundTrunc) }, 0, 1, "truncate")
	t.add(intPowMod, 1, 2, "pow")
	t.add(func(c *call) value { return toRat(c.self) }, 0, 1, "to_r", "rationalize")
	t.add(func(c *call) value { return c.self }, 0, 0, "hash")
}

func integerClassMethods(t methodTable) {
	t.add(func(c *call) value { return normBig(new(big.Int).Sqrt(c.absBig(c.args[0]))) }, 1, 1, "sqrt")
}

func (c *call) absBig(v value) *big.Int {
	switch v.(type) {
	case int64, *big.Int:
		return new(big.Int).Abs(toBig(v))
	}
	c.vm.typeError("not an integer")
	return nil
}

func intToS(c *call) value {
	base := c.optInt(0, 10)
	if base < 2 || base > 36 {
		c.vm.argError("invalid radix %d", base)
	}
	n := toBig(c.self)
	c.vm.steps += n.BitLen() >> 4
	return c.newStr(n.Text(base))
}

func intTimes(c *call) value {
	if c.blk == nil {
		return c.enum()
	}
	n, ok := c.self.(int64)
	if !ok {
		n = math.MaxInt64
	}
	for i := int64(0); i < n; i++ {
		c.vm.tick()
		c.yield(i)
	}
	return c.self
}

// count runs upto and downto.
func (c *call) count(step int64) value {
	if c.blk == nil {
		return c.enum()
	}
	if !isNumber(c.args[0]) {
		c.vm.compareFailed(c.self, c.args[0])
	}
	limit := c.args[0]
	if f, ok := limit.(float64); ok {
		if step > 0 {
			f = math.Floor(f)
		} else {
			f = math.Ceil(f)
		}
		limit = f
		if math.Abs(f) < 1<<62 {
			limit = int64(f)
		}
	}
	for v := c.self; ; v = c.vm.intArith(v, "+", step) {
		c.vm.tick()
		if r, _ := numCompare(v, limit); r == int(step) {
			return c.self
		}
		c.yield(v)
	}
}

func intChr(c *call) value {
	n, ok := c.self.(int64)
	if !ok || n < 0 || n > utf8.MaxRune || len(c.args) == 0 && n > 255 {
		c.vm.raise("RangeError", "%s out of char range", c.vm.toS(c.self))
	}
	if n < 0x80 || len(c.args) == 0 {
		return &str{b: []byte{byte(n)}}
	}
	return newStr(string(rune(n)))
}

func intDigits(c *call) value {
	base := c.optInt(0, 10)
	if base < 2 {
		c.vm.argError("invalid radix %d", base)
	}
	n := new(big.Int).Set(toBig(c.self))
	if n.Sign() < 0 {
		c.vm.raise("ArgumentError", "out of domain")
	}
	out := &array{}
	b, m := big.NewInt(int64(base)), new(big.Int)
	for {
		c.vm.tick()
		c.vm.steps += n.BitLen() >> 6
		n.QuoRem(n, b, m)
		out.elems = append(out.elems, m.Int64())
		if n.Sign() == 0 {
			return out
		}
	}
}

func intLcm(c *call) value {
	x, y := c.absBig(c.self), c.absBig(c.args[0])
	if x.Sign() == 0 || y.Sign() == 0 {
		return int64(0)
	}
	c.vm.chargeBig(x, y)
	g := new(big.Int).GCD(nil, nil, x, y)
	return normBig(new(big.Int).Mul(x, g.Quo(y, g)))
}

func (c *call) bits(op string) value {
	switch c.args[0].(type) {
	case int64, *big.Int:
	default:
		c.vm.typeError("%s can't be coerced into Integer", coerceName(c.vm, c.args[0]))
	}
	x, y, r := toBig(c.self), toBig(c.args[0]), new(big.Int)
	c.vm.chargeBig(x, y)
	switch op {
	case "&":
		r.And(x, y)
	case "|":
		r.Or(x, y)
	default:
		r.Xor(x, y)
	}
	return normBig(r)
}

func (c *call) shift(n int) value {
	x := toBig(c.self)
	if n < 0 {
		return normBig(new(big.Int).Rsh(x, uint(-n)))
	}
	if x.Sign() != 0 && n > maxBits {
		c.vm.stop(&Error{Msg: "the template computes an integer of more than " + itoa(maxBits) + " bits"})
	}
	if x.Sign() == 0 {
		return int64(0)
	}
	c.vm.chargeBig(x, x)
	c.vm.charge(n >> 3)
	return normBig(new(big.Int).Lsh(x, uint(n)))
}

func intBit(c *call) value {
	i := c.int(0)
	if i < 0 {
		return int64(0)
	}
	n := toBig(c.self)
	if n.Sign() < 0 && i > n.BitLen() {
		return int64(1)
	}
	return int64(n.Bit(i))
}

func intPowMod(c *call) value {
	if len(c.args) == 1 {
		return c.pow(c.self, c.args[0])
	}
	m := toBig(c.args[1])
	if m.Sign() == 0 {
		c.vm.raise("ZeroDivisionError", "divided by 0")
	}
	e := toBig(c.args[0])
	if e.Sign() < 0 {
		c.vm.raise("RangeError", "Integer#pow() 2nd argument cannot be negative when 3rd argument specified")
	}
	c.vm.chargeBig(m, e)
	c.vm.steps += m.BitLen() * e.BitLen() >> 10
	r := new(big.Int).Exp(new(big.Int).Mod(toBig(c.self), m), e, m)
	if r.Sign() != 0 && m.Sign() < 0 {
		r.Add(r, m)
	}
	return normBig(r)
}

// rounding is a direction of rounding.
type rounding uint8

const (
	roundHalfUp rounding = iota
	roundHalfEven
	roundHalfDown
	roundFloor
	roundCeil
	roundTrunc
)

// halfMode reads the half: keyword of round.
func (c *call) halfMode() rounding {
	switch half, _ := c.kw.sym("half").(symbol); half {
	case "even":
		return roundHalfEven
	case "down":
		return roundHalfDown
	default:
		return roundHalfUp
	}
}

func intRound(c *call) value { return c.intTo(c.halfMode()) }

// intTo rounds an integer to a negative number of digits.
func (c *call) intTo(mode rounding) value {
	digits := c.optInt(0, 0)
	if digits >= 0 {
		return c.self
	}
	if -digits > 400 {
		return int64(0)
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-digits)), nil)
	q := roundRat(new(big.Rat).SetFrac(toBig(c.self), unit), mode)
	return normBig(q.Mul(q, unit))
}

// roundRat rounds a fraction to an integer.
func roundRat(r *big.Rat, mode rounding) *big.Int {
	floor := floorRat(r)
	frac := new(big.Rat).Sub(r, new(big.Rat).SetInt(floor))
	up := new(big.Int).Add(floor, big.NewInt(1))
	if frac.Sign() == 0 {
		return floor
	}
	half := frac.Cmp(big.NewRat(1, 2))
	switch mode {
	case roundFloor:
		return floor
	case roundCeil:
		return up
	case roundTrunc:
		if r.Sign() < 0 {
			return up
		}
		return floor
	}
	if half < 0 {
		return floor
	}
	if half > 0 {
		return up
	}
	switch {
	case mode == roundHalfEven && floor.Bit(0) == 0,
		mode == roundHalfUp && r.Sign() < 0,
		mode == roundHalfDown && r.Sign() > 0:
		return floor
	}
	return up
}

// kernelInteger is Integer(): strict conversion.
func kernelInteger(c *call) value {
	v := c.args[0]
	quiet := c.kw.sym("exception") == false
	fail := func(class, format string, args ...any) value {
		if !quiet {
			c.vm.raise(class, format, args...)
		}
		return nil
	}
	switch v := v.(type) {
	case int64, *big.Int:
		return v
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fail("FloatDomainError", "%s", floatText(v))
		}
		return c.vm.floatToInt(math.Trunc(v))
	case *big.Rat:
		return normBig(roundRat(v, roundTrunc))
	case nil:
		return fail("TypeError", "can't convert nil into Integer")
	case *str:
		n, ok := strictInt(string(v.b), c.optInt(1, 0))
		if !ok {
			return fail("ArgumentError", "invalid value for Integer(): %s", c.vm.inspect(v))
		}
		return n
	}
	if c.vm.respondTo(v, "to_i", false) {
		return c.vm.send(v, "to_i")
	}
	return fail("TypeError", "can't convert %s into Integer", c.vm.typeName(v))
}

// strictInt reads an integer with prefix, sign and underscores, all of it.
func strictInt(s string, base int) (value, bool) {
	s = strings.Trim(s, " \t\n\v\f\r")
	neg := strings.HasPrefix(s, "-")
	if neg || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	s, base, ok := intPrefix(s, base)
	if !ok || s == "" || s[0] == '_' || s[len(s)-1] == '_' || strings.Contains(s, "__") {
		return nil, false
	}
	s = strings.ReplaceAll(s, "_", "")
	if s[0] == '-' || s[0] == '+' {
		return nil, false
	}
	n, ok := new(big.Int).SetString(s, base)
	if !ok {
		return nil, false
	}
	if neg {
		n.Neg(n)
	}
	return normBig(n), true
}

// intPrefix takes a radix prefix off; base 0 lets the prefix choose.
func intPrefix(s string, base int) (string, int, bool) {
	prefixes := map[string]int{"0x": 16, "0b": 2, "0o": 8, "0d": 10}
	if len(s) > 2 {
		if p, ok := prefixes[strings.ToLower(s[:2])]; ok && (base == 0 || base == p) {
			return s[2:], p, s[2] != '_'
		}
	}
	if base == 0 {
		if len(s) > 1 && s[0] == '0' {
			return strings.TrimPrefix(s[1:], "_"), 8, true
		}
		base = 10
	}
	return s, base, base >= 2 && base <= 36
}

// looseInt is String#to_i: as many digits as there are.
func looseInt(s string, base int) value {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	neg := strings.HasPrefix(s, "-")
	if neg || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if len(s) > 2 && s[0] == '0' {
		p := map[byte]int{'x': 16, 'b': 2, 'o': 8, 'd': 10}[s[1]|0x20]
		if p == base && p != 0 {
			s = s[2:]
		}
	}
	var digits []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '_' && i > 0 && s[i-1] != '_' && i+1 < len(s) {
			continue
		}
		d, ok := digitValue(s[i])
		if !ok || d >= base {
			break
		}
		digits = append(digits, s[i])
	}
	n, ok := new(big.Int).SetString(string(digits), base)
	if !ok {
		return int64(0)
	}
	if neg {
		n.Neg(n)
	}
	return normBig(n)
}

func digitValue(c byte) (int, bool) {
	switch {
	case isDigit(c):
		return int(c - '0'), true
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 10, true
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10, true
	}
	return 0, false
}
