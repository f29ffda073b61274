// Package sample makes the events of runs that never were: for golden files and
// for the pictures in the documentation.
package sample

import (
	"sort"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/result"
)

// recording is a list of events that grows as its clock goes on.
type recording struct {
	entries []entry
	start   time.Time
	now     time.Duration
}

// entry is an event and when it happened, since the start.
type entry struct {
	at    time.Duration
	event lifecycle.Event
}

const runID = "20250314-092653-4f1c"

func newRecording() *recording {
	return &recording{start: time.Date(2025, 3, 14, 9, 26, 53, 0, time.UTC)}
}

// at sets the clock, in time since the start.
func (r *recording) at(d time.Duration) *recording {
	r.now = d
	return r
}

func (r *recording) stamp(instance string) lifecycle.Stamp {
	return lifecycle.Stamp{Time: r.start.Add(r.now), RunID: runID, Instance: instance}
}

func (r *recording) add(e lifecycle.Event) { r.entries = append(r.entries, entry{r.now, e}) }

func (r *recording) run(action string, concurrency int, instances ...string) {
	r.add(lifecycle.RunStarted{Stamp: r.stamp(""), Version: "0.1.0", Action: action, Instances: instances, Concurrency: concurrency})
	r.add(lifecycle.EngineReady{Stamp: r.stamp(""), Engine: "podman", Version: "4.9.5", Endpoint: "unix:///run/user/1000/podman/podman.sock"})
}

func (r *recording) notice(instance string, level lifecycle.Level, text string) {
	r.add(lifecycle.Notice{Stamp: r.stamp(instance), Level: level, Text: text})
}

// work adds something long from one time to another.
func (r *recording) work(instance, what string, from, to time.Duration, bytes int64) {
	const steps = 4
	for i := range time.Duration(steps) {
		r.at(from + (to-from)*i/steps)
		r.add(lifecycle.Progress{Stamp: r.stamp(instance), What: what, Current: bytes * int64(i) / steps, Total: bytes})
	}
	r.at(to)
	r.add(lifecycle.Progress{Stamp: r.stamp(instance), What: what, Current: bytes, Total: bytes, Done: true})
}

func (r *recording) begin(instance, suite, platform string) {
	r.add(lifecycle.InstanceStarted{Stamp: r.stamp(instance), Suite: suite, Platform: platform})
}

func (r *recording) phase(instance string, p lifecycle.Phase) {
	r.add(lifecycle.PhaseStarted{Stamp: r.stamp(instance), Phase: p})
}

func (r *recording) ended(instance string, p lifecycle.Phase, took time.Duration, failure string) {
	r.add(lifecycle.PhaseFinished{Stamp: r.stamp(instance), Phase: p, Duration: took, Error: failure})
}

func (r *recording) out(instance string, p lifecycle.Phase, lines ...string) {
	for _, l := range lines {
		r.add(lifecycle.Output{Stamp: r.stamp(instance), Phase: p, Stream: "stdout", Text: l})
	}
}

func (r *recording) test(instance string, c result.TestCase) {
	r.add(lifecycle.TestFinished{Stamp: r.stamp(instance), Case: c})
}

func (r *recording) finish(instance string, took time.Duration, phase lifecycle.Phase, failure string) {
	r.add(lifecycle.InstanceFinished{
		Stamp: r.stamp(instance), Duration: took, Error: failure, FailedPhase: phase,
		LogPath: ".kitchen/logs/" + instance + ".log",
	})
}

func (r *recording) done(failed, skipped int, interrupted bool) {
	r.add(lifecycle.RunFinished{Stamp: r.stamp(""), Duration: r.now, Failed: failed, Skipped: skipped, Interrupted: interrupted})
}

// until are those that happened up to a time, in the order of time.
func (r *recording) until(end time.Duration) []lifecycle.Event {
	sort.SliceStable(r.entries, func(i, j int) bool { return r.entries[i].at < r.entries[j].at })
	var out []lifecycle.Event
	for _, e := range r.entries {
		if e.at <= end {
			out = append(out, e.event)
		}
	}
	return out
}

// events are all, in the order of time.
func (r *recording) events() []lifecycle.Event { return r.until(r.now) }

func passed(suite, id, title string) result.TestCase {
	return result.TestCase{
		Suite: suite, ID: id, Title: title, Outcome: result.Passed, Duration: 12 * time.Millisecond,
		File: "test/integration/default/nginx_test.rb", Line: 4,
	}
}
