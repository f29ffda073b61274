package console

import (
	"errors"
	"io"
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
)

// Console shows a run on a terminal: a line for each instance under way, drawn again as things go on, and above it, as
// lines that stay, the instances that have ended and whatever went wrong. With one instance its output scrolls by as
// well.
type Console struct {
	term Terminal

	// mu is held while an event is taken in, and while loop reads what came of them.
	mu sync.Mutex
	view
	// stream has the output of commands scroll by above the live block.
	stream bool
	scroll heldLines

	// block is used by loop, and by Close when loop has ended.
	block liveBlock
	// drawNow asks loop to draw before the next tick.
	drawNow chan struct{}
	pauses  chan pause
	stop    chan struct{}
	stopped chan struct{}
}

// pause is a time in which others have the terminal.
type pause struct{ begun, over chan struct{} }

// New draws on t, and prints the summary of what failed to err. Close must be called, also after an interrupt: it
// removes the live block.
func New(t Terminal, err io.Writer, o Options) *Console {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Fold = text.FoldNone
	c := &Console{
		view:    newView(t, err, o),
		term:    t,
		drawNow: make(chan struct{}, 1),
		pauses:  make(chan pause),
		stop:    make(chan struct{}),
		stopped: make(chan struct{}),
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
		case p := <-c.pauses:
			c.draw(false)
			close(p.begun)
			select {
			case <-p.over:
			case <-c.stop:
				return
			}
		case <-ticks:
		case <-c.drawNow:
		}
		c.draw(true)
	}
}

// Pause leaves the terminal to others, with all that has scrolled by and without the live block, until resume is
// called.
func (c *Console) Pause() (resume func()) {
	p := pause{make(chan struct{}), make(chan struct{})}
	select {
	case c.pauses <- p:
		<-p.begun
	case <-c.stopped:
	}
	return func() { close(p.over) }
}

// Handle takes in an event; the next redraw shows it.
func (c *Console) Handle(e lifecycle.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	inst, lines := c.note(e)
	_, progress := e.(lifecycle.Progress)
	if start, ok := e.(lifecycle.RunStarted); ok {
		c.stream = len(start.Instances) == 1 || c.o.Level == lifecycle.LevelDebug
	}
	if inst != nil {
		inst.remember(e)
	}
	for _, l := range lines {
		// The live block shows the rest.
		if c.stream || inst == nil && !progress || run.Rank(l.Level) >= run.Rank(lifecycle.LevelWarn) {
			c.add(inst, l)
		}
	}
	if done, ok := e.(lifecycle.InstanceFinished); ok {
		c.finish(inst, done)
	}
	if c.scroll.bytes > scrollNow {
		select {
		case c.drawNow <- struct{}{}:
		default: // it is asked already
		}
	}
}

// add lets a line scroll by whose level is wanted.
func (c *Console) add(inst *instance, l run.Line) {
	if c.shown(l.Level) {
		c.scroll.add(c.line(inst, l))
	}
}

// finish leaves a line of the instance, and what it failed with.
func (c *Console) finish(inst *instance, e lifecycle.InstanceFinished) {
	if e.NotRun != "" {
		return // the transcript says it
	}
	if e.Error == "" {
		if c.shown(lifecycle.LevelInfo) {
			c.scroll.add(c.paint.Paint(Green, "✓ ") + c.paint.Paint(inst.color, inst.finished()) + "\n")
		}
		return
	}
	c.scroll.add(c.paint.Paint(Red, "✗ "+inst.finished()) + "\n")
	for _, l := range c.failure(inst, e, c.stream && c.alone && c.shown(lifecycle.LevelInfo)) {
		c.add(inst, l)
	}
}

// draw writes what has scrolled by, and the live block below it or, without live, nothing in its place.
func (c *Console) draw(live bool) {
	width, height := c.term.Size()
	var lines []blockLine
	c.mu.Lock()
	if live {
		lines = c.liveLines(width, height)
	}
	above := c.scroll.take()
	c.mu.Unlock()
	c.out.Print(c.block.frame(above, lines, width, c.paint))
}

// Close removes the live block, prints the table of the instances and the summary of what failed, and returns the first
// error of writing.
func (c *Console) Close() error {
	close(c.stop)
	<-c.stopped
	c.draw(false)
	c.mu.Lock()
	defer c.mu.Unlock()
	width, _ := c.term.Size()
	c.table(width)
	c.summarize()
	return errors.Join(c.out.Err, c.err.Err)
}
