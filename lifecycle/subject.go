package lifecycle

import (
	"io"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// subject is the instance that something is done to in a run. It tells of it by events, and knows what is its own on an
// engine.
type subject struct {
	run  *Run
	inst config.Instance
	// phase is the one under way.
	phase Phase
}

func (s *subject) stamp() Stamp { return s.run.stamp(s.inst.Name) }

func (s *subject) emit(e Event) { s.run.o.Sink.Handle(e) }

func (s *subject) notice(l Level, text string) {
	s.emit(Notice{Stamp: s.stamp(), Level: l, Text: text})
}

// output returns writers whose lines become events, and what hands over the last, unfinished lines.
func (s *subject) output() (stdout, stderr io.Writer, flush func()) {
	phase := s.phase
	writer := func(stream string) *lines.Writer {
		emit := func(partial bool) func(string) error {
			return func(line string) error {
				s.emit(Output{Stamp: s.stamp(), Phase: phase, Stream: stream, Text: line, Partial: partial})
				return nil
			}
		}
		return &lines.Writer{Emit: emit(false), Piece: emit(true)}
	}
	out, errOut := writer("stdout"), writer("stderr")
	return out, errOut, func() { _, _ = out.Flush(), errOut.Flush() } // an event cannot fail
}

func (s *subject) progress(p Progress) {
	p.Stamp = s.stamp()
	s.emit(p)
}

// finished is the last that is told of what took long.
func finished(what string, total int64, err error) Progress {
	p := Progress{What: what, Current: total, Total: total, Done: true}
	if err != nil {
		p.Status, p.Error = "failed", err.Error()
	}
	return p
}

// step does a step of the phase under way, between the events that tell of it. What fails carries the step's name.
func (s *subject) step(name Step, do func() error) error {
	start := s.run.o.Now()
	s.emit(StepStarted{Stamp: s.stamp(), Phase: s.phase, Step: name})
	err := do()
	done := StepFinished{Stamp: s.stamp(), Phase: s.phase, Step: name, Duration: s.run.o.Now().Sub(start)}
	if err != nil {
		done.Error = err.Error()
		err = &stepError{name, err}
	}
	s.emit(done)
	return err
}

// owns reports whether a container is the runner, or a helper, of this instance.
func (s *subject) owns(c backend.Container) bool {
	return c.Labels[label.Project] == s.run.o.Project.ID && c.Labels[label.Instance] == s.inst.Name
}

// labels are those of the runner.
func (s *subject) labels(role string) backend.Labels {
	labels := s.run.labels(role)
	labels[label.Project], labels[label.ProjectDir] = s.run.o.Project.ID, s.run.o.Project.Root
	labels[label.Host], labels[label.Instance] = hostName(), s.inst.Name
	labels[label.Checkout] = s.run.o.Project.checkout()
	return labels
}
