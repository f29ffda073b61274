package engine

import (
	"bytes"
	"io"
	"regexp"
	"strings"

	"github.com/galley-kitchen/galley/backend"
)

// maxReason is longer than any reason that a runtime gives.
const maxReason = 8 << 10

// Refusal is a command's output that may be the runtime's reason for not starting the command:
// engines print that where the output would be. It is held back until the exit code tells.
type Refusal struct {
	pattern   *regexp.Regexp
	own, told io.Writer
	newline   string
	held      bytes.Buffer
	begun     bool
}

// NewRefusal returns a writer of output. own gets what is the command's own; told gets a
// reason, in plain words. pattern is what reasons look like; nil writers throw away.
func NewRefusal(pattern *regexp.Regexp, own, told io.Writer, tty bool) *Refusal {
	r := &Refusal{pattern: pattern, own: LocalWriter(own), told: LocalWriter(told), newline: "\n"}
	if tty {
		r.newline = "\r\n"
	}
	return r
}

// Write holds back output that begins like a reason.
func (r *Refusal) Write(p []byte) (int, error) {
	if !r.begun && r.held.Len()+len(p) <= maxReason && (r.held.Len() > 0 || r.pattern.Match(p)) {
		return r.held.Write(p)
	}
	r.begun = true
	if _, err := r.held.WriteTo(r.own); err != nil {
		return 0, err
	}
	return r.own.Write(p)
}

// End passes on what was held back, and returns the reason, or nothing if it was none: then
// the command ended with code by itself.
func (r *Refusal) End(code int) (reason string, err error) {
	refused := code == CodeCannotRun || code == CodeNotFound
	if r.held.Len() == 0 || !refused || !r.pattern.Match(r.held.Bytes()) {
		_, err = r.held.WriteTo(r.own)
		return "", err
	}
	reason = strings.TrimPrefix(strings.TrimSpace(r.held.String()), "Error: ")
	_, err = io.WriteString(r.told, backend.PlainReason(reason)+r.newline)
	return reason, err
}
