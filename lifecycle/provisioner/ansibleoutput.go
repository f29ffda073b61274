package provisioner

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ansibleOutput reads which tasks changed something, and the recap at the end.
type ansibleOutput struct {
	task    string
	changes []string
	// counts are the recap's numbers, added up over hosts.
	counts map[string]int
}

var (
	ansibleTask  = regexp.MustCompile(`^(?:TASK|RUNNING HANDLER) \[(.*)\] \*+$`)
	ansibleCount = regexp.MustCompile(`\b(ok|changed|unreachable|failed|skipped|rescued|ignored)=(\d+)`)
	ansibleRecap = regexp.MustCompile(`^\S+\s+: ok=\d+\s`)
)

func (o *ansibleOutput) line(text string) {
	switch {
	case strings.HasPrefix(text, "changed: ["):
		if o.task != "" && !slices.Contains(o.changes, o.task) {
			o.changes = append(o.changes, o.task)
		}
	case ansibleRecap.MatchString(text):
		for _, m := range ansibleCount.FindAllStringSubmatch(text, -1) {
			if n, err := strconv.Atoi(m[2]); err == nil {
				o.add(m[1], n)
			}
		}
	default:
		if m := ansibleTask.FindStringSubmatch(text); m != nil {
			o.task = m[1]
		}
	}
}

func (o *ansibleOutput) add(name string, n int) {
	if o.counts == nil {
		o.counts = map[string]int{}
	}
	o.counts[name] += n
}

func (o *ansibleOutput) summary(int) Summary {
	if o.counts == nil {
		return unknown()
	}
	s := Summary{Changed: o.counts["changed"], Failed: o.counts["failed"] + o.counts["unreachable"], Changes: o.changes}
	s.Text = fmt.Sprintf("ok=%d changed=%d failed=%d", o.counts["ok"], s.Changed, s.Failed)
	if n := o.counts["skipped"]; n > 0 {
		s.Text += fmt.Sprintf(" skipped=%d", n)
	}
	return s
}
