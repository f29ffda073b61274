package erb

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// zone is the time zone of the template's environment.
func (in *interp) zone() *time.Location {
	if name := in.env.get("TZ"); name != "" {
		if loc, err := time.LoadLocation(name); err == nil {
			return loc
		}
	}
	return time.Local
}

// layout is how a time is written, in Go's words.
func (t *timestamp) layout() string {
	if t.t.Location() == time.UTC {
		return "2006-01-02 15:04:05 UTC"
	}
	return "2006-01-02 15:04:05 -0700"
}

func timeFunctions(t methodTable) {
	t.def(0, 0, func(c *call) value { return &timestamp{time.Now().In(c.zone())} }, "now", "new")
	t.def(1, 1, func(c *call) value {
		return &timestamp{time.Unix(0, int64(c.float(c.arg(0))*float64(time.Second))).In(c.zone())}
	}, "at")
}

func timeMethods(t methodTable) {
	at := func(c *call) time.Time { return c.self.(*timestamp).t }
	for name, field := range map[string]func(t time.Time) int{
		"year": time.Time.Year, "month": func(t time.Time) int { return int(t.Month()) }, "mon": func(t time.Time) int { return int(t.Month()) },
		"day": time.Time.Day, "mday": time.Time.Day, "hour": time.Time.Hour, "min": time.Time.Minute, "sec": time.Time.Second,
		"nsec": time.Time.Nanosecond, "yday": time.Time.YearDay,
		"wday": func(t time.Time) int { return int(t.Weekday()) }, "to_i": func(t time.Time) int { return int(t.Unix()) },
	} {
		t.def(0, 0, func(c *call) value { return int64(field(at(c))) }, name)
	}
	t.def(0, 0, func(c *call) value { return float64(at(c).UnixNano()) / 1e9 }, "to_f")
	t.def(0, 0, func(c *call) value { return &timestamp{at(c).UTC()} }, "utc", "getutc", "gmtime", "getgm")
	t.def(0, 0, func(c *call) value { return &timestamp{at(c).In(c.zone())} }, "localtime", "getlocal")
	t.def(1, 1, func(c *call) value { return c.str(c.strftime(at(c), c.text(0))) }, "strftime")
	t.def(0, 0, func(c *call) value { return c.str(at(c).Format(time.RFC3339)) }, "iso8601", "xmlschema")
}

// goLayouts are the directives of strftime that Go's layouts have as well, with the
// flag that a directive may have in front.
var goLayouts = map[string]string{
	"Y": "2006", "y": "06", "m": "01", "-m": "1", "d": "02", "-d": "2", "e": "_2", "j": "002", "H": "15", "M": "04", "S": "05", "I": "03",
	"-I": "3", "p": "PM", "P": "pm", "B": "January", "b": "Jan", "h": "Jan", "^b": "Jan", "A": "Monday", "a": "Mon", "z": "-0700",
	":z": "-07:00", "Z": "MST", "F": "2006-01-02", "T": "15:04:05", "X": "15:04:05", "R": "15:04", "D": "01/02/06", "x": "01/02/06",
	"c": "Mon Jan _2 15:04:05 2006", "L": ".000", "N": ".000000000",
}

// directives matches one directive of strftime.
var directives = regexp.MustCompile(`%([-^:]?)(.)`)

// strftime writes a time by a layout with % directives.
func (in *interp) strftime(t time.Time, layout string) string {
	return directives.ReplaceAllStringFunc(layout, func(d string) string {
		switch name := d[1:]; name {
		case "%":
			return "%"
		case "s":
			return strconv.FormatInt(t.Unix(), 10)
		case "u":
			return strconv.Itoa((int(t.Weekday())+6)%7 + 1)
		default:
			l, ok := goLayouts[name]
			if !ok {
				in.outside("strftime's " + d)
			}
			text := strings.TrimPrefix(t.Format(l), ".")
			if name[0] == '^' {
				text = strings.ToUpper(text)
			}
			return text
		}
	})
}
