package yaml11

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checkText fails at the first byte that no YAML file may contain.
func checkText(file, text string) {
	pos := Pos{File: file, Line: 1, Col: 1}
	switch {
	case strings.HasPrefix(text, "\uFEFF"):
		fail(pos, "the file begins with an invisible character, "+characterName('\uFEFF'),
			"save the file as UTF-8 without a byte order mark: YAML takes what follows it for indented")
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"):
		fail(pos, "the file is UTF-16", "save the file as UTF-8")
	}
	for i, r := range text {
		noUTF8 := r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError))
		control := unicode.IsControl(r) && !strings.ContainsRune("\t\n\r\u0085", r) || r == 0xFFFE || r == 0xFFFF
		if !noUTF8 && !control {
			continue
		}
		before := splitLines(text[:i], -1)
		pos.Line, pos.Col = len(before), utf8.RuneCountInString(before[len(before)-1])+1
		if noUTF8 {
			fail(pos, "a byte that is not UTF-8 was found", "save the file as UTF-8")
		}
		fail(pos, fmt.Sprintf("a control character, U+%04X, was found", r),
			`remove it, or write it in double quotes as an escape such as "\x07"`)
	}
}

// splitLines cuts a text into lines, all of them with -1, else at most so many with the rest in the last. YAML 1.1
// counts NEL, LS and PS as breaks too.
func splitLines(text string, most int) []string {
	var lines []string
	for len(lines) != most-1 {
		end := strings.IndexAny(text, "\r\n\u0085\u2028\u2029")
		if end < 0 {
			break
		}
		_, size := utf8.DecodeRuneInString(text[end:])
		if strings.HasPrefix(text[end:], "\r\n") {
			size = 2
		}
		lines, text = append(lines, text[:end]), text[end+size:]
	}
	return append(lines, text)
}

// Invisible returns the first character of s that looks like a blank or like
// nothing and is neither to YAML, and its place among the characters of s, from 0.
func Invisible(s string) (name string, at int, found bool) {
	for _, r := range s {
		if r > '~' && (unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Cf, r)) {
			return characterName(r), at, true
		}
		at++
	}
	return "", 0, false
}

// characterName names an invisible character.
func characterName(r rune) string {
	names := map[rune]string{
		'\u00A0': "no-break space", '\u00AD': "soft hyphen", '\u200B': "zero-width space",
		'\u200C': "zero-width non-joiner", '\u200D': "zero-width joiner", '\u202F': "narrow no-break space",
		'\u2060': "word joiner", '\u3000': "ideographic space", '\uFEFF': "byte order mark",
	}
	if name, ok := names[r]; ok {
		return fmt.Sprintf("U+%04X (%s)", r, name)
	}
	return fmt.Sprintf("U+%04X", r)
}

// The parser follows an older YAML than libyaml 0.2.5, over which Psych is built. What it would refuse is written with
// characters of the private use area, one for one so that columns stay, and put back in the values.
const (
	hiddenQuestion  = '\uE0F2' // `?` inside of a word, which may stand in [] and {}
	hiddenBackslash = '\uE0F3' // that of `\/` in double quotes
)

// forParser is the first document of src, for the parser, and whether anything in it is hidden.
func forParser(src []byte) (text []byte, hidden bool) {
	src = firstDocument(src)
	if bytes.ContainsAny(src, string(hiddenQuestion)+string(hiddenBackslash)) ||
		!bytes.Contains(src, []byte("?")) && !bytes.Contains(src, []byte(`\/`)) {
		return src, false
	}
	out := make([]byte, 0, len(src)+64)
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case c == '\\' && i+1 < len(src) && src[i+1] == '/':
			out = utf8.AppendRune(out, hiddenBackslash)
		case c == '\\' && i+1 < len(src) && src[i+1] == '\\':
			out = append(out, c, c)
			i++
		case c == '?' && i > 0 && bytes.IndexByte([]byte(" \t\r\n[]{},"), src[i-1]) < 0:
			out = utf8.AppendRune(out, hiddenQuestion)
		default:
			out = append(out, c)
		}
	}
	return out, true
}

// restored is the text of a scalar as the source has it.
func restored(s string, doubleQuoted bool) string {
	backslash := `\`
	if doubleQuoted {
		backslash = ""
	}
	return strings.NewReplacer(string(hiddenQuestion), "?", string(hiddenBackslash), backslash).Replace(s)
}

// firstDocument is src up to the end of the first document, for Psych does not see
// what is behind it, with a version of YAML that the parser takes.
func firstDocument(src []byte) []byte {
	started := false
	for at := 0; at < len(src); {
		line := src[at:]
		n := len(line)
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			n = i + 1
		}
		line = bytes.TrimRight(line[:n], " \t\r\n")
		switch {
		case !started && bytes.Equal(line, []byte("%YAML 1.2")):
			src = slices.Concat(src[:at], []byte("%YAML 1.1"), src[at+len(line):])
		case isMarker(line, "---") && !started:
			started = true
		case isMarker(line, "---") || started && isMarker(line, "..."):
			return src[:at]
		case len(line) > 0 && line[0] != '#' && line[0] != '%':
			started = true
		}
		at += n
	}
	return src
}

// isMarker reports whether a line is a document marker.
func isMarker(line []byte, marker string) bool {
	return bytes.HasPrefix(line, []byte(marker)) && (len(line) == 3 || line[3] == ' ' || line[3] == '\t')
}
