package backend

import (
	"errors"
	"regexp"
	"slices"
	"strings"
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
