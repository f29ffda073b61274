package ansible

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

// output reads what galley_report.py reports. Where that is not loaded, what the default
// callback prints is read: which tasks changed something, and the recap at the end.
type output struct {
	task             string
	changes, printed []string
	// counts are added up over hosts; recap are those of the printed recap.
	counts, recap map[string]int
}

var (
	taskLine   = lazyregexp.New(`^(?:TASK|RUNNING HANDLER) \[(.*)\] \*+$`)
	recapCount = lazyregexp.New(`\b(ok|changed|unreachable|failed|skipped|rescued|ignored)=(\d+)`)
	recapLine  = lazyregexp.New(`^\S+\s+: ok=\d+\s`)
)

// Line reads a line.
func (o *output) Line(text string) {
	switch {
	case strings.HasPrefix(text, converge.Marker):
		o.report(strings.TrimPrefix(text, converge.Marker))
	case strings.HasPrefix(text, "changed: ["):
		if o.task != "" && !slices.Contains(o.printed, o.task) {
			o.printed = append(o.printed, o.task)
		}
	case recapLine().MatchString(text):
		if o.recap == nil {
			o.recap = map[string]int{}
		}
		for _, m := range recapCount().FindAllStringSubmatch(text, -1) {
			if n, err := strconv.Atoi(m[2]); err == nil {
				o.recap[m[1]] += n
			}
		}
	default:
		if m := taskLine().FindStringSubmatch(text); m != nil {
			o.task = m[1]
		}
	}
}

// report reads a line of galley_report.py.
func (o *output) report(text string) {
	kind, value, _ := strings.Cut(text, " ")
	switch kind {
	case "changed":
		var task string
		if json.Unmarshal([]byte(value), &task) == nil && !slices.Contains(o.changes, task) {
			o.changes = append(o.changes, task)
		}
	case "stats":
		var stats map[string]int
		if json.Unmarshal([]byte(value), &stats) == nil {
			stats["failed"] = stats["failures"]
			o.counts = stats
		}
	}
}

// Summary counts tasks.
func (o *output) Summary(int) converge.Summary {
	counts, changes := o.counts, o.changes
	if counts == nil {
		counts, changes = o.recap, o.printed
	}
	if counts == nil {
		return converge.Unknown()
	}
	s := converge.Summary{Changed: counts["changed"], Failed: counts["failed"] + counts["unreachable"], Changes: changes}
	s.Text = fmt.Sprintf("ok=%d changed=%d failed=%d", counts["ok"], s.Changed, s.Failed)
	if n := counts["skipped"]; n > 0 {
		s.Text += fmt.Sprintf(" skipped=%d", n)
	}
	return s
}
