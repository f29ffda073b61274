package erb

import (
	"math"
	"math/big"
	"strings"
	"time"
)

// timeVal is a Time.
type timeVal struct{ t time.Time }

// zone is the local time zone: that of TZ, or the machine's.
func (vm *vm) zone() *time.Location {
	if tz, ok := vm.env.vals["TZ"]; ok && tz != "" {
		if loc, err := time.LoadLocation(tz); err == nil {
			return loc
		}
		return time.UTC
	}
	return time.Local
}

func timeClassMethods(t methodTable) {
	now := func(c *call) value { return &timeVal{time.Now().In(c.vm.zone())} }
	t.addKw(now, 0, 1, "now")
	t.addKw(func(c *call) value {
		if len(c.args) == 0 {
			return now(c)
		}
		return c.timeFrom(c.vm.zone())
	}, 0, 7, "new")
	t.add(func(c *call) value { return c.timeFrom(c.vm.zone()) }, 1, 7, "local", "mktime")
	t.add(func(c *call) value { return c.timeFrom(time.UTC) }, 1, 7, "utc", "gm")
	t.addKw(func(c *call) value {
		if v, ok := c.args[0].(*timeVal); ok {
			return v
		}
		return &timeVal{fromSeconds(c.vm.needFloat(c.args[0])).In(c.vm.zone())}
	}, 1, 2, "at")
	t.add(func(c *call) value { return &timeVal{c.parseTime(c.str(0))} }, 1, 2, "parse", "iso8601", "xmlschema")
}

func fromSeconds(f float64) time.Time {
	if math.Abs(f) > 1e11 || math.IsNaN(f) {
		f = 0
	}
	sec, frac := math.Modf(f)
	return time.Unix(int64(sec), int64(frac*1e9))
}

// timeFrom makes a time of year, month, day, hour, minute, second.
func (c *call) timeFrom(loc *time.Location) value {
	parts := [6]int{0, 1, 1, 0, 0, 0}
	for i := range min(len(c.args), 6) {
		switch v := c.args[i].(type) {
		case nil:
		case *str:
			parts[i] = int(looseInt(v.String(), 10).(int64))
		default:
			parts[i] = c.vm.toInt(v)
		}
	}
	if len(c.args) > 6 {
		if zone, ok := c.args[6].(*str); ok {
			if z, err := time.Parse("-07:00", zone.String()); err == nil {
				loc = z.Location()
			}
		}
	}
	if parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31 || parts[3] > 24 || parts[4] > 59 || parts[5] > 60 || parts[0] > 99999 || parts[0] < -99999 {
		c.vm.argError("argument out of range")
	}
	return &timeVal{time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], 0, loc)}
}

// parseTime reads the common forms of a date with a time.
func (c *call) parseTime(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST", "2006-01-02T15:04:05", "2006-01-02 15:04:05",
		"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02", "20060102", "2006/01/02", time.RFC1123, time.RFC1123Z, time.RFC850, time.ANSIC,
		"Jan 2 2006", "2 Jan 2006", "January 2, 2006", "2 January 2006", "15:04:05", "15:04",
	} {
		t, err := time.ParseInLocation(layout, s, c.vm.zone())
		if err != nil {
			continue
		}
		if strings.HasPrefix(layout, "15") {
			n := time.Now().In(c.vm.zone())
			t = time.Date(n.Year(), n.Month(), n.Day(), t.Hour(), t.Minute(), t.Second(), 0, n.Location())
		}
		return t
	}
	c.vm.argError("no time information in %s", c.vm.inspect(newStr(s)))
	return time.Time{}
}

