package console

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

const (
	// maxNameWidth bounds the names in the live block, in columns.
	maxNameWidth = 40
	barWidth     = 20
)

// liveLines is the block as it should be now, no higher than the window.
func (c *Console) liveLines(width, height int) []blockLine {
	r, now := c.collector.Result(), c.o.Now()
	var lines []blockLine
	for _, w := range r.Work {
		if w.Status == run.Unfinished {
			lines = append(lines, blockLine{text.Cut(workText(w), width), 0})
		}
	}
	var running []*instance // in the order in which they began
	names := 0
	for _, i := range r.Instances {
		if i.Status == run.Unfinished {
			running = append(running, c.instance(i.Name))
			names = max(names, text.Cells(text.Flat(i.Name)))
		}
	}
	slices.SortStableFunc(running, func(a, b *instance) int { return a.Started.Compare(b.Started) })
	names = min(names, maxNameWidth, max(width/3, 8))
	for _, inst := range running {
		lines = append(lines, inst.live(names, width, now, c.stream))
	}
	if len(lines) == 0 {
		return nil
	}
	// One row for the cursor below the block, one for the status.
	if room := max(height-2, 1); len(lines) > room {
		hidden := len(lines) - room + 1
		lines = append(lines[:room-1:room-1], blockLine{text.Cut(fmt.Sprintf("… and %d more", hidden), width), Dim})
	}
	if !c.alone && height > 2 {
		lines = append(lines, blockLine{text.Cut(status(r, now), width), Dim})
	}
	return lines
}

// status is the last line of the block: how far the whole run has come.
func status(r *run.Run, now time.Time) string {
	failed := r.Count(run.Failed)
	parts := []string{fmt.Sprintf("%d of %d done", failed+r.Count(run.Passed), len(r.Instances))}
	if failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", failed))
	}
	parts = append(parts, fmt.Sprintf("%d running", r.Count(run.Unfinished)))
	if n := r.Count(run.NotStarted); n > 0 {
		parts = append(parts, fmt.Sprintf("%d waiting", n))
	}
	return strings.Join(append(parts, liveDuration(now.Sub(r.Started))), " · ")
}

// remember keeps the last line for the live block.
func (i *instance) remember(e lifecycle.Event) {
	shown := ""
	switch e := e.(type) {
	case lifecycle.PhaseStarted:
		i.last = ""
	case lifecycle.StepStarted:
		i.last = ""
		if e.Step != lifecycle.StepRun { // what runs soon says something itself
			i.last = strings.ReplaceAll(string(e.Step), "_", " ") + "…"
		}
	case lifecycle.Output:
		shown = e.Text
	case lifecycle.Notice:
		shown = e.Text
	}
	shown = strings.TrimRight(shown, "\n")
	shown = shown[strings.LastIndexByte(shown, '\n')+1:]
	if shown = strings.TrimSpace(text.Flat(shown)); shown != "" {
		i.last = shown
	}
}

// live is the instance's line in the live block. Where its output scrolls by, it is not repeated there.
func (i *instance) live(nameWidth, width int, now time.Time, streamed bool) blockLine {
	phase, since, counts := lifecycle.Phase(""), i.Started, ""
	if n := len(i.Phases); n > 0 {
		last := i.Phases[n-1]
		phase, since, counts = last.Phase, last.Started, run.Counts(last.Tests)
	}
	shown := i.last
	if streamed {
		shown = ""
	}
	for _, w := range i.Work {
		if w.Status == run.Unfinished { // what began last is shown
			shown = workText(w)
		}
	}
	if counts != "" {
		shown = counts + "  " + shown
	}
	name := text.Pad(text.Cut(text.Flat(i.Name), nameWidth), nameWidth)
	s := fmt.Sprintf("%s  %-8s %6s  %s", name, phase, liveDuration(now.Sub(since)), shown)
	return blockLine{text.Cut(strings.TrimRight(s, " "), width), i.color}
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
func (i *instance) finished() string {
	var phases, parts []string
	summary := ""
	for _, p := range i.Phases {
		how := ""
		switch p.Status {
		case run.Unfinished:
			continue
		case run.Failed:
			how = " failed after"
		}
		phases = append(phases, fmt.Sprintf("%s%s %s", p.Name(), how, text.ShortDuration(p.Duration)))
		if p.Summary != "" {
			summary = text.Flat(text.First(p.Summary))
		}
	}
	if i.Error != "" {
		summary = ""
	}
	for _, part := range []string{strings.Join(phases, ", "), i.Counts(), summary} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return fmt.Sprintf("%s  %s %s", text.Flat(i.Name), strings.Join(parts, " · "), text.KitchenDuration(i.Duration))
}

// workText is "pull debian:12 [=====>    ] 12MB/48MB Extracting".
func workText(w *run.Work) string {
	s := text.Flat(w.What)
	switch {
	case w.Total > 0:
		filled := int(min(w.Bytes, w.Total) * barWidth / w.Total)
		bar := strings.Repeat("=", max(filled, 0))
		if filled < barWidth {
			bar += ">"
		}
		s += fmt.Sprintf(" [%-*s] %s/%s", barWidth, bar, text.Size(w.Bytes), text.Size(w.Total))
	case w.Bytes > 0:
		s += " " + text.Size(w.Bytes)
	}
	if w.Detail != "" {
		s += " " + text.Flat(w.Detail)
	}
	return s
}

// The control sequences that the live block needs.
const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	wrapOff    = "\x1b[?7l"
	wrapOn     = "\x1b[?7h"
	eraseLine  = "\x1b[2K"
	lineUp     = "\x1b[A"
)

// liveBlock is the part at the end of a terminal that is drawn again and again. Between two frames the cursor is
// visible and line wrap is on, so that a process that is killed leaves a terminal in order.
type liveBlock struct {
	drawn []blockLine
	width int
}

// blockLine is a line of the block: its text, and how to colour it.
type blockLine struct {
	text  string
	color int
}

// frame is what must be written so that above appears as ordinary, scrolling text and the block below it; it is empty
// when nothing changes.
func (b *liveBlock) frame(above string, lines []blockLine, width int, paint Palette) string {
	if above == "" && width == b.width && slices.Equal(lines, b.drawn) {
		return ""
	}
	var s strings.Builder
	s.WriteString(hideCursor)
	s.WriteString("\r" + eraseLine)
	// Row by row: "erase all below", at the top of the screen, makes some terminals put a copy of the block into their
	// history.
	s.WriteString(strings.Repeat(lineUp+eraseLine, b.rows(width)))
	s.WriteString(above)
	s.WriteString(wrapOff)
	for _, l := range lines {
		s.WriteString(paint.Paint(l.color, l.text))
		s.WriteString("\n")
	}
	s.WriteString(wrapOn)
	s.WriteString(showCursor)
	b.drawn, b.width = lines, width
	return s.String()
}

// rows is how many rows the block takes now: when the window has become narrower, terminals fold what was drawn before.
func (b *liveBlock) rows(width int) int {
	n := 0
	for _, l := range b.drawn {
		n += max(1, (text.Cells(l.text)+width-1)/width)
	}
	return n
}
