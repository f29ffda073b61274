package console

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

const (
	// redrawEvery is how often the live block is drawn at most.
	redrawEvery = 100 * time.Millisecond
	// scrollNow is how much text may wait for the next redraw, in bytes.
	scrollNow = 64 << 10
	// maxNameWidth bounds the names in the live block, in columns.
	maxNameWidth = 40
)

// Console shows a run on a terminal: a line for each instance under way, drawn again as things go on, and above it, as
// lines that stay, the instances that have ended and whatever went wrong. With one instance its output scrolls by as
// well.
type Console struct {
	term  Terminal
	out   *text.Checked
	err   *text.Checked
	o     Options
	now   func() time.Time
	paint palette

	mu         sync.Mutex
	transcript *run.Transcript
	failures   failures
	format     lineFormat
	stream     bool
	instances  map[string]*consoleInstance
	running    []*consoleInstance // in the order in which they began
	shared     progressList
	began      time.Time
	ended      int
	scroll     heldLines

	// block is touched by whoever draws: loop, and Close when loop has ended.
	block liveBlock
	// drawNow asks loop to draw before the next tick.
	drawNow chan struct{}
	stop    chan struct{}
	stopped chan struct{}
}

// New draws on t, and prints the summary of what failed to err. Close must be called, also after an interrupt: it
// removes the live block.
func New(t Terminal, err io.Writer, o Options) *Console {
	c := &Console{
		term:       t,
		out:        &text.Checked{W: t},
		err:        &text.Checked{W: err},
		o:          o,
		now:        o.Now,
		paint:      palette{o.Color},
		transcript: run.NewTranscript(),
		format:     lineFormat{paint: palette{o.Color}},
		instances:  map[string]*consoleInstance{},
		drawNow:    make(chan struct{}, 1),
		stop:       make(chan struct{}),
		stopped:    make(chan struct{}),
	}
	if c.now == nil {
		c.now = time.Now
	}
	go c.loop()
	return c
}

// loop redraws until Close. It alone writes to the terminal while the run goes on: one that takes nothing (Ctrl-S, a
// slow connection) must not hold up the instances. What scrolls by waits for it, up to heldBytes, beyond which the
// oldest lines are in the log only.
func (c *Console) loop() {
	defer close(c.stopped)
	ticks := c.o.Ticks
	if ticks == nil {
		ticker := time.NewTicker(redrawEvery)
		defer ticker.Stop()
		ticks = ticker.C
	}
	for {
		select {
		case <-c.stop:
			return
		case <-ticks:
		case <-c.drawNow:
		}
		c.draw()
	}
}

// Handle takes in an event; the next redraw shows it.
func (c *Console) Handle(e lifecycle.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures.handle(e)
	if start, ok := e.(lifecycle.RunStarted); ok {
		c.begin(start)
	}
	lines := c.transcript.Lines(e)
	if name := e.At().Instance; name != "" {
		c.tell(c.instance(name), e, lines)
	} else {
		if p, ok := e.(lifecycle.Progress); ok {
			c.shared.note(p)
			lines = c.unlessLive(lines)
		}
		c.add("", 0, lines)
	}
	if c.scroll.bytes > scrollNow {
		select {
		case c.drawNow <- struct{}{}:
		default: // it is asked already
		}
	}
}

func (c *Console) begin(e lifecycle.RunStarted) {
	c.format.begin(e)
	c.began = c.now()
	switch c.o.Stream {
	case StreamAlways:
		c.stream = true
	case StreamAuto:
		c.stream = c.format.alone || c.o.Level == lifecycle.LevelDebug
	}
	for _, name := range e.Instances {
		c.instance(name)
	}
}

func (c *Console) instance(name string) *consoleInstance {
	inst, ok := c.instances[name]
	if !ok {
		inst = &consoleInstance{name: name, color: instanceColor(len(c.instances))}
		c.instances[name] = inst
	}
	return inst
}

// tell notes an event of an instance and lets scroll by what must stay.
func (c *Console) tell(inst *consoleInstance, e lifecycle.Event, lines []run.Line) {
	was := inst.running
	inst.note(e, c.now())
	inst.tail.Remember(e, lines)
	if inst.running && !was {
		c.running = append(c.running, inst)
	}
	c.add(inst.name, inst.color, c.unlessLive(lines))
	if done, ok := e.(lifecycle.InstanceFinished); ok {
		c.finish(inst, done)
	}
}

