package onigmo

import "strconv"

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isAlnum(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// hexDigit is the value of a hexadecimal digit.
func hexDigit(c byte) (rune, bool) {
	n, err := strconv.ParseUint(string(rune(c)), 16, 8)
	return rune(n), err == nil
}
