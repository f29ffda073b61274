package run

import (
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/report/text"
)

// OfInstances is "2 of 3 instances".
func OfInstances(n, all int) string {
	if all == 1 {
		return "1 of 1 instance"
	}
	return fmt.Sprintf("%d of %d instances", n, all)
}

// ToldByTests reports whether the tests of a phase say all there is to say of it.
func (p *Phase) ToldByTests() bool {
	switch p.Status {
	case Passed:
		return len(p.Tests) > 0
	case Failed:
		return slices.ContainsFunc(p.Tests, func(t Test) bool { return t.Outcome == result.Failed })
	default:
		return false
	}
}

// Explained reports whether one of the phases shows why the instance did not pass.
func (i *Instance) Explained() bool {
	return i.Status == Passed || slices.ContainsFunc(i.Phases, func(p *Phase) bool { return p.Status == i.Status })
}

// Reason is why the instance did not pass.
func (i *Instance) Reason() string {
	if i.Error != "" {
		return text.First(i.Error)
	}
	return "the run ended before the instance did"
}

// TailText is the end of the output, made safe to show.
func (i *Instance) TailText() string { return text.Lines(strings.Join(i.Tail, "\n")) }

// CaseName is the title of a test, with its identifier where it has one.
func (t Test) CaseName() string {
	switch {
	case t.Title == "":
		return t.ID
	case t.ID == "" || strings.Contains(t.Title, t.ID):
		return t.Title
	default:
		return t.ID + ": " + t.Title
	}
}

// Place is where a test is written: "test/foo_test.rb:12", or empty.
func (t Test) Place() string {
	if t.File == "" || t.Line == 0 {
		return t.File
	}
	return fmt.Sprintf("%s:%d", t.File, t.Line)
}

// Headline is the run in one sentence.
func Headline(r *Run) string {
	switch all, passed := len(r.Instances), r.Count(Passed); {
	case r.Status == Passed && all == 1:
		return "The instance passed"
	case r.Status == Passed:
		return fmt.Sprintf("All %d instances passed", all)
	case r.Status == Failed:
		return OfInstances(r.Count(Failed), all) + " failed"
	default:
		return fmt.Sprintf("Cut off: %s passed", OfInstances(passed, all))
	}
}

// Counts is how the tests of an instance went: "tests: 12 passed, 1 failed".
func (i *Instance) Counts() string { return Counts(i.Tests()) }

// Counts is how tests went: "tests: 12 passed, 1 failed", empty for none.
func Counts(tests []Test) string {
	counts := CountTests(tests)
	var parts []string
	for _, o := range []result.Outcome{result.Passed, result.Failed, result.Skipped} {
		if counts[o] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[o], o))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "tests: " + strings.Join(parts, ", ")
}
