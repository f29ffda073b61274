// Package onigmo compiles Ruby's regular expressions, whose dialect is that of the
// Onigmo library, with the regexp2 package.
//
// In Ruby ^ and $ always match at lines, \w \d \s \h are ASCII, (?m) makes a dot
// match line ends, an option without a group holds to the end of the group around
// it, character classes nest and intersect, quantifiers can be possessive, and
// plain groups do not capture beside named ones.
package onigmo

import (
	"fmt"
	"time"

	"github.com/dlclark/regexp2"
)

// Flags are the options behind a Ruby regular expression, with Ruby's numbers.
type Flags int

// The options i, x and m.
const (
	IgnoreCase Flags = 1
	Extended   Flags = 2
	DotAll     Flags = 4
)

// MatchTimeout is how long one match may take; then matching returns an error.
const MatchTimeout = time.Second

// Regexp is a compiled expression.
type Regexp struct {
	*regexp2.Regexp
	// Names are the named groups, in the order in which they first stand there.
	Names []string
}

// SyntaxError says that Ruby would not take a pattern either.
type SyntaxError struct {
	Pattern string
	// Message is what is wrong, in the words of the Onigmo library where it has some.
	Message string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: /%s/", e.Message, e.Pattern)
}

// UnsupportedError says that Ruby takes a pattern, and this package does not.
type UnsupportedError struct {
	Pattern string
	Feature string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("regexp feature %s is not supported: /%s/", e.Feature, e.Pattern)
}

// Compile compiles a pattern, which stands between slashes in Ruby. It returns a
// *SyntaxError or an *UnsupportedError.
func Compile(pattern string, flags Flags) (*Regexp, error) {
	text, names, err := translate(pattern, flags&Extended != 0)
	if err != nil {
		return nil, err
	}
	options := regexp2.None
	if flags&IgnoreCase != 0 {
		options |= regexp2.IgnoreCase
	}
	if flags&DotAll != 0 {
		options |= regexp2.Singleline
	}
	if len(names) > 0 {
		options |= regexp2.ExplicitCapture
	}
	re, err := regexp2.Compile(text, options)
	if err != nil {
		return nil, &UnsupportedError{Pattern: pattern, Feature: err.Error()}
	}
	re.MatchTimeout = MatchTimeout
	return &Regexp{Regexp: re, Names: names}, nil
}
