package engine

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"
)

// LocalError is a failure of what the caller gave to be read or written: a file of the project, a pipe, a disk of this
// machine. It says nothing about the engine, whatever its words are.
type LocalError struct{ Err error }

// Error is the failure.
func (e *LocalError) Error() string { return e.Err.Error() }

// Unwrap gives the failure.
func (e *LocalError) Unwrap() error { return e.Err }

// LocalReader reads what is sent to an engine, and remembers why it could not. It hides
// what else the reader can do: net/http would close it.
type LocalReader struct {
	r   io.Reader
	mu  sync.Mutex
	err error
}

// NewLocalReader returns a reader of r; nil reads nothing.
func NewLocalReader(r io.Reader) *LocalReader { return &LocalReader{r: r} }

// Read reads on.
func (l *LocalReader) Read(p []byte) (int, error) {
	if l.r == nil {
		return 0, io.EOF
	}
	n, err := l.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = &LocalError{err}
		l.mu.Lock()
		l.err = err
		l.mu.Unlock()
	}
	return n, err
}

// Failure is why the reader could not be read, which counts whatever the engine answered to what it got; or else err.
func (l *LocalReader) Failure(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	return err
}

// LocalWriter marks the failures of a writer as the caller's own. A nil one throws everything away.
func LocalWriter(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return localWriter{w}
}

type localWriter struct{ w io.Writer }

// Write writes.
func (l localWriter) Write(p []byte) (int, error) {
	n, err := l.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		err = &LocalError{err}
	}
	return n, err
}

// BrokenError is a failure of the transport: a connection that was made and did not last. It has no words of its own.
type BrokenError struct{ Err error }

// Error is the failure.
func (e *BrokenError) Error() string { return e.Err.Error() }

// Unwrap gives the failure.
func (e *BrokenError) Unwrap() error { return e.Err }

// IsBroken reports whether a connection broke. What a path of this machine has to do with
// is none of it, though the system's errors look alike.
func IsBroken(err error) bool {
	var broken *BrokenError
	if errors.As(err, &broken) {
		return true
	}
	var path *fs.PathError
	var link *os.LinkError
	if errors.As(err, &path) || errors.As(err, &link) {
		return false
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// IsGarbage reports whether an answer was not what an engine says.
func IsGarbage(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind) || errors.Is(err, errLong)
}
