package ansible

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

// output reads which tasks changed something, and the recap at the end.
type output struct {
	task    string
	changes []string
	// counts are the recap's numbers, added up over hosts.
	counts map[string]int
}

var (
	taskLine   = regexp.MustCompile(`^(?:TASK|RUNNING HANDLER) \[(.*)\] \*+$`)
	recapCount = regexp.MustCompile(`\b(ok|changed|unreachable|failed|skipped|rescued|ignored)=(\d+)`)
	recapLine  = regexp.MustCompile(`^\S+\s+: ok=\d+\s`)
)

func (o *output) Line(text string) {
	switch {
	case strings.HasPrefix(text, "changed: ["):
		if o.task != "" && !slices.Contains(o.changes, o.task) {
			o.changes = append(o.changes, o.task)
		}
	case recapLine.MatchString(text):
		for _, m := range recapCount.FindAllStringSubmatch(text, -1) {
			if n, err := strconv.Atoi(m[2]); err == nil {
				o.add(m[1], n)
			}
		}
	default:
		if m := taskLine.FindStringSubmatch(text); m != nil {
			o.task = m[1]
		}
	}
}

func (o *output) add(name string, n int) {
	if o.counts == nil {
		o.counts = map[string]int{}
	}
	o.counts[name] += n
}

func (o *output) Summary(int) converge.Summary {
	if o.counts == nil {
		return converge.Unknown()
	}
	s := converge.Summary{Changed: o.counts["changed"], Failed: o.counts["failed"] + o.counts["unreachable"], Changes: o.changes}
	s.Text = fmt.Sprintf("ok=%d changed=%d failed=%d", o.counts["ok"], s.Changed, s.Failed)
	if n := o.counts["skipped"]; n > 0 {
		s.Text += fmt.Sprintf(" skipped=%d", n)
	}
	return s
}
