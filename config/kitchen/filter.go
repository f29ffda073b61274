package kitchen

import (
	"fmt"

	"github.com/dlclark/regexp2"

	"github.com/galley-kitchen/galley/config/rubyre"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// Filter is an entry of a suite's includes or excludes: a platform's exact name,
// or a regular expression written as /re/ with the flags i and x.
type Filter struct {
	text string
	re   *regexp2.Regexp
	pos  yaml11.Pos
}

// regexpForm matches texts that are regular expressions.
var regexpForm = lazyregexp.New(`(?m)^/(.*)/([ix]*)$`)

// filters reads includes or excludes: a text, or a list of texts.
func (m *munger) filters(sec *section, key string) []Filter {
	v := sec.m.Get(key)
	if v == nil || v.Kind == yaml11.Null {
		return nil
	}
	items := []*yaml11.Value{v}
	if v.Kind == yaml11.Seq {
		items = v.Seq
	}
	var out []Filter
	for _, it := range items {
		if f, ok := NewFilter(m.diags, sec.path(key), it); ok {
			out = append(out, f)
		}
	}
	return out
}

// NewFilter reads an entry of a list of filters, which messages call path.
func NewFilter(diags *Diagnostics, path string, v *yaml11.Value) (Filter, bool) {
	if v.Kind != yaml11.String && v.Kind != yaml11.Symbol {
		diags.ErrorAt(v.Pos, path, fmt.Sprintf("%s has %s, expected the name of a platform or /a regular expression/",
			path, aKind(v)),
			"put the name in quotes")
		return Filter{}, false
	}
	f := Filter{text: v.Str, pos: v.Pos}
	form := regexpForm().FindStringSubmatch(v.Str)
	if form == nil {
		if v.Kind == yaml11.Symbol {
			diags.ErrorAt(v.Pos, path, path+" has a symbol, expected a text", "write "+v.Str+" without the colon")
			return Filter{}, false
		}
		return f, true
	}
	re, err := rubyre.Compile(form[1], form[2])
	if err != nil {
		diags.ErrorAt(v.Pos, path, "regular expression: "+err.Error(), "mend the expression, or name the platforms")
		return Filter{}, false
	}
	f.re = re
	return f, true
}

// Match reports whether the filter is for a platform's name. It returns an error when the expression takes too long.
func (f Filter) Match(name string) (bool, error) {
	if f.re == nil {
		return f.text == name, nil
	}
	return f.re.MatchString(name)
}

// runsOn reports whether the suite's filters let the platform pass: includes decide when there are any, else excludes.
func (m *munger) runsOn(s suite, p platform) bool {
	if len(s.includes) > 0 {
		return m.anyMatch(s.includes, p)
	}
	return !m.anyMatch(s.excludes, p)
}

func (m *munger) anyMatch(filters []Filter, p platform) bool {
	for _, f := range filters {
		if f.re == nil && p.name.Kind != yaml11.String {
			continue // a symbol is not a name
		}
		ok, err := f.Match(p.text)
		if err != nil {
			m.diags.ErrorAt(f.pos, "", fmt.Sprintf("the expression %s takes too long: %v", f.text, err), "simplify it")
		}
		if ok {
			return true
		}
	}
	return false
}