// unlessLive leaves out what the live block shows.
func (c *Console) unlessLive(lines []run.Line) []run.Line {
	if c.stream {
		return lines
	}
	var out []run.Line
	for _, l := range lines {
		if run.Rank(l.Level) >= run.Rank(lifecycle.LevelWarn) {
			out = append(out, l)
		}
	}
	return out
}

// add lets lines scroll by whose level is wanted.
func (c *Console) add(name string, color int, lines []run.Line) {
	for _, l := range lines {
		if run.Rank(l.Level) >= run.Rank(c.o.Level) {
			c.scroll.add(c.format.format(name, color, l))
		}
	}
}

func (c *Console) finish(inst *consoleInstance, e lifecycle.InstanceFinished) {
	c.ended++
	for i, r := range c.running {
		if r == inst {
			c.running = append(c.running[:i], c.running[i+1:]...)
			break
		}
	}
	if e.Error == "" {
		if run.Rank(c.o.Level) <= run.Rank(lifecycle.LevelInfo) {
			c.scroll.add(c.paint.paint(colorGreen, "✓ ") + c.paint.paint(inst.color, inst.finished(e)) + "\n")
		}
		return
	}
	c.scroll.add(c.paint.paint(colorRed, "✗ "+inst.finished(e)) + "\n")
	if inst.told != e.Error {
		c.add(inst.name, inst.color, []run.Line{failedLine(e)})
	}
	if !c.stream || !c.format.alone || run.Rank(c.o.Level) > run.Rank(lifecycle.LevelInfo) {
		c.add(inst.name, inst.color, tailOf(inst.tail))
	}
	c.add(inst.name, inst.color, logPathLine(e))
}

// draw writes what has scrolled by and the live block.
func (c *Console) draw() {
	width, height := c.term.Size()
	c.mu.Lock()
	lines, above := c.liveLines(width, height), c.scroll.take()
	c.mu.Unlock()
	c.out.Print(c.block.frame(above, lines, width, c.paint))
}

// liveLines is the block as it should be now, no higher than the window.
func (c *Console) liveLines(width, height int) []blockLine {
	if len(c.running) == 0 && len(c.shared.items) == 0 {
		return nil
	}
	now := c.now()
	var lines []blockLine
	for _, p := range c.shared.items {
		lines = append(lines, blockLine{text.Cut(progressText(p), width), 0})
	}
	names := 0
	for _, inst := range c.running {
		names = max(names, text.Cells(text.Flat(inst.name)))
	}
	names = min(names, maxNameWidth, max(width/3, 8))
	for _, inst := range c.running {
		lines = append(lines, inst.live(names, width, now, c.stream))
	}
	status := c.status(now)
	// One row for the cursor below the block, one for the status.
	if room := max(height-2, 1); len(lines) > room {
		hidden := len(lines) - room + 1
		lines = append(lines[:room-1:room-1], blockLine{text.Cut(fmt.Sprintf("… and %d more", hidden), width), colorDim})
	}
	if status != "" && height > 2 {
		lines = append(lines, blockLine{text.Cut(status, width), colorDim})
	}
	return lines
}

// status is the last line of the block: how far the whole run has come.
func (c *Console) status(now time.Time) string {
	if c.format.alone {
		return ""
	}
	all := len(c.instances)
	parts := []string{fmt.Sprintf("%d of %d done", c.ended, all)}
	if n := len(c.failures.failed); n > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", n))
	}
	parts = append(parts, fmt.Sprintf("%d running", len(c.running)))
	if n := all - c.ended - len(c.running); n > 0 {
		parts = append(parts, fmt.Sprintf("%d waiting", n))
	}
	return strings.Join(append(parts, liveDuration(now.Sub(c.began))), " · ")
}

// Close removes the live block, prints the summary of what failed, and returns the first error of writing.
func (c *Console) Close() error {
	close(c.stop)
	<-c.stopped
	c.mu.Lock()
	defer c.mu.Unlock()
	width, _ := c.term.Size()
	c.out.Print(c.block.frame(c.scroll.take(), nil, width, c.paint))
	for _, s := range c.failures.flaky() {
		c.err.Print(c.paint.paint(colorYellow, "$$$$$$ "+s) + "\n")
	}
	for _, s := range c.failures.summary() {
		c.err.Print(c.paint.paint(colorRed, ">>>>>> "+s) + "\n")
	}
	return text.JoinErrors(c.out, c.err)
}
