package backend

import (
	"regexp"
	"strings"
	"sync"
)

// reason is how a runtime says that a program cannot be started, and the same in words.
type reason struct {
	text  *regexp.Regexp
	words string
}

// reasons are the texts of runc 1.0 to 1.2 and crun 1.5 to 1.21, the more telling first.
var reasons = sync.OnceValue(func() []reason {
	var list []reason
	for _, r := range [][2]string{
		{`exec: "([^"]*)": executable file not found in \$PATH`, "there is no program $1 in the container's PATH"},
		{"executable file `([^`]*)` not found in \\$PATH", "there is no program $1 in the container's PATH"},
		{`exec: "([^"]*)": (?:stat [^:]*: )?no such file or directory`, "the container has no program $1"},
		{"executable file `([^`]*)` not found", "the container has no program $1"},
		{`exec: "([^"]*)": is a directory`, "$1 is a directory in the container, not a program"},
		{"the path `([^`]*)` is not a regular file", "$1 is a directory in the container, not a program"},
		{`exec: "([^"]*)": permission denied`, "$1 may not be executed by this user"},
		{"the path `([^`]*)` exists but it is not executable", "$1 may not be executed by this user"},
		{`open executable: Permission denied`, "the program may not be executed by this user"},
		{`chdir to cwd \("([^"]*)"\) set in config\.json failed: no such file`,
			"the container has no directory $1 to work in"},
		{"chdir(?: to)? `([^`]*)`: No such file", "the container has no directory $1 to work in"},
		{`^exec ([^ :]+): no such file or directory`, "$1 is there, but its interpreter or a library that it needs is not"},
		{"exec container process \\(missing dynamic library\\?\\) `([^`]*)`: No such file",
			"$1 is there, but its interpreter or a library that it needs is not"},
		{`^exec ([^ :]+): exec format error`, "$1 is no program for this platform, or a script without a first line that names its interpreter"},
		{"exec container process `([^`]*)`: Exec format error",
			"$1 is no program for this platform, or a script without a first line that names its interpreter"},
	} {
		list = append(list, reason{regexp.MustCompile(r[0]), r[1]})
	}
	return list
})

// PlainReason is what a runtime says of a program that it cannot start, in plain words.
// Any other text is returned as it is.
func PlainReason(text string) string {
	for _, r := range reasons() {
		if m := r.text.FindStringSubmatchIndex(text); m != nil {
			return string(r.text.ExpandString(nil, strings.ReplaceAll(r.words, "$1", "${1}"), text, m))
		}
	}
	return text
}
