package run

import (
	"fmt"
	"slices"
	"time"

	"github.com/galley-kitchen/galley/internal/timing"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/text"
)

// Timings are where the time of an instance went, or that of all instances added up. No moment counts twice: what a
// command took is not the engine's, and what the engine took is not waiting.
type Timings struct {
	// Commands ran in the runner or on this machine: the tool, the tests, hooks.
	Commands time.Duration `json:"commands_ns"`
	// Engine is calls to the engine.
	Engine time.Duration `json:"engine_ns"`
	// Waiting was for other instances or another galley.
	Waiting time.Duration `json:"waiting_ns"`
	// Galley is the rest: what galley itself did.
	Galley time.Duration `json:"galley_ns"`
}

// String is "commands 12.1s, engine 1.3s, galley 0.1s". What took no time to speak of is left out, but for the engine.
func (t Timings) String() string {
	const shown = 50 * time.Millisecond
	s := fmt.Sprintf("commands %s, engine %s", text.ShortDuration(t.Commands), text.ShortDuration(t.Engine))
	if t.Waiting >= shown {
		s += ", waiting " + text.ShortDuration(t.Waiting)
	}
	return s + ", galley " + text.ShortDuration(t.Galley)
}

// newTimings are where a duration went, nil when nothing was told of it.
func newTimings(all time.Duration, spans []timing.Span) *Timings {
	if len(spans) == 0 {
		return nil
	}
	commands := covered(spans, timing.Command)
	called := covered(spans, timing.Command, timing.Engine)
	told := covered(spans, timing.Command, timing.Engine, timing.Wait)
	return &Timings{Commands: commands, Engine: called - commands, Waiting: told - called, Galley: max(all-told, 0)}
}

// covered is for how long at least one span of some kinds went on.
func covered(spans []timing.Span, kinds ...timing.Kind) (all time.Duration) {
	var list []timing.Span
	for _, s := range spans {
		if slices.Contains(kinds, s.Kind) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b timing.Span) int { return a.Started.Compare(b.Started) })
	var end time.Time
	for _, s := range list {
		from, to := s.Started, s.Started.Add(s.Duration)
		if from.Before(end) {
			from = end
		}
		if to.After(end) {
			all, end = all+to.Sub(from), to
		}
	}
	return all
}

// addTimings adds up where the time of all instances went.
func (r *Run) addTimings() {
	r.Timings = nil
	for _, i := range r.Instances {
		if i.Timings = newTimings(i.Duration, i.spans); i.Timings == nil {
			continue
		}
		if r.Timings == nil {
			r.Timings = &Timings{}
		}
		r.Timings.Commands += i.Timings.Commands
		r.Timings.Engine += i.Timings.Engine
		r.Timings.Waiting += i.Timings.Waiting
		r.Timings.Galley += i.Timings.Galley
	}
}

// TimingLine tells where the time of a run went; it is empty when nothing was told of that.
func (r *Run) TimingLine() []Line {
	if r.Timings == nil {
		return nil
	}
	what := "It took"
	if len(r.Instances) > 1 {
		what = "All instances together took"
	}
	return []Line{LogLine(lifecycle.LevelInfo, "%s: %s", what, r.Timings)}
}
