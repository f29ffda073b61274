// Package rubyre compiles the regular expressions of kitchen.yml's filters as Ruby reads
// them, with the regexp2 package: Go's own has no lookaround, which real files use.
//
// In Ruby ^ and $ always match at lines, \w \d \s \h are ASCII, and plain groups do not capture beside named ones. What
// only Ruby's engine has, such as character classes in each other and \K, is an error.
package rubyre

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// matchTimeout is how long one match may take; then matching returns an error.
const matchTimeout = 500 * time.Millisecond

// Compile compiles a pattern, which stands between slashes in Ruby. options are
// the letters behind the second slash, of which i and x count.
func Compile(pattern, options string) (*regexp2.Regexp, error) {
	flags := regexp2.RegexOptions(regexp2.Multiline)
	if strings.Contains(options, "i") {
		flags |= regexp2.IgnoreCase
	}
	if strings.Contains(options, "x") {
		flags |= regexp2.IgnorePatternWhitespace
	}
	t := &translator{}
	err := t.translate(pattern)
	if t.named {
		flags |= regexp2.ExplicitCapture
	}
	var re *regexp2.Regexp
	if err == nil {
		re, err = regexp2.Compile(t.out.String(), flags)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: /%s/", err, pattern)
	}
	re.MatchTimeout = matchTimeout
	return re, nil
}

// translator rewrites a pattern into the dialect of regexp2.
type translator struct {
	out   strings.Builder
	named bool // there is a group with a name
	// atom is where the last item stands in out, and open where each group that is
	// not closed yet does: a possessive quantifier makes an atomic group of it.
	atom int
	open []int
}

// classes are the ASCII classes of Ruby, as the content of a bracket expression.
var classes = map[byte]string{'d': "0-9", 'w': "a-zA-Z0-9_", 's': ` \t\r\n\f\v`, 'h': "0-9a-fA-F"}

// posix are the named classes of [[:name:]].
var posix = map[string]string{
	"alpha": `\p{L}`, "digit": `\p{Nd}`, "alnum": `\p{L}\p{Nd}`, "upper": `\p{Lu}`, "lower": `\p{Ll}`, "space": `\s`,
	"blank": ` \t`,
	"punct": `\p{P}\p{S}`, "xdigit": "0-9a-fA-F", "word": `\p{L}\p{Nd}\p{Pc}`, "cntrl": `\p{Cc}`,
}

// unsupported says that only Ruby's engine has something.
func unsupported(feature string) error {
	return fmt.Errorf("the regexp feature %s is not supported", feature)
}

func (t *translator) translate(rest string) error {
	for rest != "" {
		n, err := t.item(rest)
		if err != nil {
			return err
		}
		rest = rest[n:]
	}
	if len(t.open) > 0 {
		return errors.New("end pattern with unmatched parenthesis")
	}
	return nil
}

// item rewrites what rest starts with and returns its length.
func (t *translator) item(rest string) (int, error) {
	if strings.IndexByte("*+?}", rest[0]) < 0 {
		t.atom = t.out.Len()
	}
	switch {
	case rest[0] == '\\':
		return t.escape(rest, false)
	case rest[0] == '[':
		return t.class(rest)
	case len(rest) > 1 && strings.IndexByte("*+?", rest[0]) >= 0 && rest[1] == '+':
		text := t.out.String()
		t.out.Reset()
		t.out.WriteString(text[:t.atom] + "(?>" + text[t.atom:] + rest[:1] + ")")
		return 2, nil
	case strings.HasPrefix(rest, "{,"):
		t.out.WriteString("{0,")
		return 2, nil
	case strings.HasPrefix(rest, "(?~") || strings.HasPrefix(rest, "(?("):
		return 0, unsupported(rest[:3] + "…)")
	case rest[0] == '(':
		t.open = append(t.open, t.out.Len())
		t.named = t.named || strings.HasPrefix(rest, "(?<") && len(rest) > 3 && rest[3] != '=' && rest[3] != '!'
	case rest[0] == ')' && len(t.open) > 0:
		t.atom = t.open[len(t.open)-1]
		t.open = t.open[:len(t.open)-1]
	}
	t.out.WriteByte(rest[0])
	return 1, nil
}

func (t *translator) escape(rest string, inClass bool) (int, error) {
	if len(rest) < 2 {
		return 0, errors.New("too short escape sequence")
	}
	c := rest[1]
	set, known := classes[c|0x20]
	switch negated := c < 'a'; {
	case known && inClass && !negated:
		t.out.WriteString(set)
	case known && !inClass && negated:
		t.out.WriteString("[^" + set + "]")
	case known && !inClass:
		t.out.WriteString("[" + set + "]")
	case known || strings.IndexByte("GKRXgyYN", c) >= 0 || strings.HasPrefix(rest, `\u{`):
		return 0, unsupported(rest[:2])
	default:
		t.out.WriteString(rest[:2])
	}
	return 2, nil
}

// class rewrites a bracket expression.
func (t *translator) class(rest string) (int, error) {
	i := len("[")
	if strings.HasPrefix(rest, "[^") {
		i++
	}
	t.out.WriteString(rest[:i])
	for first := i; i < len(rest); {
		n := 1
		switch in := rest[i:]; {
		case in[0] == ']' && i > first:
			t.out.WriteByte(']')
			return i + 1, nil
		case strings.HasPrefix(in, "[:"):
			name, _, _ := strings.Cut(in[2:], ":]")
			if posix[name] == "" {
				return 0, unsupported("[:" + name + ":]")
			}
			t.out.WriteString(posix[name])
			n = len("[::]") + len(name)
		case in[0] == '[' || strings.HasPrefix(in, "&&"):
			return 0, unsupported("of character classes in each other")
		case in[0] == '\\':
			var err error
			if n, err = t.escape(in, true); err != nil {
				return 0, err
			}
		default:
			t.out.WriteByte(in[0])
		}
		i += n
	}
	return 0, errors.New("premature end of char-class")
}
