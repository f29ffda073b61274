package run

import (
	"cmp"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/result"
)

// Collector builds a Run from events. Not safe for concurrent use.
type Collector struct {
	run    Run
	byName map[string]*Instance
	// open is the work under way.
	open map[progressKey]*Work
	last time.Time
}

// NewCollector returns a collector of a run that has not begun.
func NewCollector() *Collector {
	return &Collector{
		run:    Run{Schema: 1, Status: Unfinished},
		byName: map[string]*Instance{},
		open:   map[progressKey]*Work{},
	}
}

// Handle takes in an event.
func (c *Collector) Handle(e lifecycle.Event) {
	stamp := e.At()
	if stamp.Time.After(c.last) {
		c.last = stamp.Time
	}
	if c.run.Started.IsZero() {
		c.run.Started, c.run.RunID = stamp.Time, stamp.RunID
	}
	switch e := e.(type) {
	case lifecycle.RunStarted:
		c.run.RunID, c.run.Version, c.run.Action = e.RunID, e.Version, e.Action
		c.run.Concurrency, c.run.Started = e.Concurrency, e.Time
		for _, name := range e.Instances {
			c.Instance(name)
		}
	case lifecycle.EngineReady:
		c.run.Engines = append(c.run.Engines, &Engine{Name: e.Engine, Version: e.Version, Endpoint: e.Endpoint})
		c.run.Engine = c.run.Engines[0]
	case lifecycle.Progress:
		c.progress(e)
	case lifecycle.Notice:
		c.notice(e)
	case lifecycle.MachinesCompared:
		c.run.Comparisons = append(c.run.Comparisons, Comparison{e.A, e.B, e.Report})
	case lifecycle.RunFinished:
		c.run.Ended, c.run.Duration, c.run.Interrupted = true, e.Duration, e.Interrupted
	default:
		if stamp.Instance != "" {
			i := c.Instance(stamp.Instance)
			i.handle(e)
			if engine := c.run.EngineOf(i); engine != nil {
				engine.On = i.On
			}
		}
	}
}

// Instance returns what is known of an instance so far. It changes with each event.
func (c *Collector) Instance(name string) *Instance {
	inst, ok := c.byName[name]
	if !ok {
		inst = &Instance{Name: name, Status: NotStarted}
		c.byName[name] = inst
		c.run.Instances = append(c.run.Instances, inst)
	}
	return inst
}

func (c *Collector) progress(e lifecycle.Progress) {
	key := progressKey{e.Instance, e.What}
	w, ok := c.open[key]
	if !ok {
		w = &Work{What: e.What, Status: Unfinished, Started: e.Time}
		c.open[key] = w
		if e.Instance == "" {
			c.run.Work = append(c.run.Work, w)
		} else {
			inst := c.Instance(e.Instance)
			inst.Work = append(inst.Work, w)
		}
	}
	w.Detail, w.Total = e.Status, e.Total
	w.Bytes = max(w.Bytes, e.Current)
	w.Duration = e.Time.Sub(w.Started)
	if e.Done {
		w.Status = Passed
		if e.Error != "" {
			w.Status = Failed
		}
		delete(c.open, key)
	}
}

// notice keeps what a reader of the report should know.
func (c *Collector) notice(e lifecycle.Notice) {
	if Rank(e.Level) < Rank(lifecycle.LevelWarn) {
		return
	}
	n := Notice{Level: e.Level, Text: e.Text}
	if e.Instance == "" {
		c.run.Notices = append(c.run.Notices, n)
		return
	}
	inst := c.Instance(e.Instance)
	inst.Notices = append(inst.Notices, n)
}

// Result returns the run so far. It is valid until the next event.
func (c *Collector) Result() *Run {
	if !c.run.Ended {
		c.run.Duration = c.last.Sub(c.run.Started)
	}
	for _, i := range c.run.Instances {
		i.complete(c.last)
	}
	c.run.addTimings()
	switch {
	case c.run.Count(Failed) > 0:
		c.run.Status = Failed
	case !c.run.Ended, c.run.Interrupted, c.run.Count(Unfinished) > 0:
		c.run.Status = Unfinished
	default:
		c.run.Status = Passed
	}
	return &c.run
}

