package yaml11

import (
	"encoding/base64"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// The forms of plain scalars, as Psych 4.0.3 tells them apart, in the order in which they are tried.
var (
	// wordForm matches what starts like a word, or with one character and then a word: then it is no number.
	wordForm = lazyregexp.New(`^[^0-9.:-]?[\pL_\s\v!@#$%^&*(){}<>|/\\~;=]`)
	timeForm = lazyregexp.New(`^-?\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)` +
		`\d{1,2}:\d\d:\d\d(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?$`)
	dateForm        = lazyregexp.New(`^\d{4}-(?:1[012]|0\d|\d)-(?:[12]\d|3[01]|0\d|\d)$`)
	sexagesimalInt  = lazyregexp.New(`^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}$`)
	sexagesimalReal = lazyregexp.New(`^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}\.[0-9_]*$`)
	floatForm       = lazyregexp.New(`^[-+]?(?:[0-9][0-9_,]*)?\.[0-9]*(?:[eE][-+][0-9]+)?$`)
	intForm         = lazyregexp.New(`^(?:[-+]?0b[01_,]+|[-+]?0[0-7_,]+|` +
		`[-+]?(?:0|[1-9](?:[0-9]|,[0-9]|_[0-9])*)|[-+]?0x[0-9a-fA-F_,]+)$`)
	numberText = lazyregexp.New(`^[-+]?(?:[0-9](?:_?[0-9])*)` +
		`(?:\.[0-9](?:_?[0-9])*)?(?:[eE][-+]?[0-9](?:_?[0-9])*)?$`)
)

// scalar gives text its type. Quoted text keeps it, unless a tag says otherwise.
func (b *builder) scalar(n *yaml.Node, flow bool) *Value {
	plain := n.Style&^yaml.TaggedStyle == 0
	text, pos := n.Value, b.pos(n)
	if b.hidden {
		text = restored(text, n.Style&yaml.DoubleQuotedStyle != 0)
	}
	if plain {
		b.checkVisible(text, pos)
	}
	if plain && flow && strings.HasSuffix(text, ":") && b.endsAtIndicator(n, text) {
		pos.Col += utf8.RuneCountInString(text) - 1
		return b.bad(pos, "`:` was found in unquoted text inside [] or {}",
			"put the text in quotes, or a blank behind the `:`")
	}
	if n.Style&yaml.TaggedStyle == 0 {
		// A lone `!` makes Psych resolve quoted text as if it were plain.
		if !plain && !strings.HasPrefix(b.source(n), "! ") {
			return NewString(text, pos)
		}
		return b.written(text, pos)
	}
	switch tag := n.Tag; {
	case tag == "!binary" || tag == "!!binary":
		return NewString(decodeBinary(text), pos)
	case tag == "!str" || tag == "!ruby/string" || tag == "!!str":
		return NewString(text, pos)
	case tag == "!float" || tag == "!!float":
		return b.taggedFloat(text, pos)
	case strings.HasPrefix(tag, "!ruby/sym"):
		return &Value{Kind: Symbol, Str: text, Pos: pos, size: 1}
	case isObject(n, scalarObjects):
		return b.badTag(n)
	}
	return b.written(text, pos)
}

// checkVisible warns of an invisible character in unquoted text.
func (b *builder) checkVisible(text string, pos Pos) {
	name, at, found := Invisible(text)
	if !found {
		return
	}
	if !strings.Contains(text, "\n") {
		pos.Col += at
	}
	b.warn(pos, "", "an invisible character, "+name+", is part of the text `"+visible(text)+"`",
		"remove it, or replace it by a blank; put the text in quotes if it is meant")
}

// endsAtIndicator reports whether one of ,[]{} follows a text of one line.
func (b *builder) endsAtIndicator(n *yaml.Node, text string) bool {
	_, behind, found := strings.Cut(b.source(n), text)
	return found && behind != "" && strings.ContainsAny(behind[:1], ",[]{}")
}

// written resolves unquoted text and keeps it in numbers and booleans.
func (b *builder) written(text string, pos Pos) *Value {
	v := b.plain(text, pos)
	if v.Kind == Int || v.Kind == Float || v.Kind == Bool {
		v.Str = text
	}
	return v
}

// plain resolves unquoted text.
func (b *builder) plain(text string, pos Pos) *Value {
	switch {
	case text == "":
		return NewNull(pos)
	case wordForm().MatchString(text) || strings.Contains(text, "\n"):
		return plainWord(text, pos)
	case timeForm().MatchString(text) || dateForm().MatchString(text):
		b.warn(pos, "", "the unquoted date "+text+" is read as text; Test Kitchen refuses to load it", "put it in quotes")
		return NewString(text, pos)
	case strings.EqualFold(text, ".inf") || strings.EqualFold(text, "+.inf"):
		return newFloat(math.Inf(1), pos)
	case strings.EqualFold(text, "-.inf"):
		return newFloat(math.Inf(-1), pos)
	case strings.EqualFold(text, ".nan"):
		return newFloat(math.NaN(), pos)
	case text[0] == ':' && len(text) > 1:
		return &Value{Kind: Symbol, Str: symbolName(text), Pos: pos, size: 1}
	case sexagesimalInt().MatchString(text):
		return newBig(sexagesimal(text), pos)
	case sexagesimalReal().MatchString(text):
		return newFloat(sexagesimalFloat(text), pos)
	case floatForm().MatchString(text):
		return b.plainFloat(text, pos)
	case intForm().MatchString(text):
		return b.plainInt(text, pos)
	}
	return NewString(text, pos)
}

func plainWord(text string, pos Pos) *Value {
	switch strings.ToLower(text) {
	case "~", "null":
		return NewNull(pos)
	case "yes", "true", "on":
		return NewBool(true, pos)
	case "no", "false", "off":
		return NewBool(false, pos)
	}
	return NewString(text, pos)
}

// symbolName is the name of the symbol :name, :"name" or :'name'.
func symbolName(text string) string {
	name := text[1:]
	if q := name[0]; q == '"' || q == '\'' {
		if end := strings.LastIndexByte(name, q); end > 0 {
			return strings.TrimPrefix(name[1:end], ":")
		}
	}
	return name
}

// sexagesimal reads h:m:s or h:m; a lone pair counts as hours and minutes.
func sexagesimal(text string) *big.Int {
	sum, weight := new(big.Int), int64(3600)
	for _, part := range strings.Split(text, ":") {
		n := leadingInt(part)
		sum.Add(sum, n.Mul(n, big.NewInt(weight)))
		weight /= 60
	}
	return sum
}

// leadingInt is Ruby's to_i: digits with single underscores between them.
func leadingInt(s string) *big.Int {
	n, _ := new(big.Int).SetString(strings.ReplaceAll(leadingDigits(s), "_", ""), 10)
	return n
}

func sexagesimalFloat(text string) float64 {
	sum, weight := 0.0, 3600.0
	for _, part := range strings.Split(text, ":") {
		whole, frac, _ := strings.Cut(part, ".")
		number := leadingDigits(whole)
		if number == whole && frac != "" && frac[0] != '_' {
			number += "." + leadingDigits(frac)
		}
		f, _ := strconv.ParseFloat(strings.ReplaceAll(number, "_", ""), 64)
		sum += f * weight
		weight /= 60
	}
	return sum
}

// leadingDigits is the part of s before a doubled or trailing underscore. s
// starts with an optional sign and a digit and holds digits and underscores.
func leadingDigits(s string) string {
	if i := strings.Index(s, "__"); i >= 0 {
		s = s[:i]
	}
	return strings.TrimRight(s, "_")
}

func (b *builder) plainFloat(text string, pos Pos) *Value {
	if strings.TrimLeft(text, "+-") == "." {
		return NewString(text, pos)
	}
	clean := strings.NewReplacer(",", "", "_", "").Replace(text)
	if whole, frac, _ := strings.Cut(clean, "."); frac == "" || frac[0] == 'e' || frac[0] == 'E' {
		clean = whole + frac
	}
	return b.float(clean, text, pos)
}

// float reads a number that is known to be written well, save that it may lack all digits before the exponent.
func (b *builder) float(clean, text string, pos Pos) *Value {
	f, err := strconv.ParseFloat(clean, 64)
	if err != nil && !math.IsInf(f, 0) {
		return b.bad(pos, "`"+text+"` was found, which looks like a number and is none",
			"put it in quotes if it is meant as text")
	}
	return newFloat(f, pos)
}

func (b *builder) plainInt(text string, pos Pos) *Value {
	clean := strings.NewReplacer(",", "", "_", "").Replace(text)
	i, ok := new(big.Int).SetString(clean, 0)
	if !ok {
		return b.bad(pos, "`"+text+"` was found, which looks like a number and is none",
			"put it in quotes if it is meant as text")
	}
	return newBig(i, pos)
}

// taggedFloat reads a scalar tagged !!float.
func (b *builder) taggedFloat(text string, pos Pos) *Value {
	v := b.plain(text, pos)
	switch v.Kind {
	case Float:
		return v
	case Int:
		digits, _ := v.Text()
		return b.float(digits, text, pos)
	case String:
		if number := strings.TrimSpace(v.Str); numberText().MatchString(number) {
			return b.float(strings.ReplaceAll(number, "_", ""), text, pos)
		}
	}
	return b.bad(pos, "`"+text+"` was found behind !!float, which is no number", "write a number, or remove the tag")
}

func newFloat(f float64, pos Pos) *Value { return &Value{Kind: Float, Float: f, Pos: pos, size: 1} }

func newBig(i *big.Int, pos Pos) *Value {
	if i.IsInt64() {
		return &Value{Kind: Int, Int: i.Int64(), Pos: pos, size: 1}
	}
	return &Value{Kind: Int, Big: i, Pos: pos, size: 1}
}

// decodeBinary decodes base64 as leniently as Ruby's unpack("m"): characters that are none of the alphabet are skipped,
// and `=` ends the data where it pads a group of four.
func decodeBinary(text string) string {
	var clean []byte
	for _, c := range []byte(text) {
		if c == '=' && len(clean)%4 >= 2 {
			break
		}
		if strings.IndexByte(base64Digits, c) >= 0 {
			clean = append(clean, c)
		}
	}
	out, _ := base64.RawStdEncoding.DecodeString(string(clean)) // which drops a last character that is too many
	return string(out)
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
