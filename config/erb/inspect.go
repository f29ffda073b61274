package erb

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/internal/rubyfloat"
)

// inspect writes a value as Ruby's inspect does.
func inspect(v value) string {
	var b strings.Builder
	inspectTo(&b, v, 0)
	return b.String()
}

func inspectTo(b *strings.Builder, v value, depth int) {
	if tooDeep(depth); b.Len() > maxBytes/4 {
		return
	}
	switch v := v.(type) {
	case nil:
		b.WriteString("nil")
	case bool:
		fmt.Fprint(b, v)
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		b.WriteString(rubyfloat.Format(v))
	case symbol:
		b.WriteString(inspectSymbol(string(v)))
	case *str:
		b.WriteString(quote(v.String()))
	case *array:
		b.WriteByte('[')
		for i, e := range v.e {
			if i > 0 {
				b.WriteString(", ")
			}
			inspectTo(b, e, depth+1)
		}
		b.WriteByte(']')
	case *hash:
		b.WriteByte('{')
		for i, k := range v.keys {
			if i > 0 {
				b.WriteString(", ")
			}
			inspectTo(b, k, depth+1)
			b.WriteString("=>")
			inspectTo(b, v.vals[i], depth+1)
		}
		b.WriteByte('}')
	case *interval:
		if v.lo != nil {
			inspectTo(b, v.lo, depth+1)
		}
		b.WriteString(map[bool]string{false: "..", true: "..."}[v.open])
		if v.hi != nil {
			inspectTo(b, v.hi, depth+1)
		}
	case *regex:
		panic(outside("a regexp as a text"))
	case class:
		b.WriteString(string(v))
	case mainObject:
		b.WriteString("main")
	case *environ:
		inspectTo(b, &v.hash, depth)
	case *timestamp:
		layout := "2006-01-02 15:04:05 -0700"
		if v.t.Location() == time.UTC {
			layout = "2006-01-02 15:04:05 UTC"
		}
		b.WriteString(v.t.Format(layout))
	default:
		b.WriteString("#<" + classOf(v) + ">")
	}
}

// quote writes a string literal that Ruby would read back.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch escape := strings.IndexRune("\n\t\r\x1b\a\b\f\v", r); {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02X`, s[i])
		case escape >= 0:
			b.WriteString(`\` + "ntreabfv"[escape:escape+1])
		case r == '"' || r == '\\' || r == '#' && i+1 < len(s) && strings.IndexByte("{$@", s[i+1]) >= 0:
			b.WriteString(`\` + string(r))
		case r == 0x7f:
			b.WriteString(`\x7F`)
		case r < ' ':
			fmt.Fprintf(&b, `\u%04X`, r)
		case !unicode.IsGraphic(r) && r > 0xffff:
			fmt.Fprintf(&b, `\u{%X}`, r)
		case !unicode.IsGraphic(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	b.WriteByte('"')
	return b.String()
}

// plainSymbol matches the symbols that are written without quotes.
var plainSymbol = lazyregexp.New(`^([@$]?[\pL_][\pL\pN_]*[?!=]?|\[\]=?|[+\-*/%<>!~^&|]|\*\*|==|=~|<=>|<=|>=|<<)$`)

func inspectSymbol(s string) string {
	if plainSymbol().MatchString(s) {
		return ":" + s
	}
	return ":" + quote(s)
}

// toS is a value as text, as to_s makes it.
func toS(v value) string {
	switch v := v.(type) {
	case nil:
		return ""
	case *str:
		return v.String()
	case symbol:
		return string(v)
	case *match:
		return toS(v.group(int64(0)))
	case *interval:
		return toS(v.lo) + map[bool]string{false: "..", true: "..."}[v.open] + toS(v.hi)
	}
	return inspect(v)
}
