package erb

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// formatArgs are the arguments that "%" has on its right.
func formatArgs(v value) []value {
	if a, ok := v.(*array); ok {
		return a.elems
	}
	return []value{v}
}

// formatter runs one format.
type formatter struct {
	vm   *vm
	f    *frame
	args []value
	next int
	hash *hash
	out  strings.Builder
}

// spec is one directive: flags, width, precision.
type spec struct {
	minus, plus, space, zero, alt bool
	width, prec                   int // -1: none
	val                           value
	hasVal                        bool
}

// format is sprintf.
func (vm *vm) format(f *frame, text string, args []value) string {
	fm := &formatter{vm: vm, f: f, args: args}
	if len(args) == 1 {
		fm.hash, _ = args[0].(*hash)
	}
	for i := 0; i < len(text); i++ {
		vm.tick()
		if text[i] != '%' {
			j := strings.IndexByte(text[i:], '%')
			if j < 0 {
				j = len(text) - i
			}
			fm.out.WriteString(text[i : i+j])
			i += j - 1
			continue
		}
		i = fm.directive(text, i+1)
	}
	return fm.out.String()
}

func (fm *formatter) fail(msg string) {
	fm.vm.argError("%s", msg)
}

// arg takes the next positional argument.
func (fm *formatter) arg() value {
	if fm.next >= len(fm.args) {
		fm.fail("too few arguments")
	}
	fm.next++
	return fm.args[fm.next-1]
}

// named takes the argument of %<name> and %{name}.
func (fm *formatter) named(name, quoted string) value {
	if fm.hash == nil {
		fm.fail("one hash required")
	}
	v, ok := fm.hash.lookup(symbol(name))
	if !ok {
		if fm.hash.defProc == nil && fm.hash.def == nil {
			fm.vm.raise("KeyError", "key%s not found", quoted)
		}
		v = fm.vm.hashGet(fm.hash, symbol(name))
	}
	return v
}

// directive reads one directive behind its % and returns its last position.
func (fm *formatter) directive(text string, i int) int {
	s := spec{width: -1, prec: -1}
	for ; i < len(text); i++ {
		switch c := text[i]; c {
		case '-':
			s.minus = true
		case '+':
			s.plus = true
		case ' ':
			s.space = true
		case '0':
			s.zero = true
		case '#':
			s.alt = true
		case '1', '2', '3', '4', '5', '6', '7', '8', '9':
			n, end := fm.number(text, i)
			if end < len(text) && text[end] == '$' {
				if n > len(fm.args) {
					fm.fail("too few arguments")
				}
				s.val, s.hasVal = fm.args[n-1], true
				i = end
				continue
			}
			s.width = n
			i = end - 1
		case '*':
			if s.width = fm.vm.toInt(fm.arg()); s.width < 0 {
				s.minus = true
				s.width = -s.width
			}
			fm.bound(s.width)
		case '.':
			if i+1 < len(text) && text[i+1] == '*' {
				s.prec = fm.vm.toInt(fm.arg())
				fm.bound(s.prec)
				i++
				continue
			}
			n, end := fm.number(text, i+1)
			s.prec = n
			i = end - 1
		case '<', '{':
			closer := map[byte]byte{'<': '>', '{': '}'}[c]
			end := strings.IndexByte(text[i:], closer)
			if end < 0 {
				fm.fail("malformed name - unmatched parenthesis")
			}
			s.val, s.hasVal = fm.named(text[i+1:i+end], text[i:i+end+1]), true
			i += end
			if c == '{' {
				fm.pad(s, fm.cut(s, fm.vm.toS(s.val)))
				return i
			}
		default:
			fm.convert(c, s)
			return i
		}
	}
	fm.fail("incomplete format specifier; use %% (double %) instead")
	return i
}

// number reads decimal digits.
func (fm *formatter) number(text string, i int) (n, end int) {
	for ; i < len(text) && isDigit(text[i]); i++ {
		n = n*10 + int(text[i]-'0')
		fm.bound(n)
	}
	return n, i
}

