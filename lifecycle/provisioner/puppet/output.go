package puppet

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

// output reads the notices of changes, and the summary that --summarize
// prints at the end: sections with a number for each name.
type output struct {
	changes []string
	section string
	numbers map[string]int
}

var (
	notice      = lazyregexp.New(`^Notice: /Stage\[.*?([A-Z][\w:]*\[[^\]]*\])/([\w ]+): `)
	sectionLine = lazyregexp.New(`^([A-Z][a-z]+):$`)
	numberLine  = lazyregexp.New(`^\s+([A-Z][a-z ]+): (\d+)$`)
)

func (o *output) Line(text string) {
	if m := notice().FindStringSubmatch(text); m != nil {
		if !slices.Contains(o.changes, m[1]) {
			o.changes = append(o.changes, m[1])
		}
		return
	}
	if m := sectionLine().FindStringSubmatch(text); m != nil {
		o.section = m[1]
		return
	}
	m := numberLine().FindStringSubmatch(text)
	if m == nil {
		return
	}
	if n, err := strconv.Atoi(m[2]); err == nil {
		if o.numbers == nil {
			o.numbers = map[string]int{}
		}
		o.numbers[o.section+"/"+m[1]] = n
	}
}

// summary counts resources. Without a summary the exit code tells the least.
func (o *output) Summary(code int) converge.Summary {
	if o.numbers == nil {
		if code == 2 {
			return converge.Summary{Changed: max(1, len(o.changes)), Failed: -1, Changes: o.changes}
		}
		return converge.Unknown()
	}
	s := converge.Summary{Changed: o.numbers["Resources/Changed"], Failed: o.numbers["Resources/Failed"] +
		o.numbers["Resources/Failed to restart"], Changes: o.changes}
	parts := []string{fmt.Sprintf("%d changed", s.Changed), fmt.Sprintf("%d failed", s.Failed)}
	if n := o.numbers["Resources/Skipped"]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d skipped", n))
	}
	s.Text = fmt.Sprintf("%s of %d resources", strings.Join(parts, ", "), o.numbers["Resources/Total"])
	return s
}
