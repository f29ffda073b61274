package verifier

import (
	"fmt"
	"io"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// verdict is how a tool ended.
type verdict struct {
	tool string
	code int
	// hint explains the code.
	hint string
	// unread is why its results cannot be read, or nil.
	unread error
	// said is the end of what it printed.
	said string
}

// settle makes the end of a tool's run of its exit code and its cases. Where the
// two do not fit, or there are no cases, the exit code becomes a case, so that no
// failure is missing from the reports.
func settle(v verdict, cases []result.TestCase, warn io.Writer) ([]result.TestCase, error) {
	if v.unread != nil {
		if _, err := fmt.Fprintf(warn, "The results of %s cannot be read, so its exit code decides: %v\n", v.tool, v.unread); err != nil {
			return nil, err
		}
	}
	failed := 0
	for _, c := range cases {
		if c.Outcome == result.Failed {
			failed++
		}
	}
	var exit *runner.ExitError
	if v.code != 0 {
		exit = &runner.ExitError{What: v.tool, Code: v.code, Hint: v.hint}
	}
	switch {
	case exit != nil && failed == 0:
		cases = append(cases, result.TestCase{Title: v.tool + " ends well", Outcome: result.Failed,
			Message: strings.TrimSpace(exit.Error() + "\n" + v.said)})
	case exit == nil && v.unread != nil:
		cases = append(cases, result.TestCase{Title: v.tool + " ends well", Outcome: result.Passed})
	}
	if exit == nil && failed == 0 {
		return cases, nil
	}
	return cases, &FailedError{Tool: v.tool, Failed: failed, Total: len(cases), Exit: exit}
}
