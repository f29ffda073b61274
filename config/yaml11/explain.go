package yaml11

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// failure is what the parser knows of its error. The error itself is a text with a
// line; the rest is in fields that have no accessors.
type failure struct {
	problem, context string
	at, from         Pos // where the problem is, and where what was being read starts
	index            int // the place of the problem as an offset in characters
	// open is where the innermost collection starts that is being read.
	open      Pos
	openIndex int
}

func newFailure(decoder *yaml.Decoder, err error) failure {
	parser := reflect.ValueOf(decoder).Elem().FieldByName("parser").Elem()
	inner := parser.FieldByName("parser")
	f := failure{problem: inner.FieldByName("problem").String(), context: inner.FieldByName("context").String()}
	f.at, f.index = position(inner.FieldByName("problem_mark"))
	f.from, _ = position(inner.FieldByName("context_mark"))
	f.open, f.openIndex = position(inner.FieldByName("context_mark"))
	if marks := inner.FieldByName("marks"); marks.Len() > 0 && !strings.HasPrefix(f.problem, "did not find expected ','") {
		f.open, f.openIndex = position(marks.Index(marks.Len() - 1))
	}
	if f.problem == "" {
		// An alias without anchor: the parser stands at it.
		f.problem = strings.TrimPrefix(err.Error(), "yaml: ")
		f.at, f.index = position(parser.FieldByName("event").FieldByName("start_mark"))
	}
	return f
}

// position reads a mark of the parser, whose lines and columns count from 0.
func position(mark reflect.Value) (Pos, int) {
	number := func(name string) int { return int(mark.FieldByName(name).Int()) }
	return Pos{Line: number("line") + 1, Col: number("column") + 1}, number("index")
}

// explanation says in words what one of the parser's errors means. In its texts {char} is the character at the place
// and {line} the line where what was being read starts.
type explanation struct {
	problem, context string // how the parser's own texts begin
	char             string // the character at the place, or "" for any
	atStart          bool   // look where what was being read starts
	msg, hint        string
}

func explanations() []explanation {
	const tab, noTab = "a tab was found in the indentation, where only blanks may stand", "replace the tab by blanks"
	return []explanation{
		{"did not find expected ',' or ']'", "", "", false,
			"`,` or `]` is expected here", "close the `[` of line {line}, or put the text in quotes"},
		{"did not find expected ',' or '}'", "", "", false,
			"`,` or `}` is expected here", "close the `{` of line {line}, or put the text in quotes"},
		{"did not find expected node content", "", ":", false,
			"a value is expected here", "put text that starts with `:` in quotes"},
		{"did not find expected node content", "", "", false,
			"a value is expected here", "put the text in quotes if it is meant as text"},
		{"did not find expected key", "", "", false,
			"another key of the mapping that starts in line {line} is expected here",
			"indent the line like the keys of the mapping, and check the quotes above"},
		{"did not find expected '-' indicator", "", "", false,
			"another `- ` of the list that starts in line {line} is expected here",
			"indent the line like the items of the list, or deeper if it belongs to the item above"},
		{"mapping values are not allowed", "", "", false,
			"a second `: ` was found where the value of a key is expected",
			"put the value in quotes, or start a new line for the key"},
		{"could not find expected ':'", "", "", true,
			"text was found where a key is expected, and no `:` follows it on this line",
			"write `key: value`, or indent the line if it continues the one above"},
		{"block sequence entries are not allowed", "", "", false,
			"a list item `- ` was found where a list cannot start",
			"start the list on a line of its own, or put the text in quotes"},
		{"mapping keys are not allowed", "", "", false,
			"a key `? ` was found where a key cannot start", "put the text in quotes"},
		{"found unexpected", "while scanning a quoted scalar", "", true,
			"a quoted text starts here and is never closed", "add the closing quote"},
		{"found a tab character", "", "", false, tab, noTab},
		{"found character that cannot start any token", "", "\t", false, tab, noTab},
		{"found character that cannot start any token", "", "", false,
			"no value can start with `{char}`", "put the text in quotes"},
		{"found unknown escape character", "", "", false,
			"an unknown escape was found in double quotes", `write \\ for a backslash, or use single quotes`},
		{"did not find expected hex", "", "", false,
			"an escape with too few hexadecimal digits was found", `\x takes 2 digits, \u 4 and \U 8`},
		{"found invalid Unicode character escape code", "", "", false,
			"an escape names a character that does not exist", `use a code up to \U0010FFFF that is no surrogate`},
		{"found an indentation indicator", "while scanning a block scalar", "", false,
			"an indentation of 0 was found behind `|` or `>`", "write a number from 1 to 9, or none"},
		{"", "while scanning a block scalar", "", false,
			"text was found on the line of `|` or `>`", "start the text on the next line, or put it in quotes"},
		{"", "while scanning an a", "", true,
			"`&` or `*` was found without a name of letters, digits, `-` and `_` behind it",
			"put the text in quotes if no anchor or alias is meant"},
		{"", "while scanning a directive", "", true,
			"a line that starts with `%` is neither `%YAML 1.1` nor `%TAG !name! prefix`",
			"indent the line or put it in quotes if no directive is meant"},
		{"found incompatible YAML document", "", "", false,
			"a %YAML directive of a version other than 1.1 or 1.2 was found", "remove the line"},
		{"found undefined tag handle", "", "", false,
			"the handle of this tag is not known", "define it by a %TAG directive, or put the text in quotes"},
		{"did not find expected <document start>", "", "", false,
			"text was found where `---` is expected",
			"add a line `---` behind directives; indent the line if it continues the one above"},
		{"exceeded max depth", "", "", false, tooDeep, flatten},
	}
}

// The words for data that is nested too deeply.
const tooDeep, flatten = "lists and mappings are nested too deeply", "flatten the data"

// explain says in words what is wrong, and where to look.
func (b *builder) explain(src string, f failure) Problem {
	text := []rune(src + "\n")
	rest := text[min(f.index, len(text)):]
	char := string(rest[:min(1, len(rest))])
	e := Problem{Pos: f.at, Msg: f.problem}
	for _, x := range explanations() {
		if strings.HasPrefix(f.problem, x.problem) && strings.HasPrefix(f.context, x.context) &&
			(x.char == "" || x.char == char) {
			in := strings.NewReplacer("{char}", char, "{line}", strconv.Itoa(f.from.Line))
			e.Msg, e.Hint = in.Replace(x.msg), in.Replace(x.hint)
			if x.atStart {
				e.Pos = f.from
			}
			break
		}
	}
	if name, ok := strings.CutPrefix(f.problem, "unknown anchor '"); ok {
		name, _, _ = strings.Cut(name, "'")
		e.Msg = "the alias *" + name + " refers to an anchor that is not defined above it in this file"
		e.Hint = "define &" + name + " first; put the text in quotes if no alias is meant"
	}
	if closing := map[rune]string{'[': "]", '{': "}"}[text[min(f.openIndex, len(text)-1)]]; closing != "" &&
		strings.TrimSpace(string(rest)) == "" && strings.HasPrefix(f.problem, "did not find expected") {
		e.Pos = f.open
		e.Msg = "`" + string(text[f.openIndex]) + "` starts here and is never closed"
		e.Hint = "add the closing `" + closing + "`"
	}
	e.Pos.File = b.file
	if lines := b.lines(); e.Pos.Line <= len(lines) {
		if name, at, found := Invisible(lines[e.Pos.Line-1]); found {
			e.Hint += fmt.Sprintf("; column %d holds an invisible character, %s", at+1, name)
		}
	}
	return e
}
