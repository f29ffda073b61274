package keys

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	units "github.com/docker/go-units"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// text reads a scalar as a string. Numbers keep the digits of the file, so that
// `chef_version: 16.10` is "16.10" and not "16.1".
func text(d *decoder, v *yaml11.Value) (string, bool) {
	if !isScalar(v) {
		return "", d.wrongType(v)
	}
	return d.textOf(v), true
}

// textOf is the text of a scalar.
func (d *decoder) textOf(v *yaml11.Value) string {
	if v.Kind == yaml11.Int || v.Kind == yaml11.Float {
		if s, ok := v.Source(); ok {
			return s
		}
	}
	s, _ := v.Text()
	return s
}

// word reads a string, of the key's Enum when it has one.
func word(d *decoder, v *yaml11.Value) (string, bool) {
	s, ok := text(d, v)
	if !ok || len(d.key.Enum) == 0 || slices.Contains(d.key.Enum, s) {
		return s, ok
	}
	return "", d.notOneOf(d.key.Enum, v, s)
}

// boolean reads true or false.
func boolean(d *decoder, v *yaml11.Value) (bool, bool) {
	switch {
	case v.Kind == yaml11.Bool:
		return v.Bool, true
	case v.Kind == yaml11.String:
		switch strings.ToLower(v.Str) {
		case "true", "false":
			// Ruby takes every string for true, even "false": that is never meant.
			if strings.EqualFold(v.Str, "false") {
				d.warnAt(v, "remove the quotes", `the string "false" is read as false, where Test Kitchen reads any string as true`)
			}
			return strings.EqualFold(v.Str, "true"), true
		case "y", "n", "t", "f", "1", "0", "yes", "no", "on", "off":
			return false, d.errorAt(v, "write true or false, without quotes", "expected true or false, found %s", describe(v))
		}
	}
	return false, d.errorAt(v, "write true or false", "expected true or false, found %s", describe(v))
}

// whole reads a whole number.
func whole(d *decoder, v *yaml11.Value) (int64, bool) {
	switch v.Kind {
	case yaml11.Int:
		if v.Big == nil {
			return v.Int, true
		}
	case yaml11.String:
		if n, err := strconv.ParseInt(strings.TrimSpace(v.Str), 10, 64); err == nil {
			return n, true
		}
	}
	return 0, d.expected(v, "a whole number")
}

// count reads a whole number of at least 0.
func count(d *decoder, v *yaml11.Value) (int64, bool) {
	n, ok := whole(d, v)
	if ok && n < 0 {
		return 0, d.expected(v, "a whole number of at least 0")
	}
	return n, ok
}

// small reads a whole number of at least 0 that fits an int.
func small(d *decoder, v *yaml11.Value) (int, bool) {
	n, ok := count(d, v)
	if ok && n > math.MaxInt32 {
		return 0, d.expected(v, "a smaller number")
	}
	return int(n), ok
}

// limit reads a whole number of at least -1, where -1 means no limit.
func limit(d *decoder, v *yaml11.Value) (int64, bool) {
	n, ok := whole(d, v)
	if ok && n < -1 {
		return 0, d.expected(v, "a whole number of at least 0, or -1 for no limit")
	}
	return n, ok
}

// numberText is the text of a number or a string, without the blanks around it, and "" of other values.
func numberText(v *yaml11.Value) string {
	if v.Kind != yaml11.Int && v.Kind != yaml11.Float && v.Kind != yaml11.String {
		return ""
	}
	s, _ := v.Text()
	return strings.TrimSpace(s)
}

// decimal reads a number that is not negative.
func decimal(d *decoder, v *yaml11.Value) (float64, bool) {
	n, err := strconv.ParseFloat(numberText(v), 64)
	if err != nil || n < 0 || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, d.wrongType(v)
	}
	return n, true
}

// byteSize reads a size: bytes, or a number with a unit in powers of 1024.
func byteSize(d *decoder, v *yaml11.Value) (int64, bool) {
	n, err := units.RAMInBytes(numberText(v))
	if err != nil || n < 0 {
		return 0, d.errorAt(v, `write bytes, or a number with the unit k, m, g or t: "512m", "1.5g"`,
			"expected %s, found %s", d.key.Type.expected(), describe(v))
	}
	return n, true
}

// bytesOrUnlimited is byteSize, with -1 for no limit.
func bytesOrUnlimited(d *decoder, v *yaml11.Value) (int64, bool) {
	if numberText(v) == "-1" {
		return -1, true
	}
	return byteSize(d, v)
}

// seconds reads a time: a number of seconds, or a text such as "90s" or "5m".
func seconds(d *decoder, v *yaml11.Value) (time.Duration, bool) {
	s := numberText(v)
	if f, err := strconv.ParseFloat(s, 64); err == nil && f >= 0 && f < 1e9 {
		return time.Duration(f * float64(time.Second)), true
	}
	if t, err := time.ParseDuration(s); err == nil && t >= 0 {
		return t, true
	}
	return 0, d.wrongType(v)
}

// filePath reads a path of the client and makes it absolute.
func filePath(d *decoder, v *yaml11.Value) (string, bool) {
	s, ok := text(d, v)
	if !ok {
		return "", false
	}
	return d.path(v, s)
}
