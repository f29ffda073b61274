package console

import (
	"fmt"
	"io"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// view is what Plain and Console have in common: what has happened so far, and how it is shown.
type view struct {
	out, err   *text.Checked
	o          Options
	transcript *run.Transcript
	collector  *run.Collector
	instances  map[string]*instance
	paint      Palette
	// alone means that one instance was selected, so lines need no name.
	alone bool
	// width is that of the longest name of an instance.
	width int
}

// instance is what is shown of an instance.
type instance struct {
	*run.Instance
	color int
	tail  run.Tail
	// last is the last line that was printed or remarked in the current phase.
	last    string
	section section
}

func newView(out, err io.Writer, o Options) view {
	return view{
		out: &text.Checked{W: out}, err: &text.Checked{W: err}, o: o, paint: Palette{o.Color},
		transcript: run.NewTranscript(), collector: run.NewCollector(), instances: map[string]*instance{},
	}
}

// note takes in an event, and returns its lines and its instance, nil for the run itself.
func (v *view) note(e lifecycle.Event) (*instance, []run.Line) {
	v.collector.Handle(e)
	if start, ok := e.(lifecycle.RunStarted); ok {
		v.alone = len(start.Instances) == 1
		for _, name := range start.Instances {
			v.instance(name)
			v.width = max(v.width, text.Cells(text.Flat(name)))
		}
	}
	lines := v.transcript.Lines(e)
	if _, ok := e.(lifecycle.RunFinished); ok {
		lines = append(v.collector.Result().TimingLine(), lines...)
	}
	name := e.At().Instance
	if name == "" {
		return nil, lines
	}
	inst := v.instance(name)
	inst.tail.Remember(e, lines)
	return inst, lines
}

func (v *view) instance(name string) *instance {
	inst, ok := v.instances[name]
	if !ok {
		color := instanceColors[len(v.instances)%len(instanceColors)]
		inst = &instance{Instance: v.collector.Instance(name), color: color}
		v.instances[name] = inst
	}
	return inst
}

// shown reports whether lines of a level are wanted.
func (v *view) shown(l lifecycle.Level) bool { return run.Rank(l) >= run.Rank(v.o.Level) }

// line writes a line of an instance, or of the run itself where there is none, with its newline.
func (v *view) line(inst *instance, l run.Line) string {
	tag, color := "", 0
	if inst != nil {
		color = inst.color
	}
	if inst != nil && !v.alone {
		tag = text.Pad("["+text.Flat(inst.Name)+"]", v.width+2) + " "
	}
	shown := text.Line(l.Text)
	if v.paint.On {
		shown = text.Colored(l.Text)
	}
	if l.Partial {
		shown += run.MoreFollows
	}
	body := tag + l.Prefix() + shown
	if l.Text == "" {
		body = tag
	}
	switch l.Level { // errors and warnings stand out
	case lifecycle.LevelError:
		color = Red
	case lifecycle.LevelWarn:
		color = Yellow
	}
	// No blanks at the end: an empty line of output has nothing to indent.
	return v.paint.Paint(color, v.o.Fold.Defuse(strings.TrimRight(body, " "))) + "\n"
}

// failure returns why an instance failed, unless that has just been printed, and the end of its log, unless wentBy says
// that it was printed too.
func (v *view) failure(inst *instance, e lifecycle.InstanceFinished, wentBy bool) []run.Line {
	var out []run.Line
	add := func(format string, args ...any) {
		out = append(out, run.LogLine(lifecycle.LevelError, format, args...))
	}
	if n := len(inst.Phases); n == 0 || inst.Phases[n-1].Error != e.Error {
		// No phase has told of it, and what to do about it is in the lines after the first.
		first, remedy, more := strings.Cut(e.Error, "\n")
		add("<%s> failed: %s%s", e.Instance, inPhase(inst.Instance), first)
		for more {
			first, remedy, more = strings.Cut(remedy, "\n")
			add("  %s", first)
		}
	}
	if lines := inst.tail.List(); len(lines) > 0 && !wentBy {
		add("The last lines of its log:")
		for _, l := range lines {
			add("  %s", l)
		}
	}
	if e.LogPath != "" {
		add("The whole log: %s", e.LogPath)
	}
	next := inst.next()
	if len(next) > 1 && v.isGroup(e.Instance) {
		next = next[1:] // it has several runners to log into
	}
	for _, command := range next {
		add("Next: %s", command)
	}
	return out
}

// isGroup reports whether an instance stands for several nodes.
func (v *view) isGroup(name string) bool {
	plain, _, _ := strings.Cut(name, "@")
	for other := range v.instances {
		if strings.HasPrefix(other, plain+"/") {
			return true
		}
	}
	return false
}

// next are the commands that a person types after the instance failed: to look into the runner while there is one, and
// to try again.
func (i *instance) next() []string {
	name, gone := runner.Quote(text.Line(i.Name)), false
	for _, p := range i.Phases {
		gone = p.Phase == lifecycle.PhaseDestroy
	}
	again := "galley " + string(i.FailedPhase) + " " + name
	switch i.FailedPhase {
	case lifecycle.PhaseConverge, lifecycle.PhaseSetup, lifecycle.PhaseVerify:
		if !gone {
			return []string{"galley login " + name, again}
		}
		return []string{again}
	case lifecycle.PhaseCreate, lifecycle.PhaseDestroy:
		return []string{again}
	}
	return nil
}

// inPhase is "verify: " for an instance that failed in that phase.
func inPhase(i *run.Instance) string {
	if i.FailedPhase == "" {
		return ""
	}
	return string(i.FailedPhase) + ": "
}

// summarize prints which instances passed only when done again, failed, were cut off or never started; nothing when all
// went well.
func (v *view) summarize() {
	r := v.collector.Result()
	print := func(level lifecycle.Level, format string, args ...any) {
		v.err.Print(v.line(nil, run.LogLine(level, format, args...)))
	}
	var flaky, failed, cut []string
	for _, i := range r.Instances {
		switch {
		case i.Flaky():
			flaky = append(flaky, text.Line(i.Name))
		case i.Status == run.Failed:
			line := text.Line(i.Name) + ": " + inPhase(i) + text.Line(text.First(i.Error))
			if i.LogPath != "" {
				line += " (" + text.Line(i.LogPath) + ")"
			}
			failed = append(failed, line)
		case i.Status == run.Unfinished:
			cut = append(cut, text.Line(i.Name))
		}
	}
	all := len(r.Instances)
	if len(flaky) > 0 {
		print(lifecycle.LevelWarn, "%s passed only when done again (flaky): %s",
			run.OfInstances(len(flaky), all), strings.Join(flaky, ", "))
	}
	for _, list := range []struct {
		what  string
		lines []string
	}{{"failed", failed}, {"did not finish", cut}} {
		if len(list.lines) > 0 {
			print(lifecycle.LevelError, "%s %s:", run.OfInstances(len(list.lines), all), list.what)
		}
		for _, line := range list.lines {
			print(lifecycle.LevelError, "    %s", line)
		}
	}
	n := r.Count(run.NotStarted)
	if len(failed) == 0 && !r.Interrupted { // what has a reason of its own is no failure of the run
		for _, i := range r.Instances {
			if i.Status == run.NotStarted && i.Error != "" {
				n--
			}
		}
	}
	if r.Ended && n > 0 {
		why := ""
		switch {
		case r.Interrupted:
			why = ", since the run was interrupted"
		case len(failed) > 0:
			why = ", since another failed"
		}
		print(lifecycle.LevelError, "%s not started%s.", run.OfInstances(n, all), why)
	}
}

// heldBytes bounds what is held back of one phase; the log files have it all.
const heldBytes = 512 << 10

// heldLines is the output of a phase that waits to be shown in one piece. Beyond heldBytes the oldest lines go, since
// the end is what tells why it failed. The zero value is ready.
type heldLines struct {
	lines []string
	bytes int
	gone  int
}

func (h *heldLines) add(s string) {
	h.lines = append(h.lines, s)
	h.bytes += len(s)
	if h.bytes <= heldBytes {
		return
	}
	// Down to half at once, so that dropping costs little per line.
	drop := 0
	for h.bytes > heldBytes/2 && drop < len(h.lines)-1 {
		h.bytes -= len(h.lines[drop])
		drop++
	}
	h.lines = append([]string(nil), h.lines[drop:]...)
	h.gone += drop
}

// take is all that is held, and forgets it.
func (h *heldLines) take() string {
	s := strings.Join(h.lines, "")
	if h.gone > 0 {
		s = fmt.Sprintf("(%d earlier lines are in the log only)\n", h.gone) + s
	}
	*h = heldLines{}
	return s
}