// handle takes in an event of the instance.
func (i *Instance) handle(e lifecycle.Event) {
	switch e := e.(type) {
	case lifecycle.InstanceStarted:
		i.Suite, i.Platform, i.On, i.Started, i.Status = e.Suite, e.Platform, e.On, e.Time, Unfinished
	case lifecycle.PhaseStarted:
		i.begin(e.Phase, e.Time).Step = e.Of
		i.Endpoint = cmp.Or(e.Endpoint, i.Endpoint)
	case lifecycle.PhaseFinished:
		p := i.current(e.Stamp, e.Phase)
		p.Duration, p.Error, p.Status = e.Duration, e.Error, Passed
		if e.Error != "" {
			p.Status = Failed
		}
	case lifecycle.SpanFinished:
		i.spans = append(i.spans, e.Span)
	case lifecycle.Output:
		for _, l := range outputLines(e) {
			i.tail.Add(l.Text)
			if n := len(i.Phases); n > 0 {
				i.Phases[n-1].tail.Add(l.Text)
			}
		}
	case lifecycle.ConvergeSummary:
		i.current(e.Stamp, lifecycle.PhaseConverge).Summary = e.Text
	case lifecycle.ConvergeReused:
		i.current(e.Stamp, lifecycle.PhaseConverge).Summary = e.Text()
	case lifecycle.RunnerChanged:
		i.Changes = &e.RunnerChanges
	case lifecycle.ServiceLog:
		i.Services = append(i.Services, Service{e.Service, e.Lines})
	case lifecycle.TestFinished:
		p := i.current(e.Stamp, lifecycle.PhaseVerify)
		p.Tests = append(p.Tests, Test{TestCase: e.Case, FlakyMessage: i.failedBefore(e.Case)})
	case lifecycle.InstanceFinished:
		i.Status, i.Duration = Passed, e.Duration
		i.Error, i.FailedPhase, i.LogPath = e.Error, e.FailedPhase, e.LogPath
		switch {
		case e.Error != "":
			i.Status = Failed
		case e.NotRun != "":
			i.Status, i.Error = NotStarted, e.NotRun
		}
	}
}

func (i *Instance) begin(phase lifecycle.Phase, at time.Time) *Phase {
	p := &Phase{Phase: phase, Status: Unfinished, Started: at}
	i.Phases = append(i.Phases, p)
	i.tail = Tail{}
	if i.Status == NotStarted {
		i.Status, i.Started = Unfinished, at
	}
	return p
}

// current is the phase that an event belongs to: the last one, or, when the stream of events lacks its beginning, a new
// one.
func (i *Instance) current(s lifecycle.Stamp, otherwise lifecycle.Phase) *Phase {
	if n := len(i.Phases); n > 0 {
		return i.Phases[n-1]
	}
	return i.begin(otherwise, s.Time)
}

// failedBefore returns the message with which a case that passes now failed in an earlier round of the same phase, or
// "".
func (i *Instance) failedBefore(c result.TestCase) string {
	if c.Outcome != result.Passed {
		return ""
	}
	now := len(i.Phases) - 1
	for n := now - 1; n >= 0; n-- {
		if i.Phases[n].Name() != i.Phases[now].Name() {
			continue
		}
		for _, t := range i.Phases[n].Tests {
			same := t.Suite == c.Suite && t.ID == c.ID && t.Title == c.Title
			if same && t.Outcome == result.Failed {
				return t.Message
			}
		}
	}
	return ""
}

// complete fills in what is known only from other fields; now is the time of the last event of the run.
func (i *Instance) complete(now time.Time) {
	i.Tail = nil
	if i.Status != Passed {
		i.Tail = i.tail.List()
	}
	for _, p := range i.Tries() {
		p.Tail = p.tail.List()
	}
	if i.Status != Unfinished {
		return
	}
	i.Duration = now.Sub(i.Started)
	if n := len(i.Phases); n > 0 && i.Phases[n-1].Status == Unfinished {
		i.Phases[n-1].Duration = now.Sub(i.Phases[n-1].Started)
	}
}
