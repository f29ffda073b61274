package erb

import "time"

// zone is the time zone of the template's environment.
func (e *Evaluator) zone() *time.Location {
	if name := e.env.get("TZ"); name != "" {
		if loc, err := time.LoadLocation(name); err == nil {
			return loc
		}
	}
	return time.Local
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
		"year": time.Time.Year, "month": func(t time.Time) int { return int(t.Month()) },
		"mon": func(t time.Time) int { return int(t.Month()) },
		"day": time.Time.Day, "mday": time.Time.Day, "hour": time.Time.Hour, "min": time.Time.Minute, "sec": time.Time.Second,
		"nsec": time.Time.Nanosecond, "yday": time.Time.YearDay,
		"wday": func(t time.Time) int { return int(t.Weekday()) }, "to_i": func(t time.Time) int { return int(t.Unix()) },
	} {
		t.def(0, 0, func(c *call) value { return int64(field(at(c))) }, name)
	}
	t.def(0, 0, func(c *call) value { return float64(at(c).UnixNano()) / 1e9 }, "to_f")
	t.def(0, 0, func(c *call) value { return &timestamp{at(c).UTC()} }, "utc", "getutc", "gmtime", "getgm")
	t.def(0, 0, func(c *call) value { return &timestamp{at(c).In(c.zone())} }, "localtime", "getlocal")
	t.def(1, 1, func(c *call) value { return c.str(at(c).Format(c.text(0))) }, "__format")
}
