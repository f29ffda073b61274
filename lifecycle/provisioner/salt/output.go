package salt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

// output reads what salt-call prints of states: a block for each, and a summary at the end.
type output struct {
	id      string // of the state of the block
	pending bool   // whether the line before began the state's changes
	changes []string
	failed  []string
	// broken is the line that says that there was nothing to apply, or empty.
	broken                 string
	summarized             bool
	changed, failures, all int
}

var (
	idLine        = lazyregexp.New(`^ {10}ID: (.+)$`)
	resultLine    = lazyregexp.New(`^ {6}Result: (\w+)`)
	succeededLine = lazyregexp.New(`^Succeeded: +\d+(?: \((.*)\))?`)
	failedLine    = lazyregexp.New(`^Failed: +(\d+)`)
	totalLine     = lazyregexp.New(`^Total states run: +(\d+)`)
	changedCount  = lazyregexp.New(`(?:^|[ ,])changed=(\d+)`)
	brokenLine    = lazyregexp.New(`Data failed to compile:|No matching sls found for|Rendering SLS .* failed`)
)

func (o *output) Line(text string) {
	if o.pending && strings.HasPrefix(text, strings.Repeat(" ", 14)) && !slices.Contains(o.changes, o.id) {
		o.changes = append(o.changes, o.id)
	}
	o.pending = strings.HasPrefix(text, "     Changes:")
	switch {
	case idLine().MatchString(text):
		o.id = idLine().FindStringSubmatch(text)[1]
	case resultLine().MatchString(text):
		if resultLine().FindStringSubmatch(text)[1] == "False" {
			o.failed = append(o.failed, o.id)
		}
	case succeededLine().MatchString(text):
		m := succeededLine().FindStringSubmatch(text)
		o.summarized = true
		if c := changedCount().FindStringSubmatch(m[1]); c != nil {
			o.changed = number(c[1])
		}
	case failedLine().MatchString(text):
		o.failures = number(failedLine().FindStringSubmatch(text)[1])
	case totalLine().MatchString(text):
		o.all = number(totalLine().FindStringSubmatch(text)[1])
	case o.broken == "" && brokenLine().MatchString(text):
		o.broken = strings.TrimSpace(text)
	}
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0 // no such number is printed
	}
	return n
}

// failure says what failed, "" for nothing.
func (o *output) failure() string {
	switch {
	case len(o.failed) > 0:
		return "states failed: " + strings.Join(o.failed, ", ")
	case o.failures > 0:
		return fmt.Sprintf("%d states failed", o.failures)
	case o.broken != "":
		return "nothing was applied: " + o.broken
	}
	return ""
}

// Summary counts states. Salt counts those of test=True that would change something with those that changed.
func (o *output) Summary(int) converge.Summary {
	if !o.summarized {
		return converge.Unknown()
	}
	return converge.Summary{Changed: o.changed, Failed: o.failures, Changes: o.changes,
		Text: fmt.Sprintf("%d changed, %d failed of %d states", o.changed, o.failures, o.all)}
}
