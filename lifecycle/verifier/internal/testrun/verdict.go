package testrun

import (
	"fmt"
	"io"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// Cases completes the cases of a tool's run by its exit code, which hint explains. unread is why the results cannot be
// read, or nil. Where cases and code do not fit, or there are no cases, the code becomes a case, so that no failure is
// missing from the reports. Errors: *FailedError.
func (o Outcome) Cases(tool, hint string, cases []result.TestCase, unread error,
	warn io.Writer) ([]result.TestCase, error) {
	if unread != nil {
		_, err := fmt.Fprintf(warn, "The results of %s cannot be read, so its exit code decides: %v\n", tool, unread)
		if err != nil {
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
	if o.Code != 0 {
		exit = &runner.ExitError{What: tool, Code: o.Code, Hint: hint, OnHost: o.OnHost}
	}
	switch {
	case exit != nil && failed == 0:
		cases = append(cases, result.TestCase{Title: tool + " ends well", Outcome: result.Failed,
			Message: strings.TrimSpace(exit.Error() + "\n" + o.Output)})
	case exit == nil && unread != nil:
		cases = append(cases, result.TestCase{Title: tool + " ends well", Outcome: result.Passed})
	}
	if exit == nil && failed == 0 {
		return cases, nil
	}
	return cases, &FailedError{Tool: tool, Failed: failed, Total: len(cases), Exit: exit}
}

// FailedError says that tests failed. Doing them again may go otherwise.
type FailedError struct {
	// Tool is what ran the tests, in words.
	Tool string
	// Failed of Total tests failed.
	Failed, Total int
	// Exit is how the tool ended.
	Exit *runner.ExitError
}

// Error tells how many failed; when the tool failed without saying which, how it ended.
func (e *FailedError) Error() string {
	if e.Failed == 0 {
		return e.Exit.Error()
	}
	tests := "tests"
	if e.Total == 1 {
		tests = "test"
	}
	return fmt.Sprintf("%s: %d of %d %s failed", e.Tool, e.Failed, e.Total, tests)
}

// Unwrap gives the *runner.ExitError, if the tool ended with another code than 0.
func (e *FailedError) Unwrap() error {
	if e.Exit == nil {
		return nil
	}
	return e.Exit
}

// NoTestsError says that there was nothing to test.
type NoTestsError struct {
	// Looked are the places where tests were looked for.
	Looked []string
}

// Error names the places.
func (e *NoTestsError) Error() string {
	if len(e.Looked) == 0 {
		return "the verifier tests nothing"
	}
	return "no tests were found in " + strings.Join(e.Looked, ", ")
}

// ToolMissingError says that a test tool is neither in the runner nor, for tools that can run there, on this machine.
type ToolMissingError struct {
	// Tool is what is missing, Places where it was looked for.
	Tool   string
	Places []string
	// Remedy is how to get it.
	Remedy string
}

// Error says where it was looked for and what to do.
func (e *ToolMissingError) Error() string {
	return fmt.Sprintf("%s was not found: looked in %s\n%s", e.Tool, strings.Join(e.Places, ", "), e.Remedy)
}