func timeMethods(t methodTable) {
	at := func(c *call) time.Time { return c.self.(*timeVal).t }
	field := func(fn func(time.Time) int) func(c *call) value {
		return func(c *call) value { return int64(fn(at(c))) }
	}
	t.add(field(time.Time.Year), 0, 0, "year")
	t.add(field(func(t time.Time) int { return int(t.Month()) }), 0, 0, "month", "mon")
	t.add(field(time.Time.Day), 0, 0, "day", "mday")
	t.add(field(time.Time.Hour), 0, 0, "hour")
	t.add(field(time.Time.Minute), 0, 0, "min")
	t.add(field(time.Time.Second), 0, 0, "sec")
	t.add(field(time.Time.Nanosecond), 0, 0, "nsec", "tv_nsec")
	t.add(field(func(t time.Time) int { return t.Nanosecond() / 1000 }), 0, 0, "usec", "tv_usec")
	t.add(field(func(t time.Time) int { return int(t.Weekday()) }), 0, 0, "wday")
	t.add(field(time.Time.YearDay), 0, 0, "yday")
	t.add(func(c *call) value { return at(c).Unix() }, 0, 0, "to_i", "tv_sec")
	t.add(func(c *call) value { return float64(at(c).UnixNano()) / 1e9 }, 0, 0, "to_f")
	t.add(func(c *call) value { return big.NewRat(at(c).UnixNano(), 1e9) }, 0, 0, "to_r")
	t.add(func(c *call) value { return &timeVal{at(c).UTC()} }, 0, 0, "utc", "getutc", "gmtime", "getgm")
	t.add(func(c *call) value { return &timeVal{at(c).In(c.vm.zone())} }, 0, 1, "localtime", "getlocal")
	t.add(func(c *call) value { return at(c).Location() == time.UTC }, 0, 0, "utc?", "gmt?")
	t.add(func(c *call) value { _, off := at(c).Zone(); return int64(off) }, 0, 0, "utc_offset", "gmt_offset")
	t.add(func(c *call) value { return newStr(zoneName(at(c))) }, 0, 0, "zone")
	t.add(func(c *call) value { return c.newStr(strftime(at(c), c.str(0))) }, 1, 1, "strftime")
	t.add(func(c *call) value { return newStr(timeText(at(c))) }, 0, 0, "to_s")
	t.add(func(c *call) value { return newStr(timeInspect(at(c))) }, 0, 0, "inspect")
	t.add(func(c *call) value { return newStr(strftime(at(c), "%a %b %e %H:%M:%S %Y")) }, 0, 0, "ctime", "asctime")
	t.add(timeISO, 0, 1, "iso8601", "xmlschema")
	t.add(func(c *call) value { return newStr(strftime(at(c).UTC(), "%a, %d %b %Y %H:%M:%S GMT")) }, 0, 0, "httpdate")
	t.add(func(c *call) value { return newStr(at(c).Format("Mon, 02 Jan 2006 15:04:05 -0700")) }, 0, 0, "rfc2822")
	t.add(func(c *call) value { return c.dateOf(at(c)) }, 0, 0, "to_date")
	t.add(func(c *call) value { return c.self }, 0, 0, "to_time")
	t.add(func(c *call) value { return &timeVal{at(c).Add(seconds(c.vm.needFloat(c.args[0])))} }, 1, 1, "+")
	t.add(func(c *call) value {
		if o, ok := c.args[0].(*timeVal); ok {
			return at(c).Sub(o.t).Seconds()
		}
		return &timeVal{at(c).Add(-seconds(c.vm.needFloat(c.args[0])))}
	}, 1, 1, "-")
	t.add(func(c *call) value {
		o, ok := c.args[0].(*timeVal)
		if !ok {
			return nil
		}
		return int64(at(c).Compare(o.t))
	}, 1, 1, "<=>")
	t.add(func(c *call) value { return c.vm.equal(c.self, c.args[0]) }, 1, 1, "==", "eql?")
	t.add(func(c *call) value { return &timeVal{at(c).Round(time.Second)} }, 0, 1, "round")
	for i, day := range dayNames {
		t.add(func(c *call) value { return int(at(c).Weekday()) == i }, 0, 0, strings.ToLower(day)+"?")
	}
}

func seconds(f float64) time.Duration {
	return time.Duration(max(min(f*1e9, math.MaxInt64/2), math.MinInt64/2))
}

func timeText(t time.Time) string {
	if t.Location() == time.UTC {
		return t.Format("2006-01-02 15:04:05 UTC")
	}
	return t.Format("2006-01-02 15:04:05 -0700")
}

func timeInspect(t time.Time) string {
	frac := strings.TrimRight(t.Format(".000000000"), "0")
	if frac == "." {
		frac = ""
	}
	zone := " -0700"
	if t.Location() == time.UTC {
		zone = " UTC"
	}
	return t.Format("2006-01-02 15:04:05") + frac + t.Format(zone)
}

func timeISO(c *call) value {
	t := c.self.(*timeVal).t
	s := t.Format("2006-01-02T15:04:05")
	if n := c.optInt(0, 0); n > 0 {
		s += "." + directive{width: min(n, maxWidth)}.fraction(t, n)
	}
	if t.Location() == time.UTC {
		return newStr(s + "Z")
	}
	return newStr(s + t.Format("-07:00"))
}
