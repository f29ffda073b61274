package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
)

// StatusError is what an engine said went wrong.
type StatusError struct {
	// Status is that of the HTTP answer, or 0 for a failure that was told inside a stream which had begun with status
	// 200.
	Status int
	// Message is what the engine said.
	Message string
	// Code and Output are the exit code and the output of the step of a build that failed, as far as they were told.
	Code   int
	Output string
	// Begun reports whether bytes of a pull had arrived, and Retried whether the engine told that it tries again.
	Begun, Retried bool
}

// Error is what the engine said.
func (e *StatusError) Error() string { return e.Message }

// maxErrorBody bounds how much of an error's body is read.
const maxErrorBody = 1 << 20

// ReadStatusError reads the words of an answer that is an error, which both engines send as JSON. It returns a
// *StatusError, with what has come of words that break off, since the status tells the most; what a context or a time
// limit ended is that error.
func ReadStatusError(resp *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	var slow *SlowError
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &slow) {
		return fmt.Errorf("read the engine's answer (%s): %w", resp.Status, err)
	}
	var answer struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &answer) != nil || answer.Message == "" {
		rest := strings.TrimPrefix(string(text), `{"message":"`) // of JSON that broke off
		answer.Message = cmp.Or(strings.TrimSpace(rest), resp.Status)
	}
	return &StatusError{Status: resp.StatusCode, Message: answer.Message}
}

// maxWords bounds how much of what an engine says is shown: a registry may have said it.
const maxWords = 16 << 10

// begin is a message without blanks around it, cut off where it is too long to be read: between two words, since half a
// secret would not be masked.
func begin(message string) string {
	message = strings.TrimSpace(message)
	if len(message) <= maxWords {
		return message
	}
	end := max(strings.LastIndexAny(message[:maxWords], " \t\n"), 0)
	return fmt.Sprintf("%s ... (%d more bytes)", message[:end], len(message)-end)
}

// Rule says what some texts in an engine's answer mean.
type Rule struct {
	Kind   error
	Remedy string
	// Texts are in lower case.
	Texts []string
}

// Means makes a rule.
func Means(kind error, remedy string, texts ...string) Rule { return Rule{kind, remedy, texts} }

// Words are how an engine says what went wrong. The texts that are the registries', the
// kernel's or the same on all engines are known without them.
type Words struct {
	// Program is the engine's own client, for remedies: "docker".
	Program string
	// Restart is the command that starts the engine anew.
	Restart string
	// Rules are tried in their order, since a status alone is no guide: engines answer 500 to most.
	Rules []Rule
	// Last are texts so general that a telling status comes first.
	Last []Rule
}

// The remedies that several texts share, on several engines.
const (
	RemedyPort  = "Choose another host port, or leave it out to get a free one."
	RemedyLogin = "Log in to the registry with docker login or podman login, " +
		"and check the image's name and that you may read it."
	RemedyNet = "Check that the engine's host reaches the registry, and its proxy settings."
	// RemedyArchive is for what an engine cannot load.
	RemedyArchive = "Give it a whole archive of one image, as docker save and podman save write it."
	remedyBusy    = "Try again later. A registry that counts pulls allows more with a login, and a mirror more than that."
	remedyPull    = "Check the image's name and tag."
	remedyUser    = "Name a user or group that the image has, or a number."
)

// All returns the rules that come before a status, in the order in which they are tried.
func (w Words) All() []Rule {
	space := "Free some on the engine's host: " + w.Program + " system prune"
	return append([]Rule{
		Means(backend.ErrNoSpace, space, "no space left on device", "disk quota exceeded"),
		Means(backend.ErrPortTaken, RemedyPort, "port is already allocated", "address already in use"),
		Means(backend.ErrWrongPlatform,
			"Install qemu-user-static on the engine's host, or choose its own platform.", "exec format error"),

		Means(backend.ErrNotFound, remedyPull, "manifest unknown", "name unknown", "repository name not known"),
		Means(backend.ErrUnauthorized, RemedyLogin, "no basic auth credentials", "access to the resource is denied",
			"unauthorized", "authentication required"),
		Means(backend.ErrUnreachable, RemedyNet, "no such host", "i/o timeout", "tls handshake timeout"),

		Means(backend.ErrInvalid, remedyPull, "invalid reference format"),
		Means(backend.ErrNotFound, "", "no such image", "no such container", "no such network"),
		Means(backend.ErrNotRunning, "Let it go on with "+w.Program+" unpause.", "is paused"),
		Means(backend.ErrInvalid, remedyUser, "no matching entries in passwd file",
			"no matching entries in group file"),
	}, w.Rules...)
}

// Classify finds which of the interface's errors an answer is, and what can be done. It is
// the only place that reads an engine's texts. A status of 0 is that of an answer inside a
// stream. The kind is nil where neither text nor status tell.
func (w Words) Classify(status int, message string) (remedy string, kind error) {
	text := strings.ToLower(message)
	said := func(r Rule) bool {
		return slices.ContainsFunc(r.Texts, func(one string) bool { return strings.Contains(text, one) })
	}
	rules := w.All()
	if i := slices.IndexFunc(rules, said); i >= 0 {
		return rules[i].Remedy, rules[i].Kind
	}
	switch status {
	case http.StatusBadRequest, http.StatusForbidden:
		return "", backend.ErrInvalid
	case http.StatusUnauthorized:
		return RemedyLogin, backend.ErrUnauthorized
	case http.StatusNotFound:
		return "", backend.ErrNotFound
	case http.StatusConflict:
		return "", backend.ErrConflict
	case http.StatusNotImplemented:
		return "", backend.ErrUnsupported
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return "", backend.ErrUnreachable
	}
	if i := slices.IndexFunc(w.Last, said); i >= 0 {
		return w.Last[i].Remedy, w.Last[i].Kind
	}
	return "", nil
}

