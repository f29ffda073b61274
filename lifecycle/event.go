package lifecycle

import (
	"time"

	"github.com/galley-kitchen/galley/internal/timing"
	"github.com/galley-kitchen/galley/lifecycle/changes"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
	"github.com/galley-kitchen/galley/lifecycle/result"
)

// Event is something that happened in a run. It is one of the structs below, a
// closed set. Only report/ prints; the life cycle emits events and goes on.
type Event interface{ At() Stamp }

// Sink receives events. Handle is called from many goroutines at once and must not block the life cycle for long.
type Sink interface{ Handle(Event) }

// Stamp is what every event has: when, in which run, and of which instance (empty for events of the run as a whole).
type Stamp struct {
	Time     time.Time `json:"time"`
	RunID    string    `json:"run_id"`
	Instance string    `json:"instance,omitempty"`
}

// At returns the stamp; it makes an Event of every struct that embeds one.
func (s Stamp) At() Stamp { return s }

// RunStarted is the first event.
type RunStarted struct {
	Stamp
	Version string `json:"version"`
	// Action is the command: "converge", "test" …
	Action string `json:"action"`
	// Instances are the names that were selected, in order.
	Instances []string `json:"instances"`
	// Concurrency is how many run side by side.
	Concurrency int `json:"concurrency"`
}

// EngineReady tells which engine an endpoint turned out to be.
type EngineReady struct {
	Stamp
	Engine   string `json:"engine"`
	Version  string `json:"version"`
	Endpoint string `json:"endpoint"`
}

// InstanceStarted is when a worker takes an instance up.
type InstanceStarted struct {
	Stamp
	Suite    string `json:"suite"`
	Platform string `json:"platform"`
	// On is the engine that --on has put it on.
	On string `json:"on,omitempty"`
}

// PhaseStarted is when create, converge, setup, verify or destroy begins.
type PhaseStarted struct {
	Stamp
	Phase Phase `json:"phase"`
	// Of is the step of kitchen.yml's `steps` that is converged or verified, empty without steps.
	Of string `json:"of_step,omitempty"`
	// Endpoint is that of the instance's engine, as EngineReady has it.
	Endpoint string `json:"endpoint,omitempty"`
}

// PhaseFinished is when a phase has ended; Error tells how.
type PhaseFinished struct {
	Stamp
	Phase    Phase         `json:"phase"`
	Of       string        `json:"of_step,omitempty"`
	Duration time.Duration `json:"duration_ns"`
	Error    string        `json:"error,omitempty"`
}

// StepStarted is when a step of a phase begins.
type StepStarted struct {
	Stamp
	Phase Phase `json:"phase"`
	Step  Step  `json:"step"`
}

// StepFinished is when a step has ended; Error tells how.
type StepFinished struct {
	Stamp
	Phase    Phase         `json:"phase"`
	Step     Step          `json:"step"`
	Duration time.Duration `json:"duration_ns"`
	Error    string        `json:"error,omitempty"`
}

// SpanFinished is when something has ended that took time: a call to an engine, a command, or waiting for others. Spans
// of one instance may overlap.
type SpanFinished struct {
	Stamp
	timing.Span
}

// Output is a line, or the unterminated rest of one, that a command printed.
type Output struct {
	Stamp
	Phase Phase `json:"phase"`
	// Stream is "stdout" or "stderr".
	Stream string `json:"stream"`
	// Text has no newline at its end.
	Text string `json:"text"`
	// Partial means that the line was cut here since it is very long, and goes on in the next event of the stream.
	Partial bool `json:"partial,omitempty"`
}

// Notice is something that galley itself has to say.
type Notice struct {
	Stamp
	Level Level  `json:"level"`
	Text  string `json:"text"`
}

// Level is how much a notice matters.
type Level string

// The levels.
const (
	LevelDebug Level = "debug"
	LevelInfo  Level = "info"
	LevelWarn  Level = "warn"
	LevelError Level = "error"
)

// Progress is how far something long has come, such as a pull.
type Progress struct {
	Stamp
	// What is done, such as "pull docker.io/library/debian:12".
	What   string `json:"what"`
	Status string `json:"status"`
	// Current and Total are bytes; Total is 0 while it is unknown.
	Current int64 `json:"current"`
	Total   int64 `json:"total"`
	// Done is true once, at the end; Error tells if it failed.
	Done  bool   `json:"done,omitempty"`
	Error string `json:"error,omitempty"`
}

// ConvergeSummary is what the tool itself says of a converge.
type ConvergeSummary struct {
	Stamp
	provisioner.Summary
}

// ConvergeReused tells that a checkpoint took the place of a converge.
type ConvergeReused struct {
	Stamp
	// Key is the checkpoint's, and Created is when it was made.
	Key     string    `json:"key"`
	Created time.Time `json:"created"`
}

// Text says it in one line.
func (e ConvergeReused) Text() string {
	return "taken from the checkpoint " + shortKey(e.Key) + ", made " + when(e.Created)
}

// RunnerChanged tells what converge changed in the files of the runner. It comes only when that was asked for.
type RunnerChanged struct {
	Stamp
	RunnerChanges
}

// RunnerChanges are the files in which a runner differs from its image, as a person reads of them.
type RunnerChanges struct {
	// Image is the platform's.
	Image string `json:"image"`
	changes.View
	// NotCompared are places where something is mounted.
	NotCompared []string `json:"not_compared,omitempty"`
}

// ServiceLog is the end of what a service has printed, when it is removed or the run ends.
type ServiceLog struct {
	Stamp
	Service string   `json:"service"`
	Lines   []string `json:"lines"`
}

// TestFinished is the result of one test case.
type TestFinished struct {
	Stamp
	Case result.TestCase `json:"case"`
}

// InstanceFinished is when an instance has had all its phases, or failed.
type InstanceFinished struct {
	Stamp
	Duration time.Duration `json:"duration_ns"`
	// Error is empty on success.
	Error string `json:"error,omitempty"`
	// FailedPhase is the phase that failed.
	FailedPhase Phase `json:"failed_phase,omitempty"`
	// NotRun says why what was asked for was not done although the instance did not fail: another node of its suite
	// did.
	NotRun string `json:"not_run,omitempty"`
	// LogPath is the file with all that the instance printed.
	LogPath string `json:"log_path"`
}

// RunFinished is the last event.
type RunFinished struct {
	Stamp
	Duration time.Duration `json:"duration_ns"`
	Failed   int           `json:"failed"`
	// Skipped are instances that were never started, after an interrupt or with --fail-fast.
	Skipped     int  `json:"skipped"`
	Interrupted bool `json:"interrupted,omitempty"`
}
