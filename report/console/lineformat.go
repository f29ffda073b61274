package console

import (
	"strings"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// lineFormat writes transcript lines for people.
type lineFormat struct {
	paint palette
	fold  text.Fold
	// alone means that one instance was selected, so lines need no name.
	alone bool
	// width is that of the longest name of an instance.
	width int
}

// begin fits the format to the instances of a run.
func (f *lineFormat) begin(e lifecycle.RunStarted) {
	f.alone = len(e.Instances) == 1
	for _, name := range e.Instances {
		f.width = max(f.width, text.Cells(text.Flat(name)))
	}
}

// format writes a line with its newline; name is empty for the run itself.
func (f *lineFormat) format(name string, color int, l run.Line) string {
	tag := ""
	if name != "" && !f.alone {
		tag = text.Pad("["+text.Flat(name)+"]", f.width+2) + " "
	}
	shown := text.Line(l.Text)
	if f.paint.on {
		shown = text.Colored(l.Text)
	}
	if l.Partial {
		shown += run.MoreFollows
	}
	body := tag + l.Prefix() + shown
	if l.Text == "" {
		body = tag
	}
	// No blanks at the end: an empty line of output has nothing to indent.
	body = f.fold.Defuse(strings.TrimRight(body, " "))
	return f.paint.paint(lineColor(l, color), body) + "\n"
}

// lineColor lets errors and warnings stand out from the instance's own colour.
func lineColor(l run.Line, instance int) int {
	switch l.Level {
	case lifecycle.LevelError:
		return colorRed
	case lifecycle.LevelWarn:
		return colorYellow
	default:
		return instance
	}
}