// bound keeps widths sane.
func (fm *formatter) bound(n int) {
	if n > maxString/4 || n < -maxString/4 {
		fm.vm.charge(maxString + 1)
	}
}

func (fm *formatter) convert(c byte, s spec) {
	switch c {
	case '%', '\n', 0:
		if c != '%' {
			fm.fail("incomplete format specifier; use %% (double %) instead")
		}
		fm.out.WriteByte('%')
		return
	}
	if strings.IndexByte("spcdiuxXobBfeEgGaA", c) < 0 {
		fm.fail("malformed format string - %" + string(c))
	}
	if !s.hasVal {
		s.val = fm.arg()
	}
	switch c {
	case 's':
		fm.pad(s, fm.cut(s, fm.vm.toS(s.val)))
	case 'p':
		fm.pad(s, fm.cut(s, fm.vm.inspect(s.val)))
	case 'c':
		fm.pad(s, fm.char(s.val))
	case 'd', 'i', 'u':
		fm.integer(s, 10, "", false)
	case 'x':
		fm.integer(s, 16, "0x", false)
	case 'X':
		fm.integer(s, 16, "0X", true)
	case 'o':
		fm.integer(s, 8, "0", false)
	case 'b':
		fm.integer(s, 2, "0b", false)
	case 'B':
		fm.integer(s, 2, "0B", false)
	case 'a', 'A':
		fm.vm.outside("format with %" + string(c))
	default:
		fm.float(s, c)
	}
}

func (fm *formatter) char(v value) string {
	if str, ok := v.(*str); ok {
		if cs := chars(str.b); len(cs) == 1 {
			return cs[0]
		}
		fm.fail("%c requires a character")
	}
	return string(rune(fm.vm.toInt(v)))
}

// cut shortens text to the precision.
func (fm *formatter) cut(s spec, text string) string {
	if s.prec < 0 {
		return text
	}
	if off := charOffset([]byte(text), s.prec); off >= 0 {
		return text[:off]
	}
	return text
}

// pad writes text in its width.
func (fm *formatter) pad(s spec, text string) {
	n := s.width - charLen([]byte(text))
	fm.vm.charge(max(n, 0))
	if n > 0 && !s.minus {
		fm.out.WriteString(strings.Repeat(" ", n))
	}
	fm.out.WriteString(text)
	if n > 0 && s.minus {
		fm.out.WriteString(strings.Repeat(" ", n))
	}
}

// signed writes digits with sign, prefix and zeros in their width.
func (fm *formatter) signed(s spec, neg bool, prefix, digits string) {
	sign := ""
	switch {
	case neg:
		sign = "-"
	case s.plus:
		sign = "+"
	case s.space:
		sign = " "
	}
	head := sign + prefix
	if s.zero && !s.minus && s.width > len(head)+len(digits) {
		fm.vm.charge(s.width)
		digits = strings.Repeat("0", s.width-len(head)-len(digits)) + digits
	}
	fm.pad(s, head+digits)
}

// toInteger converts the argument of %d.
func (fm *formatter) toInteger(v value) *big.Int {
	switch n := v.(type) {
	case int64, *big.Int:
		return toBig(n)
	case float64:
		return toBig(fm.vm.floatToInt(math.Trunc(n)))
	case *big.Rat:
		return floorRat(n)
	case *str:
		i, ok := strictInt(n.String(), 0)
		if !ok {
			fm.vm.argError("invalid value for Integer(): %s", fm.vm.inspect(n))
		}
		return toBig(i)
	case nil:
		fm.vm.typeError("can't convert nil into Integer")
	}
	fm.vm.typeError("can't convert %s into Integer", fm.vm.typeName(v))
	return nil
}

