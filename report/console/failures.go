package console

import (
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// failures collects what must be said at the end of a run.
type failures struct {
	selected int
	failed   []lifecycle.InstanceFinished
	running  []string
	// unsteady are instances with a phase that failed, until they fail themselves.
	unsteady []string
	ended    bool
	end      lifecycle.RunFinished
}

func (f *failures) handle(e lifecycle.Event) {
	switch e := e.(type) {
	case lifecycle.RunStarted:
		f.selected = len(e.Instances)
	case lifecycle.InstanceStarted:
		f.running = append(f.running, e.Instance)
	case lifecycle.PhaseFinished:
		if e.Error != "" && !slices.Contains(f.unsteady, e.Instance) {
			f.unsteady = append(f.unsteady, e.Instance)
		}
	case lifecycle.InstanceFinished:
		f.running = without(f.running, e.Instance)
		if e.Error != "" {
			f.unsteady = without(f.unsteady, e.Instance)
			f.failed = append(f.failed, e)
		}
	case lifecycle.RunFinished:
		f.ended, f.end = true, e
	}
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(names, func(n string) bool { return n == name })
}

// flaky lists the instances that passed only because something was done again.
func (f *failures) flaky() []string {
	var names []string
	for _, name := range f.unsteady {
		if !slices.Contains(f.running, name) {
			names = append(names, text.Line(name))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s passed only when done again (flaky): %s", run.OfInstances(len(names), f.selected), strings.Join(names, ", "))}
}

// summary lists the instances that failed, those that were cut off and how many were never started; nothing when all
// went well.
func (f *failures) summary() []string {
	var out []string
	if len(f.failed) > 0 {
		out = append(out, fmt.Sprintf("%s failed:", run.OfInstances(len(f.failed), f.selected)))
		for _, e := range f.failed {
			out = append(out, "    "+failure(e))
		}
	}
	if len(f.running) > 0 {
		out = append(out, fmt.Sprintf("%s did not finish:", run.OfInstances(len(f.running), f.selected)))
		for _, name := range f.running {
			out = append(out, "    "+text.Line(name))
		}
	}
	if f.ended && f.end.Skipped > 0 {
		why := ""
		switch {
		case f.end.Interrupted:
			why = ", since the run was interrupted"
		case len(f.failed) > 0:
			why = ", since another failed"
		}
		out = append(out, fmt.Sprintf("%s not started%s.", run.OfInstances(f.end.Skipped, f.selected), why))
	}
	return out
}

// failure is one line about a failed instance.
func failure(e lifecycle.InstanceFinished) string {
	s := text.Line(e.Instance) + ": "
	if e.FailedPhase != "" {
		s += string(e.FailedPhase) + ": "
	}
	s += text.Line(text.First(e.Error))
	if e.LogPath != "" {
		s += " (" + text.Line(e.LogPath) + ")"
	}
	return s
}

// failedLine says that an instance has failed.
func failedLine(e lifecycle.InstanceFinished) run.Line {
	what := ""
	if e.FailedPhase != "" {
		what = string(e.FailedPhase) + ": "
	}
	return run.LogLine(lifecycle.LevelError, "<%s> failed: %s%s", e.Instance, what, text.First(e.Error))
}

// tailOf shows the end of an instance's log.
func tailOf(t run.Tail) []run.Line {
	lines := t.List()
	if len(lines) == 0 {
		return nil
	}
	out := []run.Line{run.LogLine(lifecycle.LevelError, "The last lines of its log:")}
	for _, s := range lines {
		out = append(out, run.LogLine(lifecycle.LevelError, "  %s", s))
	}
	return out
}

// logPathLine says where the whole log is, when there is one.
func logPathLine(e lifecycle.InstanceFinished) []run.Line {
	if e.LogPath == "" {
		return nil
	}
	return []run.Line{run.LogLine(lifecycle.LevelError, "The whole log: %s", e.LogPath)}
}
