// Package run is what the events of a run amount to: the model that reports are made of, and the transcript that the
// screen and the logs show.
package run

import (
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/internal/timing"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/machine"
	"github.com/galley-kitchen/galley/lifecycle/result"
)

// Status is how something ended, or that it has not.
type Status string

// The statuses.
const (
	Passed Status = "passed"
	Failed Status = "failed"
	// Unfinished began and did not end: the run was cut off, or is still going on.
	Unfinished Status = "unfinished"
	// NotStarted never began.
	NotStarted Status = "not started"
)

// Run is what the events of a run amount to; the reports are made of it. Times in JSON are RFC 3339, durations
// nanoseconds.
type Run struct {
	// Schema is the version of this structure: 1.
	Schema      int    `json:"schema"`
	RunID       string `json:"run_id"`
	Version     string `json:"version"`
	Action      string `json:"action"`
	Status      Status `json:"status"`
	Interrupted bool   `json:"interrupted,omitempty"`
	// Ended tells that the run came to its end, and is not known only in part.
	Ended       bool          `json:"-"`
	Concurrency int           `json:"concurrency"`
	Started     time.Time     `json:"started"`
	Duration    time.Duration `json:"duration_ns"`
	// Engine is where the run ran, or the first of several engines.
	Engine *Engine `json:"engine,omitempty"`
	// Engines are all of them, in the order in which they answered.
	Engines   []*Engine   `json:"engines,omitempty"`
	Instances []*Instance `json:"instances"`
	// Timings are where the time of all instances went.
	Timings *Timings `json:"timings,omitempty"`
	// Work is what was done once for all instances, such as pulls.
	Work    []*Work  `json:"work,omitempty"`
	Notices []Notice `json:"notices,omitempty"`
	// Comparisons are in what instances differ between engines, when that was asked for.
	Comparisons []Comparison `json:"comparisons,omitempty"`
}

// Comparison is in what the machines of two instances differ.
type Comparison struct {
	A string `json:"a"`
	B string `json:"b"`
	machine.Report
}

// Engine is where a run ran.
type Engine struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Endpoint string `json:"endpoint"`
	// On is what --on calls it.
	On string `json:"on,omitempty"`
}

// Instance is what became of an instance.
type Instance struct {
	Name     string `json:"name"`
	Suite    string `json:"suite,omitempty"`
	Platform string `json:"platform,omitempty"`
	// On is the engine that --on has put it on.
	On string `json:"on,omitempty"`
	// Endpoint is that of its engine.
	Endpoint    string          `json:"endpoint,omitempty"`
	Status      Status          `json:"status"`
	Started     time.Time       `json:"started,omitzero"`
	Duration    time.Duration   `json:"duration_ns"`
	Error       string          `json:"error,omitempty"`
	FailedPhase lifecycle.Phase `json:"failed_phase,omitempty"`
	LogPath     string          `json:"log_path,omitempty"`
	Phases      []*Phase        `json:"phases"`
	Timings     *Timings        `json:"timings,omitempty"`
	Work        []*Work         `json:"work,omitempty"`
	Notices     []Notice        `json:"notices,omitempty"`
	// Changes are what converge changed in the runner's files, when that was asked for.
	Changes *lifecycle.RunnerChanges `json:"changes,omitempty"`
	// Services are what services printed, each time that one was removed, and at the end.
	Services []Service `json:"services,omitempty"`
	// Tail is the end of its output, unless it passed.
	Tail []string `json:"tail,omitempty"`

	tail  Tail
	spans []timing.Span
}

// Phase is a phase that an instance went through. Destroy may come twice.
type Phase struct {
	Phase lifecycle.Phase `json:"phase"`
	// Step is that of kitchen.yml's `steps`, if it has some.
	Step     string        `json:"step,omitempty"`
	Status   Status        `json:"status"`
	Started  time.Time     `json:"started"`
	Duration time.Duration `json:"duration_ns"`
	Error    string        `json:"error,omitempty"`
	// Summary is the converging tool's own summary.
	Summary string `json:"summary,omitempty"`
	Tests   []Test `json:"tests,omitempty"`
	// Tail is the end of its output when it is one of several tries.
	Tail []string `json:"tail,omitempty"`

	tail Tail
}

// Name is the phase with its step, as people read it.
func (p *Phase) Name() string { return strings.TrimSuffix(string(p.Phase)+" "+p.Step, " ") }

// Test is a test case and how it fared.
type Test struct {
	result.TestCase
	// FlakyMessage is set when the case failed first and passed when the phase was done again: the message of the
	// failure.
	FlakyMessage string `json:"flaky_message,omitempty"`
}

// Work is something long that was waited for: a pull, a build.
type Work struct {
	What     string        `json:"what"`
	Status   Status        `json:"status"`
	Detail   string        `json:"detail,omitempty"`
	Started  time.Time     `json:"started"`
	Duration time.Duration `json:"duration_ns"`
	Bytes    int64         `json:"bytes,omitempty"`
	// Total is how many bytes there are, 0 while that is unknown.
	Total int64 `json:"-"`
}

// Notice is a warning or an error of galley itself.
type Notice struct {
	Level lifecycle.Level `json:"level"`
	Text  string          `json:"text"`
}

// Tests are the cases of all phases that count: of a phase that was done again, those of the last time.
func (i *Instance) Tests() []Test {
	var out []Test
	for n, p := range i.Phases {
		if !i.Repeated(n) {
			out = append(out, p.Tests...)
		}
	}
	return out
}

// FailedTests are those of Tests that failed.
func (i *Instance) FailedTests() []Test {
	return slices.DeleteFunc(i.Tests(), func(t Test) bool { return t.Outcome != result.Failed })
}

// Tries are the phases that failed and were done again, and those that did them again; none when all was done once.
func (i *Instance) Tries() []*Phase {
	var out []*Phase
	for n, p := range i.Phases {
		if tried(p, i.Phases[:n], Failed) || (p.Status == Failed && tried(p, i.Phases[n+1:], "")) {
			out = append(out, p)
		}
	}
	return out
}

// tried reports whether a phase is among others, with a status unless that is empty.
func tried(phase *Phase, among []*Phase, s Status) bool {
	return slices.ContainsFunc(among,
		func(p *Phase) bool { return p.Name() == phase.Name() && (s == "" || p.Status == s) })
}

// Flaky reports whether the instance passed only because something was done again.
func (i *Instance) Flaky() bool { return i.Status == Passed && len(i.Tries()) > 0 }

// Repeated reports whether the nth phase has tests and a later one did them again.
func (i *Instance) Repeated(n int) bool {
	return slices.ContainsFunc(i.Phases[n+1:], func(later *Phase) bool {
		return later.Name() == i.Phases[n].Name() && len(later.Tests) > 0
	})
}

// Count is the number of instances with a status.
func (r *Run) Count(s Status) int {
	n := 0
	for _, i := range r.Instances {
		if i.Status == s {
			n++
		}
	}
	return n
}

// CountTests is the number of test cases with each outcome.
func CountTests(tests []Test) map[result.Outcome]int {
	counts := map[result.Outcome]int{}
	for _, t := range tests {
		counts[t.Outcome]++
	}
	return counts
}

// Service is the end of what a service printed.
type Service struct {
	Name string   `json:"name"`
	Log  []string `json:"log"`
}
