package backend

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// The errors that a caller may tell apart with [errors.Is]. Each backend maps its
// engine's status codes and texts to them in exactly one function.
var (
	// ErrNotFound: no such container, image, network or path.
	ErrNotFound = errors.New("not found")
	// ErrConflict: a name is taken, or a thing is in use.
	ErrConflict = errors.New("conflict")
	// ErrUnauthorized: the registry refused, or wants other credentials.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrUnreachable: the engine or the registry does not answer.
	ErrUnreachable = errors.New("unreachable")
	// ErrBusy: the registry cannot answer a pull for now, or broke it off, and the engine has not asked it again.
	ErrBusy = errors.New("the registry cannot answer for now")
	// ErrPermission: the socket exists and may not be opened.
	ErrPermission = errors.New("permission denied")
	// ErrNotRunning: the container must run for this.
	ErrNotRunning = errors.New("container is not running")
	// ErrInvalid: the engine refuses a value.
	ErrInvalid = errors.New("invalid")
	// ErrUnsupported: the engine cannot do this; see [Unsupported].
	ErrUnsupported = errors.New("unsupported")
	// ErrWrongPlatform: the image is not there for the platform asked for.
	ErrWrongPlatform = errors.New("wrong platform")
	// ErrNoSpace: the engine's disk is full.
	ErrNoSpace = errors.New("no space left")
	// ErrPortTaken: a port to publish is in use on the engine's host.
	ErrPortTaken = errors.New("port is taken")
	// ErrMountSource: the engine does not see the source of a bind: it is on
	// another host, or in a virtual machine that does not share the directory.
	ErrMountSource = errors.New("the engine does not see the directory")
	// ErrBuildFailed: a step of an image build failed.
	ErrBuildFailed = errors.New("build failed")
)

// Error is a failed operation of an engine.
type Error struct {
	// Op is what was tried, in words: "create container web".
	Op string
	// Kind is one of the sentinels, or nil when the failure is of no known kind.
	Kind error
	// Detail is what the engine said.
	Detail string
	// Remedy is what the user can do, or empty.
	Remedy string
	// Err is the underlying error, or nil.
	Err error
}

// Error tells what was tried, what the engine said and what can be done.
func (e *Error) Error() string {
	msg := e.Detail
	switch {
	case msg != "":
	case e.Kind != nil:
		msg = e.Kind.Error()
	case e.Err != nil:
		msg = e.Err.Error()
	}
	said := slices.DeleteFunc([]string{e.Op, msg}, func(part string) bool { return part == "" })
	msg = ShortIDs(strings.Join(said, ": "))
	if e.Remedy != "" {
		msg += "\n" + e.Remedy
	}
	return msg
}

// longID is an engine's identifier, with the sign before it that tells a digest which a
// person wrote behind an image's name.
var longID = regexp.MustCompile(`(@sha256:)?\b[0-9a-f]{64}\b`)

// ShortIDs cuts the 64 digits of an engine's identifiers to the 12 that engines show.
func ShortIDs(text string) string {
	return longID.ReplaceAllStringFunc(text, func(id string) string {
		if strings.HasPrefix(id, "@") {
			return id
		}
		return id[:12]
	})
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	var errs []error
	if e.Kind != nil {
		errs = append(errs, e.Kind)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// Unsupported is the error for what an engine cannot do: its name and version, what was asked in the user's words
// ("userns: keep-id"), and what the user can do instead. It is returned before anything is created.
func Unsupported(engine, feature, remedy string) error {
	return &Error{Kind: ErrUnsupported, Detail: engine + " cannot do " + feature, Remedy: remedy}
}

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
		{`^exec ([^ :]+): exec format error`,
			"$1 is no program for this platform, or a script without a first line that names its interpreter"},
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
