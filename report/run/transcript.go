package run

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/report/text"
)

// Kind is Test Kitchen's event_type.
type Kind string

// The kinds of lines.
const (
	KindBanner Kind = "banner"
	KindLog    Kind = "log"
	KindStream Kind = "stream"
)

// Line is one line of a run told in Test Kitchen's manner.
type Line struct {
	Level lifecycle.Level
	Kind  Kind
	Text  string
	// Partial means that the line goes on with the next one.
	Partial bool
}

// Prefix is what Test Kitchen puts before a line.
func (l Line) Prefix() string {
	switch {
	case l.Kind == KindBanner:
		return "-----> "
	case l.Level == lifecycle.LevelDebug:
		return "D      "
	case l.Level == lifecycle.LevelWarn:
		return "$$$$$$ "
	case l.Level == lifecycle.LevelError:
		return ">>>>>> "
	default:
		return "       "
	}
}

// Banner is the line that begins something.
func Banner(format string, args ...any) Line {
	return Line{Level: lifecycle.LevelInfo, Kind: KindBanner, Text: fmt.Sprintf(format, args...)}
}

// LogLine is a line of galley's own.
func LogLine(level lifecycle.Level, format string, args ...any) Line {
	return Line{Level: level, Kind: KindLog, Text: fmt.Sprintf(format, args...)}
}

// Transcript turns events into lines. It remembers when something with progress began, since only its beginning
// and its end are lines. Not safe for concurrent use.
type Transcript struct {
	action   string
	progress map[progressKey]time.Time
}

// progressKey is what tells one pull or build from another.
type progressKey struct{ instance, what string }

// NewTranscript returns the transcript of a run that has not begun.
func NewTranscript() *Transcript {
	return &Transcript{progress: map[progressKey]time.Time{}}
}

// Lines tells an event; most events are one line, some none.
func (t *Transcript) Lines(e lifecycle.Event) []Line {
	switch e := e.(type) {
	case lifecycle.RunStarted:
		t.action = e.Action
		return []Line{Banner("Starting galley (v%s)", strings.TrimPrefix(e.Version, "v"))}
	case lifecycle.EngineReady:
		return []Line{LogLine(lifecycle.LevelInfo, "Engine: %s %s at %s", e.Engine, e.Version, e.Endpoint)}
	case lifecycle.InstanceStarted:
		if t.action == "test" {
			return []Line{Banner("Testing <%s>", e.Instance)}
		}
	case lifecycle.PhaseStarted:
		return []Line{Banner("%s <%s>%s...", e.Phase.Doing(), e.Instance, ofStep(e.Of))}
	case lifecycle.PhaseFinished:
		return phaseFinished(e)
	case lifecycle.Output:
		return outputLines(e)
	case lifecycle.Notice:
		return split(e.Level, KindLog, e.Text)
	case lifecycle.Progress:
		return t.progressed(e)
	case lifecycle.ConvergeSummary:
		return split(lifecycle.LevelDebug, KindLog, e.Text)
	case lifecycle.ServiceLog:
		return split(lifecycle.LevelDebug, KindLog, "The service "+e.Service+" printed:\n"+
			indent(strings.Join(e.Lines, "\n"), "    "))
	case lifecycle.ConvergeReused:
		return []Line{LogLine(lifecycle.LevelInfo, "Converge %s", e.Text())}
	case lifecycle.MachinesCompared:
		return split(lifecycle.LevelInfo, KindLog, strings.Join(e.Lines(e.A, e.B), "\n"))
	case lifecycle.TestFinished:
		return testFinished(e.Case)
	case lifecycle.InstanceFinished:
		if e.NotRun != "" {
			return []Line{LogLine(lifecycle.LevelWarn, "<%s> was %s.", e.Instance, e.NotRun)}
		}
		if t.action == "test" && e.Error == "" {
			return []Line{LogLine(lifecycle.LevelInfo, "Finished testing <%s> %s.", e.Instance,
				text.KitchenDuration(e.Duration))}
		}
	case lifecycle.RunFinished:
		return runFinished(e)
	}
	return nil
}

func phaseFinished(e lifecycle.PhaseFinished) []Line {
	if e.Error == "" {
		return []Line{LogLine(lifecycle.LevelInfo, "Finished %s <%s>%s %s.",
			strings.ToLower(e.Phase.Doing()), e.Instance, ofStep(e.Of), text.KitchenDuration(e.Duration))}
	}
	text := fmt.Sprintf("%s failed on instance <%s>%s after %s: %s",
		Title(string(e.Phase)), e.Instance, ofStep(e.Of), text.ShortDuration(e.Duration), e.Error)
	return split(lifecycle.LevelError, KindLog, text)
}

// ofStep names a step behind an instance.
func ofStep(name string) string {
	if name == "" {
		return ""
	}
	return " step " + name
}

// Title is a phase at the start of a sentence.
func Title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func outputLines(e lifecycle.Output) []Line {
	lines := split(lifecycle.LevelInfo, KindStream, e.Text)
	lines[len(lines)-1].Partial = e.Partial
	return lines
}

// split makes a line of each line of text; empty text is one empty line.
func split(level lifecycle.Level, k Kind, text string) []Line {
	if !strings.Contains(text, "\n") {
		return []Line{{Level: level, Kind: k, Text: text}}
	}
	var out []Line
	for _, s := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		out = append(out, Line{Level: level, Kind: k, Text: s})
	}
	return out
}

func (t *Transcript) progressed(e lifecycle.Progress) []Line {
	key := progressKey{e.Instance, e.What}
	began, known := t.progress[key]
	var out []Line
	if !known {
		began = e.Time
		t.progress[key] = began
		if !e.Done {
			out = append(out, LogLine(lifecycle.LevelInfo, "%s...", Title(e.What)))
		}
	}
	if e.Done {
		delete(t.progress, key)
		out = append(out, LogLine(lifecycle.LevelInfo, "%s: %s %s.", Title(e.What), cmp.Or(e.Status, "done"),
			text.KitchenDuration(e.Time.Sub(began))))
	}
	return out
}

// testFinished tells failed tests always; the others are in the verifier's own output already.
func testFinished(c result.TestCase) []Line {
	level := lifecycle.LevelDebug
	if c.Outcome == result.Failed {
		level = lifecycle.LevelError
	}
	text := fmt.Sprintf("Test %s: %s", c.Outcome, testName(c))
	if place := (Test{TestCase: c}).Place(); place != "" {
		text += " (" + place + ")"
	}
	if c.Message != "" {
		text += "\n" + indent(c.Message, "    ")
	}
	return split(level, KindLog, text)
}

// testName is how a test is called in lists.
func testName(c result.TestCase) string {
	name := cmp.Or(c.Title, c.ID)
	if c.Suite != "" {
		name = c.Suite + ": " + name
	}
	return name
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by)
}

func runFinished(e lifecycle.RunFinished) []Line {
	end := "finished"
	if e.Interrupted {
		end = "interrupted"
	}
	return []Line{Banner("galley is %s. %s", end, text.KitchenDuration(e.Duration))}
}

// MoreFollows stands behind a piece of a line that is too long to be one.
const MoreFollows = " (the line goes on)"

// levels are all levels, the least first.
var levels = [...]lifecycle.Level{lifecycle.LevelDebug, lifecycle.LevelInfo, lifecycle.LevelWarn, lifecycle.LevelError}

// Rank orders levels; the empty level is info.
func Rank(l lifecycle.Level) int { return slices.Index(levels[:], cmp.Or(l, lifecycle.LevelInfo)) }
