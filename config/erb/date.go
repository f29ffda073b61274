package erb

import (
	"math"
	"math/big"
	"strings"
	"time"
)

// dateVal is a Date: midnight UTC of its day.
type dateVal struct{ t time.Time }

// unixJulianDay is the Julian day number of 1970-01-01.
const unixJulianDay = 2440588

func (c *call) dateOf(t time.Time) value {
	return &dateVal{time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)}
}

func dateClassMethods(t methodTable) {
	t.add(func(c *call) value {
		if c.self != c.vm.class("Date") {
			c.vm.outside("DateTime." + c.name + " (use Time)")
		}
		return c.dateOf(time.Now().In(c.vm.zone()))
	}, 0, 0, "today")
	t.add(func(c *call) value {
		c.vm.outside("DateTime.now (use Time.now)")
		return nil
	}, 0, 0, "now")
	t.add(func(c *call) value {
		y, m, d := c.optInt(0, -4712), c.optInt(1, 1), c.optInt(2, 1)
		v, ok := validDate(y, m, d)
		if !ok {
			c.vm.raise("Date::Error", "invalid date")
		}
		return v
	}, 0, 3, "new", "civil")
	t.add(func(c *call) value {
		_, ok := validDate(c.int(0), c.int(1), c.int(2))
		return ok
	}, 3, 3, "valid_date?", "valid_civil?")
	t.add(func(c *call) value {
		for _, layout := range []string{"2006-01-02", "20060102", "2006/01/02", "2 Jan 2006", "Jan 2 2006", "January 2, 2006", "2 January 2006", time.RFC3339, "2006-01-02 15:04:05"} {
			if d, err := time.Parse(layout, strings.TrimSpace(c.str(0))); err == nil {
				return c.dateOf(d)
			}
		}
		c.vm.raise("Date::Error", "invalid date")
		return nil
	}, 1, 2, "parse", "iso8601")
	t.add(func(c *call) value {
		y := c.int(0)
		return y%4 == 0 && (y%100 != 0 || y%400 == 0)
	}, 1, 1, "leap?", "gregorian_leap?")
}

// validDate makes a date; negative days count from the month's end.
func validDate(y, m, d int) (*dateVal, bool) {
	if m < 0 {
		m += 13
	}
	if m < 1 || m > 12 || y < -99999 || y > 99999 {
		return nil, false
	}
	last := time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	if d < 0 {
		d += last + 1
	}
	if d < 1 || d > last {
		return nil, false
	}
	return &dateVal{time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)}, true
}

func dateMethods(t methodTable) {
	at := func(c *call) time.Time { return c.self.(*dateVal).t }
	field := func(fn func(time.Time) int) func(c *call) value {
		return func(c *call) value { return int64(fn(at(c))) }
	}
	t.add(field(time.Time.Year), 0, 0, "year")
	t.add(field(func(t time.Time) int { return int(t.Month()) }), 0, 0, "month", "mon")
	t.add(field(time.Time.Day), 0, 0, "day", "mday")
	t.add(field(func(t time.Time) int { return int(t.Weekday()) }), 0, 0, "wday")
	t.add(field(time.Time.YearDay), 0, 0, "yday")
	t.add(field(func(t time.Time) int { _, w := t.ISOWeek(); return w }), 0, 0, "cweek")
	t.add(field(func(t time.Time) int { y, _ := t.ISOWeek(); return y }), 0, 0, "cwyear")
	t.add(func(c *call) value { return c.newStr(strftime(at(c), c.strOr(0, "%F"))) }, 0, 1, "strftime")
	t.add(func(c *call) value { return newStr(at(c).Format("2006-01-02")) }, 0, 0, "to_s", "iso8601", "xmlschema")
	t.add(func(c *call) value {
		return newStr("#<Date: " + at(c).Format("2006-01-02") + " ((" + itoa(int(at(c).Unix()/86400)+unixJulianDay) + "j,0s,0n),+0s,2299161j)>")
	}, 0, 0, "inspect")
	t.add(func(c *call) value { return c.self }, 0, 0, "to_date")
	t.add(func(c *call) value {
		d := at(c)
		return &timeVal{time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, c.vm.zone())}
	}, 0, 0, "to_time")
	t.add(func(c *call) value { return c.addDays(c.vm.needFloat(c.args[0])) }, 1, 1, "+")
	t.add(func(c *call) value {
		if o, ok := c.args[0].(*dateVal); ok {
			return big.NewRat(int64(at(c).Sub(o.t).Hours()/24), 1)
		}
		return c.addDays(-c.vm.needFloat(c.args[0]))
	}, 1, 1, "-")
	t.add(func(c *call) value { return c.addMonths(c.int(0)) }, 1, 1, ">>")
	t.add(func(c *call) value { return c.addMonths(-c.int(0)) }, 1, 1, "<<")
	t.add(func(c *call) value { return c.addDays(float64(c.optInt(0, 1))) }, 0, 1, "next_day")
	t.add(func(c *call) value { return c.addDays(-float64(c.optInt(0, 1))) }, 0, 1, "prev_day")
	t.add(func(c *call) value { return c.addDays(1) }, 0, 0, "succ", "next")
	t.add(func(c *call) value { return c.addMonths(c.optInt(0, 1)) }, 0, 1, "next_month")
	t.add(func(c *call) value { return c.addMonths(-c.optInt(0, 1)) }, 0, 1, "prev_month")
	t.add(func(c *call) value { return c.addMonths(12 * c.optInt(0, 1)) }, 0, 1, "next_year")
	t.add(func(c *call) value { return c.addMonths(-12 * c.optInt(0, 1)) }, 0, 1, "prev_year")
	t.add(func(c *call) value {
		o, ok := c.args[0].(*dateVal)
		if !ok {
			return nil
		}
		return int64(at(c).Compare(o.t))
	}, 1, 1, "<=>")
	t.add(func(c *call) value { return c.vm.equal(c.self, c.args[0]) }, 1, 1, "==", "eql?", "===")
	for i, day := range dayNames {
		t.add(func(c *call) value { return int(at(c).Weekday()) == i }, 0, 0, strings.ToLower(day)+"?")
	}
}

// strOr is a string argument with a default.
func (c *call) strOr(i int, def string) string {
	if c.arg(i) == nil {
		return def
	}
	return c.str(i)
}

func (c *call) addDays(n float64) value {
	if math.Abs(n) > 4e7 {
		c.vm.argError("argument out of range")
	}
	return &dateVal{c.self.(*dateVal).t.AddDate(0, 0, int(n))}
}

// addMonths goes to the same day of another month, or its last.
func (c *call) addMonths(n int) value {
	if n > 1e6 || n < -1e6 {
		c.vm.argError("argument out of range")
	}
	t := c.self.(*dateVal).t
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return &dateVal{first.AddDate(0, 0, min(t.Day(), last)-1)}
}
