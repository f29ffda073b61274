package erb

import (
	"fmt"
	"strings"
)

// Error says why a template could not be rendered: where it went wrong, at what, and the way out.
type Error struct {
	// File is the template's name as given to Render.
	File string
	// Line and Col are the place in the template, from 1; 0 when unknown.
	Line, Col int
	// Construct is the piece of Ruby that failed, or the name of the method,
	// constant or syntax that is outside the subset.
	Construct string
	// Class is the Ruby exception class (KeyError, SyntaxError …); empty when the failure is not Ruby's.
	Class string
	// Msg is what happened.
	Msg string
	// Hint is the way out; may be empty.
	Hint string
	// Unsupported is true when the template uses Ruby that galley does not
	// evaluate itself, so that a real ruby might succeed.
	Unsupported bool
	// Err is the underlying error, such as the context's.
	Err error
}

// Error renders "file:line:col: class: message (construct); hint".
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", e.Line, e.Col)
		}
		b.WriteString(": ")
	}
	b.WriteString("erb: ")
	if e.Class != "" && e.Class != "SyntaxError" {
		b.WriteString(e.Class + ": ")
	}
	b.WriteString(e.Msg)
	if e.Construct != "" && !strings.Contains(e.Msg, e.Construct) {
		b.WriteString(" in `" + e.Construct + "`")
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Unwrap returns the underlying error, if there is one.
func (e *Error) Unwrap() error { return e.Err }

// hintOutside is the way out when a template needs Ruby itself.
const hintOutside = "install ruby and leave `erb: auto` (or set `erb: ruby`) to have it evaluate this file, " +
	"or write the value in a way that docs/erb.md lists"

// outside says that something is left to Ruby.
func outside(construct string) *Error {
	return &Error{
		Construct: construct, Msg: construct + " is not in the subset of Ruby that galley evaluates", Hint: hintOutside,
		Unsupported: true,
	}
}

// Hint is the way out of common exceptions, "" for others.
func Hint(class, msg string) string {
	switch {
	case class == "KeyError" && strings.HasPrefix(msg, "key not found: \""):
		return "set that environment variable, or give ENV.fetch a default as its second argument"
	case class == "NoMethodError" && strings.HasSuffix(msg, "for nil:NilClass"):
		return "the value is nil, perhaps an environment variable that is not set: use `&.`, `.to_s` or `|| 'default'`"
	case class == "NameError" && strings.HasPrefix(msg, "undefined local variable"):
		return "quote it if it is text, or define it in this file (local variables do not survive from file to file)"
	case class == "Errno::ENOENT":
		return "paths are relative to the project directory; test with File.exist? first"
	case class == "SystemExit":
		return "the template asked to stop"
	}
	return ""
}
