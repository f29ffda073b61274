package report

import (
	"strings"

	"github.com/galley-kitchen/galley/lifecycle"
)

// lineFormat writes transcript lines for people.
type lineFormat struct {
	paint palette
	fold  Fold
	// alone means that one instance was selected, so lines need no name.
	alone bool
	// width is that of the longest name of an instance.
	width int
}

// lineGoesOn stands behind a piece of a line that is too long to be one.
const lineGoesOn = " (the line goes on)"

// begin fits the format to the instances of a run.
func (f *lineFormat) begin(e lifecycle.RunStarted) {
	f.alone = len(e.Instances) == 1
	for _, name := range e.Instances {
		f.width = max(f.width, cells(flat(name)))
	}
}

// format writes a line with its newline; name is empty for the run itself.
func (f *lineFormat) format(name string, color int, l line) string {
	tag := ""
	if name != "" && !f.alone {
		tag = pad("["+flat(name)+"]", f.width+2) + " "
	}
	text := printable(l.text)
	if f.paint.on {
		text = colored(l.text)
	}
	if l.partial {
		text += lineGoesOn
	}
	body := tag + l.prefix() + text
	if l.text == "" {
		body = tag
	}
	// No blanks at the end: an empty line of output has nothing to indent.
	body = f.fold.defuse(strings.TrimRight(body, " "))
	return f.paint.paint(lineColor(l, color), body) + "\n"
}

// lineColor lets errors and warnings stand out from the instance's own colour.
func lineColor(l line, instance int) int {
	switch l.level {
	case lifecycle.LevelError:
		return colorRed
	case lifecycle.LevelWarn:
		return colorYellow
	default:
		return instance
	}
}
