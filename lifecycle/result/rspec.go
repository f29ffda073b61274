package result

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// rspecReport is what RSpec's JSON formatter writes.
type rspecReport struct {
	Examples *[]rspecExample `json:"examples"`
	Messages []string        `json:"messages"`
	Summary  struct {
		Outside int `json:"errors_outside_of_examples_count"`
	} `json:"summary"`
}

type rspecExample struct {
	Description     string  `json:"description"`
	FullDescription string  `json:"full_description"`
	Status          string  `json:"status"`
	File            string  `json:"file_path"`
	Line            int     `json:"line_number"`
	RunTime         float64 `json:"run_time"`
	Pending         string  `json:"pending_message"`
	Exception       *struct {
		Class   string `json:"class"`
		Message string `json:"message"`
	} `json:"exception"`
}

// outsidePlace finds where an error outside of examples was: "# ./a_spec.rb:1:in …".
var outsidePlace = regexp.MustCompile(`(?m)^# (\S+):(\d+)(?::in |$)`)

// ParseRSpec reads the report of RSpec's JSON formatter, which serverspec uses. An error outside of the examples, such
// as a file that cannot be loaded, is a failed case of its own.
//
// Errors: ErrNoResults when the document is something else; otherwise what is wrong with the JSON.
func ParseRSpec(data []byte) ([]TestCase, error) {
	var r rspecReport
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("read RSpec's JSON: %w", err)
	}
	if r.Examples == nil {
		return nil, fmt.Errorf("read RSpec's JSON: %w", ErrNoResults)
	}
	var list []TestCase
	for _, e := range *r.Examples {
		list = append(list, e.testCase())
	}
	if r.Summary.Outside > 0 {
		list = append(list, outsideCase(r.Messages))
	}
	return list, nil
}

func (e rspecExample) testCase() TestCase {
	c := TestCase{Suite: path.Base(e.File), Title: cmp.Or(e.FullDescription, e.Description), Outcome: Passed,
		Duration: duration(e.RunTime), File: strings.TrimPrefix(e.File, "./"), Line: max(e.Line, 0)}
	if e.File == "" {
		c.Suite = ""
	}
	switch e.Status {
	case "failed":
		c.Outcome = Failed
		if e.Exception != nil {
			c.Message = cmp.Or(strings.TrimSpace(e.Exception.Message), e.Exception.Class)
		}
	case "pending":
		c.Outcome, c.Message = Skipped, e.Pending
	}
	return c
}

func outsideCase(messages []string) TestCase {
	c := TestCase{Title: "an error occurred outside of the examples", Outcome: Failed,
		Message: strings.TrimSpace(strings.Join(messages, "\n"))}
	if m := outsidePlace.FindStringSubmatch(c.Message); m != nil {
		c.File = strings.TrimPrefix(m[1], "./")
		if line, err := strconv.Atoi(m[2]); err == nil {
			c.Line = line
		}
	}
	return c
}