func (fm *formatter) integer(s spec, base int, prefix string, upper bool) {
	n := fm.toInteger(s.val)
	fm.vm.steps += n.BitLen() >> 4
	if !s.alt {
		prefix = ""
	}
	if n.Sign() < 0 && base != 10 && !s.plus && !s.space {
		fm.complement(s, n, base, prefix, upper)
		return
	}
	digits := new(big.Int).Abs(n).Text(base)
	if upper {
		digits = strings.ToUpper(digits)
	}
	if n.Sign() == 0 {
		prefix = ""
	}
	if s.prec >= 0 {
		s.zero = false
		if len(digits) < s.prec {
			fm.vm.charge(s.prec)
			digits = strings.Repeat("0", s.prec-len(digits)) + digits
		}
	}
	fm.signed(s, n.Sign() < 0, prefix, digits)
}

// complement writes a negative number in two's complement, as "..f01".
func (fm *formatter) complement(s spec, n *big.Int, base int, prefix string, upper bool) {
	bits := map[int]uint{2: 1, 8: 3, 16: 4}[base]
	top := string("0123456789abcdef"[base-1])
	width := (uint(n.BitLen())/bits + 1) * bits
	full := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), width), n)
	digits := strings.TrimLeft(full.Text(base), top)
	digits = top + digits
	if upper {
		digits, top = strings.ToUpper(digits), strings.ToUpper(top)
	}
	switch {
	case s.prec > len(digits):
		fm.vm.charge(s.prec)
		digits = strings.Repeat(top, s.prec-len(digits)) + digits
	case s.zero && !s.minus && s.width > len(prefix)+len(digits):
		fm.vm.charge(s.width)
		digits = strings.Repeat(top, s.width-len(prefix)-len(digits)) + digits
	case s.prec < 0:
		digits = ".." + digits
	}
	fm.pad(s, prefix+digits)
}

func (fm *formatter) float(s spec, c byte) {
	f := fm.toFloat(s.val)
	if math.IsInf(f, 0) || math.IsNaN(f) {
		text := "Inf"
		if math.IsNaN(f) {
			text = "NaN"
		}
		s.zero = false
		fm.signed(s, math.Signbit(f) && !math.IsNaN(f), "", text)
		return
	}
	prec := s.prec
	if prec < 0 {
		prec = 6
	}
	fm.bound(prec)
	fm.vm.charge(prec)
	digits := floatDigits(math.Abs(f), c, prec, s.alt)
	fm.signed(s, math.Signbit(f), "", digits)
}

// floatDigits formats as C's printf does.
func floatDigits(f float64, c byte, prec int, alt bool) string {
	switch c {
	case 'f':
		if prec == 0 && alt {
			return strconv.FormatFloat(f, 'f', 0, 64) + "."
		}
		return strconv.FormatFloat(f, 'f', prec, 64)
	case 'e', 'E':
		return strconv.FormatFloat(f, c, prec, 64)
	}
	prec = max(prec, 1)
	exp := 0
	if f != 0 {
		e := strconv.FormatFloat(f, 'e', prec-1, 64)
		exp, _ = strconv.Atoi(e[strings.IndexByte(e, 'e')+1:])
	}
	if exp < -4 || exp >= prec {
		s := strconv.FormatFloat(f, c-2, prec-1, 64) // 'g' - 2 is 'e'
		if alt {
			return s
		}
		i := strings.IndexAny(s, "eE")
		return trimZeros(s[:i]) + s[i:]
	}
	s := strconv.FormatFloat(f, 'f', prec-1-exp, 64)
	if alt {
		return s
	}
	return trimZeros(s)
}

func trimZeros(s string) string {
	if strings.IndexByte(s, '.') < 0 {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

func (fm *formatter) toFloat(v value) float64 {
	switch n := v.(type) {
	case int64, float64, *big.Int, *big.Rat:
		return toFloat(n)
	case *str:
		f, ok := strictFloat(n.String())
		if !ok {
			fm.vm.argError("invalid value for Float(): %s", fm.vm.inspect(n))
		}
		return f
	}
	fm.vm.typeError("can't convert %s into Float", fm.vm.typeName(v))
	return 0
}