// Wrap says what was tried when an error came, and turns the engine's answers into the errors of the interface. An
// error of the interface stays what it is, and so does a failure of this machine's: its words are not the engine's.
func (w Words) Wrap(op string, err error) error {
	op = backend.ShortIDs(op)
	var known *backend.Error
	var local *LocalError
	var slow *SlowError
	var status *StatusError
	var broken *BrokenError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &local):
		return fmt.Errorf("%s: %w", op, local)
	case errors.As(err, &known):
		return fmt.Errorf("%s: %w", op, known)
	case errors.As(err, &slow):
		return &backend.Error{Op: op, Kind: backend.ErrUnreachable, Detail: slow.Error(), Err: err,
			Remedy: "Look whether the engine hangs: " + w.Program + " info. If it does, restart it: " + w.Restart}
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", op, context.Canceled)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", op, context.DeadlineExceeded)
	case errors.As(err, &status):
		e := &backend.Error{Op: op, Detail: backend.PlainReason(begin(status.Message)), Err: err}
		e.Remedy, e.Kind = w.Classify(status.Status, status.Message)
		return e
	case errors.As(err, &broken):
		return w.broken(op, broken)
	case IsBroken(err):
		return w.broken(op, err)
	case IsGarbage(err):
		return &backend.Error{Op: op, Detail: "the engine's answer makes no sense: " + err.Error(), Err: err,
			Remedy: "Look what answers at the engine's address: " + w.Program + " version"}
	}
	return fmt.Errorf("%s: %w", op, err)
}

// broken is the error of a connection that was made and did not last.
func (w Words) broken(op string, err error) error {
	e := &backend.Error{Op: op, Kind: backend.ErrUnreachable, Detail: "the connection to the engine broke: " + err.Error(),
		Remedy: "Look whether the engine still runs: " + w.Program + " info", Err: err}
	if strings.Contains(err.Error(), "remote error: tls: ") {
		e.Detail = "the engine refuses this client: " + err.Error()
		e.Remedy = "Put a certificate that the engine trusts, with its key, where DOCKER_CERT_PATH points."
	}
	return e
}

// Says reports whether the engine said one of these texts.
func Says(err error, texts ...string) bool {
	var status *StatusError
	if !errors.As(err, &status) {
		return false
	}
	said := strings.ToLower(status.Message)
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(said, text) })
}

// UnlessGone is the error of a removal, for which what is not there is done.
func UnlessGone(err error) error {
	if errors.Is(err, backend.ErrNotFound) {
		return nil
	}
	return err
}

// busy are what engines say of a registry that cannot answer for now: it has too many requests or an error of its own,
// or the connection to it broke.
func busy() []string {
	return []string{"toomanyrequests", "too many requests", "http 429 response", "unexpected http status: 5",
		"invalid status code from registry 5", "connection reset by peer", ": eof", "unexpected eof",
		// with images in containerd, as Docker 29 has them
		": 500 internal server error", ": 502 bad gateway", ": 503 service unavailable", ": 504 gateway timeout"}
}

// PullError makes a wrapped error of a pull [backend.ErrBusy] when the same may succeed later, unless the engine asked
// again by itself, as retried or the pull's stream says. A registry that refuses a connection before any byte arrived
// is down. What is not there has a remedy, also where the status alone says so.
func PullError(err error, retried bool) error {
	var status *StatusError
	var e *backend.Error
	if errors.As(err, &e) && errors.Is(e, backend.ErrNotFound) {
		e.Remedy = cmp.Or(e.Remedy, remedyPull)
	}
	if !errors.As(err, &e) || !errors.As(err, &status) || e.Kind != nil && !errors.Is(e, backend.ErrUnreachable) {
		return err
	}
	switch again := Says(err, busy()...) || status.Message == "EOF"; {
	case !again && !(status.Begun && errors.Is(e, backend.ErrUnreachable)):
	case retried || status.Retried:
		e.Kind, e.Remedy = backend.ErrUnreachable, cmp.Or(e.Remedy, remedyBusy)
	default:
		e.Kind, e.Remedy = backend.ErrBusy, cmp.Or(e.Remedy, remedyBusy)
	}
	return err
}

// BuildError is Wrap for a build, and tells a step that failed, with what it printed, or a Dockerfile that cannot be
// read, from a build that failed for want of something else. The words of a command that ran, which may be any, do not
// count.
func (w Words) BuildError(op string, err error, commandRan func(*StatusError) bool) error {
	wrapped := w.Wrap(op, err)
	var stream *StatusError
	inStep := errors.As(err, &stream) && stream.Status == 0
	if !inStep || !commandRan(stream) {
		for _, kind := range []error{
			backend.ErrUnauthorized, backend.ErrUnreachable, backend.ErrNoSpace, backend.ErrWrongPlatform, backend.ErrConflict,
			backend.ErrUnsupported,
		} {
			if errors.Is(wrapped, kind) {
				return wrapped
			}
		}
	}
	var e *backend.Error
	switch {
	case inStep:
		return &backend.Error{Op: op, Kind: backend.ErrBuildFailed, Err: stream,
			Detail: strings.TrimSpace(begin(stream.Message) + "\n" + strings.TrimSpace(stream.Output))}
	case errors.Is(wrapped, backend.ErrInvalid) && errors.As(wrapped, &e):
		return &backend.Error{Op: op, Kind: backend.ErrBuildFailed, Detail: e.Detail, Err: e}
	}
	return wrapped
}

// Ended is the context's error where that is what ended a call, and else err.
func Ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
