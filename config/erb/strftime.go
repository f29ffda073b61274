package erb

import (
	"fmt"
	"strings"
	"time"
)

var monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

var dayNames = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

// nameList is a constant such as Date::MONTHNAMES, which starts with nil.
func nameList(first value, names []string) *array {
	a := newArray(first)
	for _, n := range names {
		a.elems = append(a.elems, frozenStr(n))
	}
	a.frozen = true
	return a
}

func shortNames(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n[:3]
	}
	return out
}

// directive is one % of strftime with its flags.
type directive struct {
	pad    byte // '-' none, '0', '_' spaces, 0 default
	upper  bool
	swap   bool
	colons int
	width  int
}

// maxWidth bounds the width of one directive.
const maxWidth = 1024

// strftime formats a time.
func strftime(t time.Time, layout string) string {
	var b strings.Builder
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' {
			b.WriteByte(layout[i])
			continue
		}
		start := i
		var d directive
		i++
	flags:
		for ; i < len(layout); i++ {
			switch c := layout[i]; {
			case c == '-' || c == '_' || c == '0' && d.width == 0:
				d.pad = c
			case c == '^':
				d.upper = true
			case c == '#':
				d.swap = true
			case c == ':':
				d.colons++
			case isDigit(c):
				d.width = min(d.width*10+int(c-'0'), maxWidth)
			case c == 'E' || c == 'O':
			default:
				break flags
			}
		}
		if i >= len(layout) {
			b.WriteString(layout[start:])
			break
		}
		text, ok := d.format(t, layout[i])
		if !ok {
			text = layout[start : i+1]
		}
		b.WriteString(text)
	}
	return b.String()
}

// num pads a number.
func (d directive) num(n, width int, pad byte) string {
	if d.width > 0 {
		width = d.width
	}
	if d.pad != 0 {
		pad = d.pad
	}
	switch pad {
	case '-':
		return itoa(n)
	case '_':
		return fmt.Sprintf("%*d", width, n)
	}
	return fmt.Sprintf("%0*d", width, n)
}

// text applies case and width to a name.
func (d directive) text(s string) string {
	if d.upper {
		s = strings.ToUpper(s)
	}
	if d.swap {
		if s == strings.ToUpper(s) {
			s = strings.ToLower(s)
		} else {
			s = strings.ToUpper(s)
		}
	}
	if n := d.width - len(s); n > 0 && d.pad != '-' {
		fill := " "
		if d.pad == '0' {
			fill = "0"
		}
		s = strings.Repeat(fill, n) + s
	}
	return s
}

func (d directive) format(t time.Time, c byte) (string, bool) {
	if s, ok := d.dateField(t, c); ok {
		return s, true
	}
	if s, ok := d.timeField(t, c); ok {
		return s, true
	}
	composite := map[byte]string{
		'c': "%a %b %e %H:%M:%S %Y", 'D': "%m/%d/%y", 'x': "%m/%d/%y", 'F': "%Y-%m-%d", 'v': "%e-%^b-%Y",
		'r': "%I:%M:%S %p", 'R': "%H:%M", 'T': "%H:%M:%S", 'X': "%H:%M:%S", '+': "%a %b %e %H:%M:%S %Z %Y",
	}
	if layout, ok := composite[c]; ok {
		return d.text(strftime(t, layout)), true
	}
	switch c {
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	case '%':
		return "%", true
	}
	return "", false
}

func (d directive) dateField(t time.Time, c byte) (string, bool) {
	isoYear, isoWeek := t.ISOWeek()
	wday := int(t.Weekday())
	switch c {
	case 'Y':
		return d.num(t.Year(), 4, '0'), true
	case 'C':
		return d.num(t.Year()/100, 2, '0'), true
	case 'y':
		return d.num(t.Year()%100, 2, '0'), true
	case 'm':
		return d.num(int(t.Month()), 2, '0'), true
	case 'B':
		return d.text(monthNames[t.Month()-1]), true
	case 'b', 'h':
		return d.text(monthNames[t.Month()-1][:3]), true
	case 'd':
		return d.num(t.Day(), 2, '0'), true
	case 'e':
		return d.num(t.Day(), 2, '_'), true
	case 'j':
		return d.num(t.YearDay(), 3, '0'), true
	case 'A':
		return d.text(dayNames[wday]), true
	case 'a':
		return d.text(dayNames[wday][:3]), true
	case 'u':
		return d.num((wday+6)%7+1, 1, '0'), true
	case 'w':
		return d.num(wday, 1, '0'), true
	case 'G':
		return d.num(isoYear, 4, '0'), true
	case 'g':
		return d.num(isoYear%100, 2, '0'), true
	case 'V':
		return d.num(isoWeek, 2, '0'), true
	case 'U':
		return d.num((t.YearDay()+6-wday)/7, 2, '0'), true
	case 'W':
		return d.num((t.YearDay()+6-(wday+6)%7)/7, 2, '0'), true
	}
	return "", false
}

func (d directive) timeField(t time.Time, c byte) (string, bool) {
	hour12 := (t.Hour()+11)%12 + 1
	switch c {
	case 'H':
		return d.num(t.Hour(), 2, '0'), true
	case 'k':
		return d.num(t.Hour(), 2, '_'), true
	case 'I':
		return d.num(hour12, 2, '0'), true
	case 'l':
		return d.num(hour12, 2, '_'), true
	case 'M':
		return d.num(t.Minute(), 2, '0'), true
	case 'S':
		return d.num(t.Second(), 2, '0'), true
	case 'L':
		return d.fraction(t, 3), true
	case 'N':
		return d.fraction(t, 9), true
	case 's':
		return d.num(int(t.Unix()), 1, '0'), true
	case 'Q':
		return d.num(int(t.UnixMilli()), 1, '0'), true
	case 'p':
		if d.swap {
			return strings.ToLower(t.Format("PM")), true
		}
		return d.text(t.Format("PM")), true
	case 'P':
		return d.text(strings.ToLower(t.Format("PM"))), true
	case 'z':
		return d.zone(t), true
	case 'Z':
		return d.text(zoneName(t)), true
	}
	return "", false
}

// fraction writes the digits of the second's fraction.
func (d directive) fraction(t time.Time, width int) string {
	if d.width > 0 {
		width = d.width
	}
	s := fmt.Sprintf("%09d", t.Nanosecond())
	if width > len(s) {
		return s + strings.Repeat("0", width-len(s))
	}
	return s[:width]
}

func (d directive) zone(t time.Time) string {
	switch d.colons {
	case 1:
		return t.Format("-07:00")
	case 2:
		return t.Format("-07:00:00")
	}
	return t.Format("-0700")
}

func zoneName(t time.Time) string {
	name, _ := t.Zone()
	if name != "" && (name[0] == '+' || name[0] == '-') {
		return ""
	}
	return name
}
