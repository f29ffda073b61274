package html

import (
	"fmt"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// timeline is the run drawn as bars, placed in percent of its duration.
type timeline struct {
	Ticks  []timelineTick
	Rows   []timelineRow
	Legend []string
	// Waited and Failed report whether there are such bars.
	Waited, Failed bool
}

type timelineTick struct{ At, Label string }

type timelineRow struct {
	Name, Class, Note string
	Bars              []timelineBar
}

type timelineBar struct {
	Left, Width  string
	Class, Title string
	// Label is shown inside of the bar where there is room.
	Label string
}

func newTimeline(r *run.Run) timeline {
	scale := timeScale{r.Started, max(r.Duration, time.Millisecond)}
	t := timeline{Ticks: scale.ticks()}
	for _, w := range r.Work {
		t.Rows = append(t.Rows, timelineRow{
			Name: text.Line(w.What), Class: "shared", Note: text.ShortDuration(w.Duration),
			Bars: []timelineBar{workBar(scale, w)},
		})
	}
	seen := map[string]bool{}
	for _, i := range r.Instances {
		row := timelineRow{Name: i.Name, Class: statusClass(i.Status), Note: text.ShortDuration(i.Duration)}
		if i.Status == run.NotStarted {
			row.Note = "not started"
		}
		if wait := i.Started.Sub(r.Started); !i.Started.IsZero() && wait > 0 {
			row.Bars = append(row.Bars, scale.bar(r.Started, wait, "wait", "waited "+text.ShortDuration(wait), ""))
			t.Waited = true
		}
		for _, p := range i.Phases {
			row.Bars = append(row.Bars, phaseBar(scale, p))
			seen[string(p.Phase)] = true
			t.Failed = t.Failed || p.Status == run.Failed
		}
		for _, w := range i.Work {
			bar := workBar(scale, w)
			bar.Class += " own"
			row.Bars = append(row.Bars, bar)
			seen["work"] = true
		}
		t.Rows = append(t.Rows, row)
	}
	if len(r.Work) > 0 {
		seen["work"] = true
	}
	for _, name := range []lifecycle.Phase{
		lifecycle.PhaseDestroy, lifecycle.PhaseCreate, lifecycle.PhaseConverge, lifecycle.PhaseSetup,
		lifecycle.PhaseVerify, lifecycle.PhasePublish, lifecycle.PhasePackage, "work",
	} {
		if seen[string(name)] {
			t.Legend = append(t.Legend, string(name))
		}
	}
	return t
}

func phaseBar(scale timeScale, p *run.Phase) timelineBar {
	class := "bar-" + string(p.Phase)
	title := fmt.Sprintf("%s: %s, %s", p.Name(), p.Status, text.ShortDuration(p.Duration))
	if p.Status != run.Passed {
		class += " is-" + string(p.Status)
	}
	return scale.bar(p.Started, p.Duration, class, title, p.Name())
}

func workBar(scale timeScale, w *run.Work) timelineBar {
	title := fmt.Sprintf("%s: %s", text.Line(w.What), text.ShortDuration(w.Duration))
	if w.Bytes > 0 {
		title += ", " + text.Size(w.Bytes)
	}
	return scale.bar(w.Started, w.Duration, "bar-work", title, "")
}

// timeScale turns times into percent of the run.
type timeScale struct {
	start time.Time
	all   time.Duration
}

func (s timeScale) percent(d time.Duration) string {
	return fmt.Sprintf("%.2f", min(max(100*float64(d)/float64(s.all), 0), 100))
}

func (s timeScale) bar(at time.Time, d time.Duration, class, title, label string) timelineBar {
	if float64(d)/float64(s.all) < 0.09 {
		label = "" // the bar is too short for it
	}
	return timelineBar{Left: s.percent(at.Sub(s.start)), Width: s.percent(d), Class: class, Title: title, Label: label}
}

// tickSteps are the distances between ticks, small ones first.
var tickSteps = [...]time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour,
}

// ticks are at round times, up to seven of them. At the very end a label has no room.
func (s timeScale) ticks() []timelineTick {
	n := 0
	for n < len(tickSteps)-1 && s.all/tickSteps[n] > 6 {
		n++
	}
	step := tickSteps[n]
	for s.all/step > 6 {
		step *= 2
	}
	var out []timelineTick
	for at := time.Duration(0); at <= s.all*95/100; at += step {
		out = append(out, timelineTick{s.percent(at), tickLabel(at, step)})
	}
	return out
}

func tickLabel(at, step time.Duration) string {
	switch {
	case at == 0:
		return "0"
	case step < time.Second:
		return fmt.Sprintf("%.3gs", at.Seconds())
	case at < time.Minute:
		return fmt.Sprintf("%ds", at/time.Second)
	case at < time.Hour:
		if at%time.Minute == 0 {
			return fmt.Sprintf("%dm", at/time.Minute)
		}
		return fmt.Sprintf("%dm%02ds", at/time.Minute, at%time.Minute/time.Second)
	default:
		return text.ShortDuration(at)
	}
}
