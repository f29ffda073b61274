package kitchen

import (
	"errors"
	"fmt"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// Severity tells if a diagnostic stops galley.
type Severity string

// The severities.
const (
	// SeverityWarning is for what is probably not meant; galley goes on.
	SeverityWarning Severity = "warning"
	// SeverityError is for what must be mended before anything is created.
	SeverityError Severity = "error"
)

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

// addYAML turns what yaml11.Parse returned into diagnostics. note is a further hint, or "".
func (ds *Diagnostics) addYAML(warnings []yaml11.Problem, err error, note string) {
	var errs yaml11.Errors
	errors.As(err, &errs)
	for i, p := range append(warnings, errs...) {
		d := Diagnostic{Severity: SeverityWarning, Pos: p.Pos, Key: p.Key, Msg: p.Msg, Hint: p.Hint, Excerpt: p.Excerpt}
		if i >= len(warnings) {
			d.Severity = SeverityError
		}
		if d.Hint != "" && note != "" {
			d.Hint += "; "
		}
		d.Hint += note
		ds.Add(d)
	}
}

// HasErrors reports whether anything is of SeverityError.
func (ds *Diagnostics) HasErrors() bool { return ds.count[SeverityError] > 0 }
