package machine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Report is what came of a comparison.
type Report struct {
	// Differences are sorted by kind and name, without noise unless that was asked for.
	Differences []Difference `json:"differences"`
	// Noise is how many differences were left out, or paths that were not compared, by reason.
	Noise map[string]int `json:"noise"`
	// NotCompared says what could not be compared, and why.
	NotCompared []string `json:"not_compared"`
}

// NewReport puts the results together.
func NewReport(list []Difference, left map[string]int, notCompared []string, noise bool) Report {
	r := Report{Differences: []Difference{}, Noise: left, NotCompared: notCompared}
	for _, d := range list {
		if d.Noise != "" && !noise {
			r.Noise[d.Noise]++
			continue
		}
		r.Differences = append(r.Differences, d)
	}
	slices.SortStableFunc(r.Differences, func(x, y Difference) int {
		return cmp.Or(cmp.Compare(slices.Index(kinds, x.Kind), slices.Index(kinds, y.Kind)), cmp.Compare(x.Name, y.Name))
	})
	return r
}

// Real are how many of the differences are no noise.
func (r Report) Real() int {
	n := 0
	for _, d := range r.Differences {
		if d.Noise == "" {
			n++
		}
	}
	return n
}

// widestName is how many letters a name may take before what follows it is moved to the right.
const widestName = 40

// Lines says to people in what the machines a and b differ: a heading, and one difference a line.
func (r Report) Lines(a, b string) []string {
	width := 0
	for _, d := range r.Differences {
		width = max(width, min(len([]rune(d.Name)), widestName))
	}
	heading := fmt.Sprintf("%s and %s do not differ", a, b)
	switch n := r.Real(); n {
	case 0:
	case 1:
		heading = fmt.Sprintf("%s and %s differ in one thing", a, b)
	default:
		heading = fmt.Sprintf("%s and %s differ in %d things", a, b, n)
	}
	lines := []string{heading}
	add := func(format string, args ...any) {
		lines = append(lines, strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", `\n`))
	}
	for _, d := range r.Differences {
		more := ""
		if d.Noise != "" {
			more = "  (noise: " + d.Noise + ")"
		}
		add("  %-8s %-*s  %s%s", d.Kind, width, d.Name, d.Text(a, b), more)
	}
	sum := 0
	for _, n := range r.Noise {
		sum += n
	}
	if sum > 0 {
		add("%d more by known noise: %s; galley compare --show-noise compares and shows them", sum, reasons(r.Noise))
	}
	for _, not := range r.NotCompared {
		add("not compared: %s", not)
	}
	return lines
}

// reasons are the most frequent reasons of noise.
func reasons(noise map[string]int) string {
	list := slices.SortedFunc(maps.Keys(noise), func(x, y string) int {
		return cmp.Or(cmp.Compare(noise[y], noise[x]), cmp.Compare(x, y))
	})
	const most = 4
	if len(list) > most {
		list = append(list[:most], "…")
	}
	return strings.Join(list, ", ")
}
