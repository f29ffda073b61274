// Package rubyfloat prints numbers as Ruby does. A recipe makes "7.0" of an attribute 7.0, and a template prints
// 1.0e+20: what galley writes for the tools of Ruby's world must read the same.
package rubyfloat

import (
	"math"
	"strconv"
	"strings"
)

// Format prints f with the shortest digits that read back, always with a fraction, and with an exponent outside of 1e-4
// to 1e15.
func Format(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e15) {
		digits, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
		if !strings.Contains(digits, ".") {
			digits += ".0"
		}
		return digits + "e" + exponent
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
