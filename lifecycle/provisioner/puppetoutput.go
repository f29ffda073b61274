package provisioner

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// puppetOutput reads the notices of changes, and the summary that --summarize
// prints at the end: sections with a number for each name.
type puppetOutput struct {
	changes []string
	section string
	numbers map[string]int
}

var (
	puppetNotice  = regexp.MustCompile(`^Notice: /Stage\[.*?([A-Z][\w:]*\[[^\]]*\])/([\w ]+): `)
	puppetSection = regexp.MustCompile(`^([A-Z][a-z]+):$`)
	puppetNumber  = regexp.MustCompile(`^\s+([A-Z][a-z ]+): (\d+)$`)
)

func (o *puppetOutput) line(text string) {
	if m := puppetNotice.FindStringSubmatch(text); m != nil {
		if !slices.Contains(o.changes, m[1]) {
			o.changes = append(o.changes, m[1])
		}
		return
	}
	if m := puppetSection.FindStringSubmatch(text); m != nil {
		o.section = m[1]
		return
	}
	m := puppetNumber.FindStringSubmatch(text)
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
func (o *puppetOutput) summary(code int) Summary {
	if o.numbers == nil {
		if code == 2 {
			return Summary{Changed: max(1, len(o.changes)), Failed: -1, Changes: o.changes}
		}
		return unknown()
	}
	s := Summary{Changed: o.numbers["Resources/Changed"], Failed: o.numbers["Resources/Failed"] + o.numbers["Resources/Failed to restart"], Changes: o.changes}
	parts := []string{fmt.Sprintf("%d changed", s.Changed), fmt.Sprintf("%d failed", s.Failed)}
	if n := o.numbers["Resources/Skipped"]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d skipped", n))
	}
	s.Text = fmt.Sprintf("%s of %d resources", strings.Join(parts, ", "), o.numbers["Resources/Total"])
	return s
}
