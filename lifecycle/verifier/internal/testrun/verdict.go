package testrun

import (
	"fmt"
	"io"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// Verdict is how a tool ended.
type Verdict struct {
	// Tool is its name.
	Tool string
	Code int
	// Hint explains the code.
	Hint string
	// OnHost is set when it ran on this machine.
	OnHost bool
	// Unread is why its results cannot be read, or nil.
	Unread error
	// Output is the end of what it printed.
	Output string
}

// Cases completes the cases of a tool's run by its exit code. Where the two do not
// fit, or there are no cases, the exit code becomes a case, so that no failure is
// missing from the reports. Errors: *FailedError.
func (v Verdict) Cases(cases []result.TestCase, warn io.Writer) ([]result.TestCase, error) {
	if v.Unread != nil {
		if _, err := fmt.Fprintf(warn, "The results of %s cannot be read, so its exit code decides: %v\n", v.Tool, v.Unread); err != nil {
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
	if v.Code != 0 {
		exit = &runner.ExitError{What: v.Tool, Code: v.Code, Hint: v.Hint, OnHost: v.OnHost}
	}
	switch {
	case exit != nil && failed == 0:
		cases = append(cases, result.TestCase{Title: v.Tool + " ends well", Outcome: result.Failed,
			Message: strings.TrimSpace(exit.Error() + "\n" + v.Output)})
	case exit == nil && v.Unread != nil:
		cases = append(cases, result.TestCase{Title: v.Tool + " ends well", Outcome: result.Passed})
	}
	if exit == nil && failed == 0 {
		return cases, nil
	}
	return cases, &FailedError{Tool: v.Tool, Failed: failed, Total: len(cases), Exit: exit}
}
