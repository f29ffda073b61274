// Package result is the model of test results that all verifiers share.
package result

import "time"

// Outcome is how a test case ended.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped"
)

// TestCase is one thing that a verifier tested.
type TestCase struct {
	// Suite groups cases: an InSpec profile, a bats file.
	Suite string `json:"suite,omitempty"`
	// ID is the tool's identifier of the case, or empty.
	ID       string        `json:"id,omitempty"`
	Title    string        `json:"title"`
	Outcome  Outcome       `json:"outcome"`
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Message tells why it failed or was skipped.
	Message string `json:"message,omitempty"`
	// File and Line are where the case is written, where that is known.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}
