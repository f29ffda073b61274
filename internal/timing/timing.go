// Package timing tells what time is spent on. What takes time says so to the recorder of its context, wherever it is.
package timing

import (
	"context"
	"strings"
	"time"
)

// Kind is whose time a span is.
type Kind string

// The kinds of spans.
const (
	// Engine is a call to a container engine.
	Engine Kind = "engine"
	// Command is one that runs in a container or on this machine.
	Command Kind = "command"
	// Wait is for another instance or another galley.
	Wait Kind = "wait"
)

// Span is something that took time.
type Span struct {
	Kind Kind `json:"kind"`
	// Name is what was done, such as "CreateContainer".
	Name string `json:"name"`
	// Detail is what it was done to: an image, a container, a path. It is never a command line.
	Detail   string        `json:"detail,omitempty"`
	Started  time.Time     `json:"started"`
	Duration time.Duration `json:"duration_ns"`
	// Error is the first line of what it failed with.
	Error string `json:"error,omitempty"`
}

// Recorder takes spans when they have ended. It is called from many goroutines at once.
type Recorder func(Span)

type contextKey struct{}

// With returns a context in which spans go to a recorder, in place of the one that ctx has.
func With(ctx context.Context, r Recorder) context.Context {
	return context.WithValue(ctx, contextKey{}, r)
}

// Start begins a span, which ends when the function is called that it returns. Without a recorder in ctx nothing is
// told.
func Start(ctx context.Context, kind Kind, name, detail string) (end func(error)) {
	record, ok := ctx.Value(contextKey{}).(Recorder)
	if !ok {
		return func(error) {}
	}
	started := time.Now()
	return func(err error) {
		s := Span{Kind: kind, Name: name, Detail: detail, Started: started, Duration: time.Since(started)}
		if err != nil {
			s.Error, _, _ = strings.Cut(err.Error(), "\n")
		}
		record(s)
	}
}

// notWaited is how long a wait may take that is none.
const notWaited = time.Millisecond

// Waiting does what others may be at already, and tells how long it took unless that was no time at all. What is
// told of within counts as what it is; only the rest is waiting.
func Waiting[T any](ctx context.Context, name string, do func() (T, error)) (T, error) {
	started := time.Now()
	end := Start(ctx, Wait, name, "")
	v, err := do()
	if time.Since(started) >= notWaited {
		end(err)
	}
	return v, err
}
