package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// consoleInstance is what Console knows of an instance.
type consoleInstance struct {
	name    string
	color   int
	running bool
	phase   lifecycle.Phase
	since   time.Time
	last    string
	work    progressList
	done    []string // "create 2.1s"
	summary string
	tests   map[result.Outcome]int
	told    string
	tail    run.Tail
}

// note takes in an event of the instance.
func (c *consoleInstance) note(e lifecycle.Event, now time.Time) {
	switch e := e.(type) {
	case lifecycle.InstanceStarted:
		c.running, c.since = true, now
	case lifecycle.PhaseStarted:
		if e.Phase == c.phase { // done again: its tests count anew
			c.tests = nil
		}
		c.running, c.phase, c.since, c.last = true, e.Phase, now, ""
	case lifecycle.PhaseFinished:
		c.told = e.Error
		how := ""
		if e.Error != "" {
			how = " failed after"
		}
		c.done = append(c.done, fmt.Sprintf("%s%s %s", e.Phase, how, text.ShortDuration(e.Duration)))
	case lifecycle.Output:
		c.setLast(e.Text)
	case lifecycle.Notice:
		c.setLast(e.Text)
	case lifecycle.Progress:
		c.work.note(e)
	case lifecycle.ConvergeSummary:
		c.summary = text.Flat(text.First(e.Text))
	case lifecycle.TestFinished:
		if c.tests == nil {
			c.tests = map[result.Outcome]int{}
		}
		c.tests[e.Case.Outcome]++
	case lifecycle.InstanceFinished:
		c.running = false
	}
}

func (c *consoleInstance) setLast(shown string) {
	if i := strings.LastIndexByte(strings.TrimRight(shown, "\n"), '\n'); i >= 0 {
		shown = shown[i+1:]
	}
	if s := strings.TrimSpace(text.Flat(shown)); s != "" {
		c.last = s
	}
}

// live is the instance's line in the live block. Where its output scrolls by, it is not repeated there.
func (c *consoleInstance) live(nameWidth, width int, now time.Time, streamed bool) blockLine {
	shown := c.work.current()
	if shown == "" && !streamed {
		shown = c.last
	}
	name := text.Pad(text.Cut(text.Flat(c.name), nameWidth), nameWidth)
	s := fmt.Sprintf("%s  %-8s %6s  %s", name, c.phase, liveDuration(now.Sub(c.since)), shown)
	return blockLine{text.Cut(strings.TrimRight(s, " "), width), c.color}
}

// liveDuration changes once a second only, so that a quiet run redraws no more.
func liveDuration(d time.Duration) string {
	d = max(d, 0).Truncate(time.Second)
	if d < time.Minute {
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return text.ShortDuration(d)
}

// finished is the line that stays when the instance has ended.
func (c *consoleInstance) finished(e lifecycle.InstanceFinished) string {
	parts := strings.Join(c.done, ", ")
	if t := run.TestCounts(c.tests); t != "" {
		parts += " · " + t
	}
	if c.summary != "" && e.Error == "" {
		parts += " · " + c.summary
	}
	return fmt.Sprintf("%s  %s %s", text.Flat(c.name), strings.TrimPrefix(parts, " · "), text.KitchenDuration(e.Duration))
}

// progressList is the long work under way, in the order in which it began.
type progressList struct{ items []lifecycle.Progress }

func (p *progressList) note(e lifecycle.Progress) {
	for i, known := range p.items {
		if known.What != e.What {
			continue
		}
		if e.Done {
			p.items = append(p.items[:i:i], p.items[i+1:]...)
		} else {
			p.items[i] = e
		}
		return
	}
	if !e.Done {
		p.items = append(p.items, e)
	}
}

// current is the work that began last.
func (p *progressList) current() string {
	if len(p.items) == 0 {
		return ""
	}
	return progressText(p.items[len(p.items)-1])
}

const barWidth = 20

// progressText is "pull debian:12 [=====>    ] 12MB/48MB Extracting".
func progressText(e lifecycle.Progress) string {
	s := text.Flat(e.What)
	switch {
	case e.Total > 0:
		filled := int(min(e.Current, e.Total) * barWidth / e.Total)
		bar := strings.Repeat("=", max(filled, 0))
		if filled < barWidth {
			bar += ">"
		}
		s += fmt.Sprintf(" [%-*s] %s/%s", barWidth, bar, text.Size(e.Current), text.Size(e.Total))
	case e.Current > 0:
		s += " " + text.Size(e.Current)
	}
	if e.Status != "" {
		s += " " + text.Flat(e.Status)
	}
	return s
}
