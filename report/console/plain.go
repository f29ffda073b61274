package console

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// Plain prints a run as lines in Test Kitchen's manner, for pipes and CI logs. With one instance the lines are exactly
// Test Kitchen's; with several, each begins with the instance's name in brackets.
type Plain struct {
	view
	inTurn bool // instances run one after the other
}

// section is the folded section that an instance is in.
type section struct {
	// name is "" for none.
	name, title string
	// opened is true when its start was printed; sections without output are not.
	opened bool
	held   heldLines
	// after is what must not be folded away.
	after []run.Line
}

// NewPlain prints to out, and the summary of what failed to err.
func NewPlain(out, err io.Writer, o Options) *Plain {
	return &Plain{view: newView(out, err, o)}
}

// Handle prints an event, inside the section of its phase where sections are wanted.
func (p *Plain) Handle(e lifecycle.Event) {
	inst, lines := p.note(e)
	switch e := e.(type) {
	case lifecycle.RunStarted:
		p.inTurn = p.alone || e.Concurrency <= 1
	case lifecycle.PhaseStarted:
		if p.o.Fold.Sections() {
			p.openSection(inst, e)
			return
		}
	case lifecycle.PhaseFinished:
		p.closeSection(inst, e.Time)
	case lifecycle.InstanceFinished:
		p.closeSection(inst, e.Time)
		if e.Error != "" {
			// Where the log has just been printed (one instance, nothing left out) only its path is.
			p.print(inst, p.failure(inst, e, p.alone && !p.o.Fold.Sections() && p.shown(lifecycle.LevelInfo)))
		}
	}
	if inst == nil || inst.section.name == "" {
		p.print(inst, lines)
		return
	}
	for _, l := range lines {
		if p.shown(l.Level) {
			p.fold(inst, l, e.At().Time)
		}
	}
}

// openSection begins the section of a phase. Sections cannot overlap, so when instances run side by side the output is
// held back until the phase ends.
func (p *Plain) openSection(inst *instance, e lifecycle.PhaseStarted) {
	p.closeSection(inst, e.Time)
	inst.section.name = fmt.Sprintf("%s.%s.%d", inst.Name, e.Phase, e.Time.UnixNano())
	inst.section.title = fmt.Sprintf("%s <%s>", e.Phase.Doing(), inst.Name)
	if !p.inTurn {
		p.print(inst, []run.Line{run.Banner("%s...", inst.section.title)})
	}
}

// fold puts a line into the open section. Errors come after it, in the open.
func (p *Plain) fold(inst *instance, l run.Line, at time.Time) {
	s, shown := &inst.section, p.line(inst, l)
	switch {
	case l.Level == lifecycle.LevelError:
		s.after = append(s.after, l)
	case !p.inTurn:
		s.held.add(shown)
	case !s.opened:
		s.opened = true
		p.out.Print(p.o.Fold.Start(s.name, text.Line(s.title), at) + shown)
	default:
		p.out.Print(shown)
	}
}

func (p *Plain) closeSection(inst *instance, at time.Time) {
	s := inst.section
	inst.section = section{}
	if s.opened {
		p.out.Print(p.o.Fold.End(s.name, at))
	}
	if len(s.held.lines) > 0 {
		p.out.Print(p.o.Fold.Start(s.name, text.Line(s.title), at) + s.held.take() + p.o.Fold.End(s.name, at))
	}
	p.print(inst, s.after)
}

// print writes the lines whose level is wanted.
func (p *Plain) print(inst *instance, lines []run.Line) {
	for _, l := range lines {
		if p.shown(l.Level) {
			p.out.Print(p.line(inst, l))
		}
	}
}

// Close ends open sections, prints the table of the instances and the summary of what failed, and returns the first
// error of writing.
func (p *Plain) Close() error {
	r := p.collector.Result()
	for _, i := range r.Instances {
		p.closeSection(p.instance(i.Name), r.Started.Add(r.Duration))
	}
	p.table(0)
	p.summarize()
	return errors.Join(p.out.Err, p.err.Err)
}
