package report

import (
	"github.com/galley-kitchen/galley/internal/mask"
	"github.com/galley-kitchen/galley/lifecycle"
)

// masked hides secrets in events before any sink sees them. The names of instances are left alone: everything else goes
// by them.
type masked struct {
	m *mask.Masker
	// streams are the lines that came in pieces so far.
	streams map[streamKey]*mask.Stream
}

type streamKey struct{ instance, stream string }

// event returns e without secrets.
func (k *masked) event(e lifecycle.Event) lifecycle.Event {
	switch e := e.(type) {
	case lifecycle.EngineReady:
		e.Endpoint = k.m.String(e.Endpoint)
		return e
	case lifecycle.PhaseStarted:
		e.Of, e.Endpoint = k.m.String(e.Of), k.m.String(e.Endpoint)
		return e
	case lifecycle.PhaseFinished:
		e.Of, e.Error = k.m.String(e.Of), k.m.String(e.Error)
		return e
	case lifecycle.StepFinished:
		e.Error = k.m.String(e.Error)
		return e
	case lifecycle.SpanFinished:
		e.Name, e.Detail, e.Error = k.m.String(e.Name), k.m.String(e.Detail), k.m.String(e.Error)
		return e
	case lifecycle.Output:
		e.Text = k.output(e)
		return e
	case lifecycle.Notice:
		e.Text = k.m.String(e.Text)
		return e
	case lifecycle.Progress:
		e.What, e.Status, e.Error = k.m.String(e.What), k.m.String(e.Status), k.m.String(e.Error)
		return e
	case lifecycle.ConvergeSummary:
		e.Text, e.Changes = k.m.String(e.Text), k.m.Strings(e.Changes)
		return e
	case lifecycle.ConvergeReused:
		e.Key = k.m.String(e.Key)
		return e
	case lifecycle.RunnerChanged:
		e.Image, e.View, e.NotCompared = k.m.String(e.Image), e.View.Map(k.m.String), k.m.Strings(e.NotCompared)
		return e
	case lifecycle.MachinesCompared:
		e.A, e.B, e.Report = k.m.String(e.A), k.m.String(e.B), e.Report.Map(k.m.String)
		return e
	case lifecycle.ServiceLog:
		e.Service, e.Lines = k.m.String(e.Service), k.m.Strings(e.Lines)
		return e
	case lifecycle.TestFinished:
		c := &e.Case
		for _, text := range []*string{&c.ID, &c.Title, &c.Suite, &c.Message, &c.File} {
			*text = k.m.String(*text)
		}
		return e
	case lifecycle.InstanceFinished:
		e.Error, e.NotRun = k.m.String(e.Error), k.m.String(e.NotRun)
		return e
	default:
		return e
	}
}

// output is the text of an event of output. A secret may begin in one piece of a line and end in the next.
func (k *masked) output(e lifecycle.Output) string {
	key := streamKey{e.Instance, e.Stream}
	s := k.streams[key]
	switch {
	case s == nil && !e.Partial:
		return k.m.String(e.Text)
	case s == nil:
		s = k.m.Stream()
		k.streams[key] = s
	case !e.Partial:
		delete(k.streams, key)
	}
	return k.m.String(s.Next(e.Text, e.Partial))
}

// Mask hides a Masker's values in all events from now on. Call it before the run begins.
func (m *Multi) Mask(masker *mask.Masker) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.masked = &masked{m: masker, streams: map[streamKey]*mask.Stream{}}
}
