package kitchen

import (
	"errors"
	"fmt"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// Severity tells if a diagnostic stops galley.
type Severity int

// The severities.
const (
	// SeverityWarning is for what is probably not meant; galley goes on.
	SeverityWarning Severity = iota
	// SeverityError is for what must be mended before anything is created.
	SeverityError
)

// String returns "warning" or "error".
func (s Severity) String() string {
	if s == SeverityError {
		return "error"
	}
	return "warning"
}

// Diagnostic is one problem of the configuration, with its place.
type Diagnostic struct {
	Severity Severity
	// Pos is the place; it is zero when the problem has none.
	Pos yaml11.Pos
	// Key is the path of the key concerned, such as "driver.volumes", or "".
	Key string
	// Msg says what was found and what was expected.
	Msg string
	// Hint says how to mend it; it may be empty.
	Hint string
	// Excerpt is the source line with a caret, or "". See Config.Annotate.
	Excerpt string
}

// String renders "file:line:col: error: message; hint" and the excerpt below.
func (d Diagnostic) String() string {
	var b strings.Builder
	if !d.Pos.IsZero() {
		b.WriteString(d.Pos.String() + ": ")
	}
	fmt.Fprintf(&b, "%s: %s", d.Severity, d.Msg)
	if d.Hint != "" {
		b.WriteString("; " + d.Hint)
	}
	if d.Excerpt != "" {
		b.WriteString("\n" + d.Excerpt)
	}
	return b.String()
}

// LoadError says why the configuration could not be loaded. It holds every problem that was found, not only the first.
type LoadError struct {
	Diagnostics []Diagnostic
}

// Error renders all errors, one below the other.
func (e *LoadError) Error() string {
	lines := make([]string, len(e.Diagnostics))
	for i, d := range e.Diagnostics {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// maxDiagnostics is how many problems of one severity are kept.
const maxDiagnostics = 100

// Diagnostics collects problems; the same one is kept once, for a mistake in a
// shared block shows in every instance that has it.
type Diagnostics struct {
	List  []Diagnostic
	seen  map[Diagnostic]bool
	count map[Severity]int
}

// Add keeps a problem, up to a limit for each severity.
func (ds *Diagnostics) Add(d Diagnostic) {
	if ds.seen[d] {
		return
	}
	if ds.seen == nil {
		ds.seen, ds.count = map[Diagnostic]bool{}, map[Severity]int{}
	}
	if ds.count[d.Severity]++; ds.count[d.Severity] > maxDiagnostics {
		return
	}
	ds.seen[d] = true
	ds.List = append(ds.List, d)
}

// all returns the problems, and last how many were left out.
func (ds *Diagnostics) all() []Diagnostic {
	for _, s := range []Severity{SeverityWarning, SeverityError} {
		if more := ds.count[s] - maxDiagnostics; more > 0 {
			ds.List = append(ds.List, Diagnostic{Severity: s, Msg: fmt.Sprintf("%d further ones are not shown", more)})
		}
	}
	return ds.List
}

// ErrorAt adds an error.
func (ds *Diagnostics) ErrorAt(pos yaml11.Pos, key, msg, hint string) {
	ds.Add(Diagnostic{Severity: SeverityError, Pos: pos, Key: key, Msg: msg, Hint: hint})
}

// WarnAt adds a warning.
func (ds *Diagnostics) WarnAt(pos yaml11.Pos, key, msg, hint string) {
	ds.Add(Diagnostic{Severity: SeverityWarning, Pos: pos, Key: key, Msg: msg, Hint: hint})
}

// addYAML turns what yaml11.Parse returned into diagnostics.
func (ds *Diagnostics) addYAML(warnings []yaml11.Warning, err error, note string) {
	for _, w := range warnings {
		ds.WarnAt(w.Pos, w.Key, w.Msg, joinHints(w.Hint, note))
	}
	if err == nil {
		return
	}
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, e := range all {
		var bad *yaml11.SyntaxError
		if !errors.As(e, &bad) {
			ds.Add(Diagnostic{Severity: SeverityError, Msg: e.Error()})
			continue
		}
		ds.Add(Diagnostic{Severity: SeverityError, Pos: bad.Pos, Msg: bad.Msg, Hint: joinHints(bad.Hint, note),
			Excerpt: bad.Excerpt})
	}
}

func joinHints(hints ...string) string {
	var parts []string
	for _, h := range hints {
		if h != "" {
			parts = append(parts, h)
		}
	}
	return strings.Join(parts, "; ")
}

// HasErrors reports whether anything is of SeverityError.
func (ds *Diagnostics) HasErrors() bool { return ds.count[SeverityError] > 0 }
