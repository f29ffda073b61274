// Package onigmo runs Ruby's regular expressions (the Onigmo dialect, on UTF-8
// text) by translating them for regexp2.
//
// Covered are the syntax of Ruby's manual with character classes (also nested
// ones and intersections), POSIX brackets, properties, groups, look-around,
// back references, atomic groups, possessive quantifiers, inline options and the
// extended form. Not covered, and refused with an error, are subexpression calls
// (\g<name>), \K, absent operators and conditionals on groups.
package onigmo

import (
	"fmt"
	"time"

	"github.com/dlclark/regexp2"
)

// Flags are the options behind a Ruby regexp.
type Flags uint

// The flags: i, x and m (in Ruby, m lets the dot match line breaks).
const (
	IgnoreCase Flags = 1 << iota
	Extended
	DotAll
)

// MatchTimeout ends a match that backtracks without end.
const MatchTimeout = time.Second

// UnsupportedError is returned for syntax that Ruby knows and this package does
// not.
type UnsupportedError struct {
	Pattern string
	Feature string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("regular expression /%s/: %s is not supported", e.Pattern, e.Feature)
}

// Compile translates and compiles a pattern (without its slashes). The error is
// an *UnsupportedError, or says what is wrong with the pattern.
func Compile(pattern string, flags Flags) (*regexp2.Regexp, error) {
	translated, err := Translate(pattern, flags)
	if err != nil {
		return nil, err
	}
	options := regexp2.RegexOptions(regexp2.Multiline)
	if flags&IgnoreCase != 0 {
		options |= regexp2.IgnoreCase
	}
	if flags&DotAll != 0 {
		options |= regexp2.Singleline
	}
	re, err := regexp2.Compile(translated, options)
	if err != nil {
		return nil, fmt.Errorf("regular expression /%s/: %w", pattern, err)
	}
	re.MatchTimeout = MatchTimeout
	return re, nil
}
