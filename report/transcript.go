package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/result"
)

// kind is Test Kitchen's event_type.
type kind string

const (
	kindBanner kind = "banner"
	kindLog    kind = "log"
	kindStream kind = "stream"
)

// line is one line of a run told in Test Kitchen's manner.
type line struct {
	level lifecycle.Level
	kind  kind
	text  string
	// partial means that the line goes on with the next one.
	partial bool
}

// prefix is what Test Kitchen puts before a line.
func (l line) prefix() string {
	switch {
	case l.kind == kindBanner:
		return "-----> "
	case l.level == lifecycle.LevelDebug:
		return "D      "
	case l.level == lifecycle.LevelWarn:
		return "$$$$$$ "
	case l.level == lifecycle.LevelError:
		return ">>>>>> "
	default:
		return "       "
	}
}

func banner(format string, args ...any) line {
	return line{level: lifecycle.LevelInfo, kind: kindBanner, text: fmt.Sprintf(format, args...)}
}

func logLine(level lifecycle.Level, format string, args ...any) line {
	return line{level: level, kind: kindLog, text: fmt.Sprintf(format, args...)}
}

// transcript turns events into lines. It remembers when something with progress
// began, since of that only the beginning and the end are told. Not safe for
// concurrent use.
type transcript struct {
	action   string
	progress map[progressKey]time.Time
}

// progressKey is what tells one pull or build from another.
type progressKey struct{ instance, what string }

func newTranscript() *transcript {
	return &transcript{progress: map[progressKey]time.Time{}}
}

// lines tells an event; most events are one line, some none.
func (t *transcript) lines(e lifecycle.Event) []line {
	switch e := e.(type) {
	case lifecycle.RunStarted:
		t.action = e.Action
		return []line{banner("Starting galley (v%s)", strings.TrimPrefix(e.Version, "v"))}
	case lifecycle.EngineReady:
		return []line{logLine(lifecycle.LevelInfo, "Engine: %s %s at %s", e.Engine, e.Version, e.Endpoint)}
	case lifecycle.InstanceStarted:
		if t.action == "test" {
			return []line{banner("Testing <%s>", e.Instance)}
		}
	case lifecycle.PhaseStarted:
		return []line{banner("%s <%s>...", e.Phase.Doing(), e.Instance)}
	case lifecycle.PhaseFinished:
		return phaseFinished(e)
	case lifecycle.Output:
		return outputLines(e)
	case lifecycle.Notice:
		return split(e.Level, kindLog, e.Text)
	case lifecycle.Progress:
		return t.progressed(e)
	case lifecycle.ConvergeSummary:
		return split(lifecycle.LevelDebug, kindLog, e.Text)
	case lifecycle.TestFinished:
		return testFinished(e.Case)
	case lifecycle.InstanceFinished:
		if t.action == "test" && e.Error == "" {
			return []line{logLine(lifecycle.LevelInfo, "Finished testing <%s> %s.", e.Instance, kitchenDuration(e.Duration))}
		}
	case lifecycle.RunFinished:
		return runFinished(e)
	}
	return nil
}

func phaseFinished(e lifecycle.PhaseFinished) []line {
	if e.Error == "" {
		return []line{logLine(lifecycle.LevelInfo, "Finished %s <%s> %s.",
			strings.ToLower(e.Phase.Doing()), e.Instance, kitchenDuration(e.Duration))}
	}
	text := fmt.Sprintf("%s failed on instance <%s> after %s: %s",
		title(string(e.Phase)), e.Instance, shortDuration(e.Duration), e.Error)
	return split(lifecycle.LevelError, kindLog, text)
}

// title is a phase at the start of a sentence.
func title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func outputLines(e lifecycle.Output) []line {
	lines := split(lifecycle.LevelInfo, kindStream, e.Text)
	lines[len(lines)-1].partial = e.Partial
	return lines
}

// split makes a line of each line of text; empty text is one empty line.
func split(level lifecycle.Level, k kind, text string) []line {
	if !strings.Contains(text, "\n") {
		return []line{{level: level, kind: k, text: text}}
	}
	var out []line
	for _, s := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		out = append(out, line{level: level, kind: k, text: s})
	}
	return out
}

func (t *transcript) progressed(e lifecycle.Progress) []line {
	key := progressKey{e.Instance, e.What}
	began, known := t.progress[key]
	var out []line
	if !known {
		began = e.Time
		t.progress[key] = began
		if !e.Done {
			out = append(out, logLine(lifecycle.LevelInfo, "%s...", title(e.What)))
		}
	}
	if e.Done {
		delete(t.progress, key)
		status := e.Status
		if status == "" {
			status = "done"
		}
		out = append(out, logLine(lifecycle.LevelInfo, "%s: %s %s.", title(e.What), status, kitchenDuration(e.Time.Sub(began))))
	}
	return out
}

// testFinished tells failed tests always; the others are in the verifier's own
// output already.
func testFinished(c result.TestCase) []line {
	level := lifecycle.LevelDebug
	if c.Outcome == result.Failed {
		level = lifecycle.LevelError
	}
	text := fmt.Sprintf("Test %s: %s", c.Outcome, testName(c))
	if c.Message != "" {
		text += "\n" + indent(c.Message, "    ")
	}
	return split(level, kindLog, text)
}

// testName is how a test is called in lists.
func testName(c result.TestCase) string {
	name := c.Title
	if name == "" {
		name = c.ID
	}
	if c.Suite != "" {
		name = c.Suite + ": " + name
	}
	return name
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by)
}

func runFinished(e lifecycle.RunFinished) []line {
	end := "finished"
	if e.Interrupted {
		end = "interrupted"
	}
	return []line{banner("galley is %s. %s", end, kitchenDuration(e.Duration))}
}
