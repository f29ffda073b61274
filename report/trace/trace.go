// Package trace writes what took how long in a run, down to the single call to an engine: as lines of JSON, for
// Perfetto and Chrome, and for OpenTelemetry.
package trace

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/files"
)

// span is something that took time, and what it was a part of.
type span struct {
	// ID is unique within a trace, from 1 on; Parent is 0 for the process.
	ID     uint64 `json:"id"`
	Parent uint64 `json:"parent"`
	// Kind is process, run, instance, phase, step, engine, command or wait.
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Instance string `json:"instance,omitempty"`
	Detail   string `json:"detail,omitempty"`
	// Time is when it began.
	Time     time.Time     `json:"time"`
	Duration time.Duration `json:"duration_ns"`
	Error    string        `json:"error,omitempty"`
}

// writer takes spans as they end; those that others are a part of end after them.
type writer interface {
	write(span) error
	close() error
}

// Sink makes spans of events and hands them to a writer. Spans outside of a run have events of their own too. It is
// called by one goroutine at a time.
type Sink struct {
	w         writer
	last      uint64
	process   span
	run       *span
	instances map[string]*open
	now       time.Time
	err       error
}

// open are the spans of an instance that have not ended.
type open struct {
	instance, phase *span
	steps           map[lifecycle.Step]*span
}

// OpenFile writes a trace to a file, which is made anew: FILE.ndjson with a span on each line, as they end, or
// FILE.json for Perfetto and Chrome, when all has ended. command is what the process does.
func OpenFile(file, command string) (*Sink, error) {
	extension := filepath.Ext(file)
	if extension != ".ndjson" && extension != ".json" {
		return nil, fmt.Errorf("trace %s: name it FILE.json, for Perfetto and Chrome, or FILE.ndjson", file)
	}
	f, err := files.Open(file, "", true)
	if err != nil {
		return nil, err
	}
	if extension == ".json" {
		return newSink(&chrome{w: f}, command), nil
	}
	return newSink(&ndjson{w: f}, command), nil
}

func newSink(w writer, command string) *Sink {
	s := &Sink{w: w, instances: map[string]*open{}, now: time.Now()}
	s.process = *s.begin(0, "process", "galley "+command, "", s.now)
	return s
}

// begin makes a span that is told when it has ended.
func (s *Sink) begin(parent uint64, kind, name, instance string, at time.Time) *span {
	s.last++
	return &span{ID: s.last, Parent: parent, Kind: kind, Name: name, Instance: instance, Time: at}
}

// end tells a span, if it had begun.
func (s *Sink) end(p *span, at time.Time, failed string) {
	if p == nil {
		return
	}
	p.Duration, p.Error = max(at.Sub(p.Time), 0), failed
	if s.err == nil { // after an error nothing more is written
		s.err = s.w.write(*p)
	}
}

// Handle takes in an event.
func (s *Sink) Handle(e lifecycle.Event) {
	at := e.At()
	s.now = at.Time
	switch e := e.(type) {
	case lifecycle.RunStarted:
		s.run = s.begin(s.process.ID, "run", e.Action, "", at.Time)
	case lifecycle.RunFinished:
		s.endRun("")
	case lifecycle.InstanceStarted:
		s.instances[at.Instance] = &open{steps: map[lifecycle.Step]*span{},
			instance: s.begin(s.above("").ID, "instance", at.Instance, at.Instance, at.Time)}
	case lifecycle.SpanFinished:
		// It is told of when it has ended.
		p := s.begin(s.above(e.Instance).ID, string(e.Kind), e.Name, e.Instance, e.Started)
		p.Detail = e.Detail
		s.end(p, e.Started.Add(e.Duration), e.Error)
	default:
		if o := s.instances[at.Instance]; o != nil {
			s.within(o, e)
		}
	}
}

// above is the span that what happens now is a part of.
func (s *Sink) above(instance string) *span {
	o := s.instances[instance]
	switch {
	case o == nil && s.run == nil:
		return &s.process
	case o == nil:
		return s.run
	case o.phase == nil:
		return o.instance
	case len(o.steps) == 1: // which of several, nothing tells
		for _, step := range o.steps {
			return step
		}
	}
	return o.phase
}

// within takes in an event of an instance that was begun.
func (s *Sink) within(o *open, e lifecycle.Event) {
	at := e.At()
	switch e := e.(type) {
	case lifecycle.PhaseStarted:
		o.phase = s.begin(o.instance.ID, "phase", strings.TrimSuffix(string(e.Phase)+" "+e.Of, " "), at.Instance, at.Time)
	case lifecycle.PhaseFinished:
		s.end(o.phase, at.Time, e.Error)
		o.phase = nil
	case lifecycle.StepStarted:
		parent := o.instance
		if o.phase != nil {
			parent = o.phase
		}
		o.steps[e.Step] = s.begin(parent.ID, "step", string(e.Step), at.Instance, at.Time)
	case lifecycle.StepFinished:
		s.end(o.steps[e.Step], at.Time, e.Error)
		delete(o.steps, e.Step)
	case lifecycle.InstanceFinished:
		s.end(o.instance, at.Time, e.Error)
		delete(s.instances, at.Instance)
	}
}

// endRun ends the run, and what is left open in it.
func (s *Sink) endRun(failed string) {
	for name, o := range s.instances {
		for _, step := range o.steps {
			s.end(step, s.now, failed)
		}
		s.end(o.phase, s.now, failed)
		s.end(o.instance, s.now, failed)
		delete(s.instances, name)
	}
	s.end(s.run, s.now, failed)
	s.run = nil
}

// Close ends the process's span and the writer, and returns the first error.
func (s *Sink) Close() error {
	s.endRun("cut off")
	if now := time.Now(); now.After(s.now) {
		s.now = now
	}
	s.end(&s.process, s.now, "")
	return errors.Join(s.err, s.w.close())
}
