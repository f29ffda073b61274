package console

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// Plain prints a run as lines in Test Kitchen's manner, for pipes and CI logs. With one instance the lines are exactly
// Test Kitchen's; with several, each begins with the instance's name in brackets.
type Plain struct {
	out, err *text.Checked
	o        Options

	mu         sync.Mutex
	transcript *run.Transcript
	failures   failures
	instances  map[string]*plainInstance
	format     lineFormat
	inTurn     bool // instances run one after the other
}

// plainInstance is what Plain knows of an instance.
type plainInstance struct {
	name  string
	color int
	tail  run.Tail
	// told is the failure that was printed last.
	told string
	// section is the folded section that the instance is in, "" for none.
	section string
	title   string
	// opened tells that its start was printed; sections without output are not.
	opened bool
	held   heldLines
	// after is what must not be folded away.
	after []run.Line
}

// NewPlain prints to out, and the summary of what failed to err.
func NewPlain(out, err io.Writer, o Options) *Plain {
	return &Plain{
		out:        &text.Checked{W: out},
		err:        &text.Checked{W: err},
		o:          o,
		format:     lineFormat{paint: palette{o.Color}, fold: o.Fold},
		transcript: run.NewTranscript(),
		instances:  map[string]*plainInstance{},
	}
}

// Handle prints an event.
func (p *Plain) Handle(e lifecycle.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures.handle(e)
	if start, ok := e.(lifecycle.RunStarted); ok {
		p.begin(start)
	}
	stamp := e.At()
	lines := p.transcript.Lines(e)
	if stamp.Instance == "" {
		for _, l := range lines {
			p.print(nil, l)
		}
		return
	}
	inst := p.instance(stamp.Instance)
	inst.tail.Remember(e, lines)
	p.tell(inst, e, lines)
}

// tell prints the lines of an instance's event, inside the section of its phase where sections are wanted.
func (p *Plain) tell(inst *plainInstance, e lifecycle.Event, lines []run.Line) {
	switch e := e.(type) {
	case lifecycle.PhaseStarted:
		if p.o.Fold.Sections() {
			p.openSection(inst, e)
			return
		}
	case lifecycle.PhaseFinished:
		p.closeSection(inst, e.Time)
		inst.told = e.Error
	case lifecycle.InstanceFinished:
		p.closeSection(inst, e.Time)
		if e.Error != "" {
			p.printFailure(inst, e)
		}
	}
	for _, l := range lines {
		switch {
		case inst.section == "":
			p.print(inst, l)
		case p.shown(l):
			p.fold(inst, l, e.At().Time)
		}
	}
}

func (p *Plain) begin(e lifecycle.RunStarted) {
	p.format.begin(e)
	p.inTurn = p.format.alone || e.Concurrency <= 1
	for _, name := range e.Instances {
		p.instance(name)
	}
}

func (p *Plain) instance(name string) *plainInstance {
	inst, ok := p.instances[name]
	if !ok {
		inst = &plainInstance{name: name, color: instanceColor(len(p.instances))}
		p.instances[name] = inst
	}
	return inst
}

// openSection begins the section of a phase. Sections cannot overlap, so when instances run side by side the output is
// held back until the phase ends.
func (p *Plain) openSection(inst *plainInstance, e lifecycle.PhaseStarted) {
	p.closeSection(inst, e.Time)
	inst.section = fmt.Sprintf("%s.%s.%d", inst.name, e.Phase, e.Time.UnixNano())
	inst.title = fmt.Sprintf("%s <%s>", e.Phase.Doing(), inst.name)
	if !p.inTurn {
		p.print(inst, run.Banner("%s...", inst.title))
	}
}

// fold puts a line into the open section. Errors come after it, in the open.
func (p *Plain) fold(inst *plainInstance, l run.Line, at time.Time) {
	shown := p.format.format(inst.name, inst.color, l)
	switch {
	case l.Level == lifecycle.LevelError:
		inst.after = append(inst.after, l)
	case !p.inTurn:
		inst.held.add(shown)
	case !inst.opened:
		inst.opened = true
		p.out.Print(p.o.Fold.Start(inst.section, text.Line(inst.title), at) + shown)
	default:
		p.out.Print(shown)
	}
}

func (p *Plain) closeSection(inst *plainInstance, at time.Time) {
	if inst.opened {
		p.out.Print(p.o.Fold.End(inst.section, at))
	}
	if !inst.held.empty() {
		p.out.Print(p.o.Fold.Start(inst.section, text.Line(inst.title), at) + inst.held.take() + p.o.Fold.End(inst.section, at))
	}
	after := inst.after
	inst.section, inst.opened, inst.after = "", false, nil
	p.printAll(inst, after)
}

// printFailure shows the end of an instance's log. Where the log has just gone by (one instance, nothing left out) only
// its path is told.
func (p *Plain) printFailure(inst *plainInstance, e lifecycle.InstanceFinished) {
	wentBy := p.format.alone && !p.o.Fold.Sections() && run.Rank(p.o.Level) <= run.Rank(lifecycle.LevelInfo)
	if inst.told != e.Error {
		p.print(inst, failedLine(e))
	}
	if !wentBy {
		p.printAll(inst, tailOf(inst.tail))
	}
	p.printAll(inst, logPathLine(e))
}

func (p *Plain) shown(l run.Line) bool { return run.Rank(l.Level) >= run.Rank(p.o.Level) }

// print writes a line if its level is wanted; inst is nil for the run itself.
func (p *Plain) print(inst *plainInstance, l run.Line) {
	switch {
	case !p.shown(l):
	case inst == nil:
		p.out.Print(p.format.format("", 0, l))
	default:
		p.out.Print(p.format.format(inst.name, inst.color, l))
	}
}

func (p *Plain) printAll(inst *plainInstance, lines []run.Line) {
	for _, l := range lines {
		p.print(inst, l)
	}
}

// Close ends open sections, prints the summary of what failed, and returns the first error of writing.
func (p *Plain) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.failures.end.Time
	for _, name := range p.failures.running {
		p.closeSection(p.instance(name), at)
	}
	for _, s := range p.failures.flaky() {
		p.err.Print(p.format.paint.paint(colorYellow, p.o.Fold.Defuse("$$$$$$ "+s)) + "\n")
	}
	for _, s := range p.failures.summary() {
		p.err.Print(p.format.paint.paint(colorRed, p.o.Fold.Defuse(">>>>>> "+s)) + "\n")
	}
	return text.JoinErrors(p.out, p.err)
}
