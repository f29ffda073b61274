package result

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// inspecProfile is a profile of what InSpec's and Cinc Auditor's json reporter writes.
type inspecProfile struct {
	Name          string          `json:"name"`
	Title         string          `json:"title"`
	Parent        string          `json:"parent_profile"`
	Status        string          `json:"status"`
	StatusMessage string          `json:"status_message"`
	SkipMessage   string          `json:"skip_message"`
	Controls      []inspecControl `json:"controls"`
}

type inspecControl struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Source struct {
		Ref  string `json:"ref"`
		Line int    `json:"line"`
	} `json:"source_location"`
	Waiver struct {
		Justification string          `json:"justification"`
		Skipped       json.RawMessage `json:"skipped_due_to_waiver"`
	} `json:"waiver_data"`
	// Status is that of the whole control, with --enhanced-outcomes only.
	Status  string         `json:"status"`
	Results []inspecResult `json:"results"`
}

type inspecResult struct {
	Status    string  `json:"status"`
	CodeDesc  string  `json:"code_desc"`
	RunTime   float64 `json:"run_time"`
	Message   string  `json:"message"`
	Skip      string  `json:"skip_message"`
	Exception string  `json:"exception"`
}

// generatedID begins the identifiers that InSpec makes up for tests without a control.
const generatedID = "(generated from "

// ParseInSpec reads the json report of InSpec and Cinc Auditor. Each result of a control is a case. A
// control that a profile includes from another one counts once. A profile that could not be loaded is a failed case,
// one that was skipped, for another platform, a skipped one.
//
// Errors: ErrNoResults when the document is something else; otherwise what is wrong with the JSON.
func ParseInSpec(data []byte) ([]TestCase, error) {
	var r struct{ Profiles *[]inspecProfile }
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("read InSpec's JSON: %w", err)
	}
	if r.Profiles == nil {
		return nil, fmt.Errorf("read InSpec's JSON: %w", ErrNoResults)
	}
	inParent := map[string]bool{} // controls of a profile that its parent has results of
	anywhere := map[string]bool{}
	for _, p := range *r.Profiles {
		for _, c := range p.Controls {
			anywhere[c.ID] = anywhere[c.ID] || len(c.Results) > 0
			inParent[c.ID] = inParent[c.ID] || len(c.Results) > 0 && p.Parent == ""
		}
	}
	var list []TestCase
	for _, p := range *r.Profiles {
		switch p.Status {
		case "failed":
			list = append(list, TestCase{Suite: p.Name, Title: "the profile loads", Outcome: Failed, Message: p.StatusMessage})
			continue
		case "skipped":
			list = append(list, TestCase{Suite: p.Name, Title: "the profile runs", Outcome: Skipped,
				Message: cmp.Or(p.SkipMessage, p.StatusMessage)})
			continue
		}
		for _, c := range p.Controls {
			if p.Parent != "" && inParent[c.ID] {
				continue
			}
			for _, res := range c.Results {
				list = append(list, res.testCase(p.Name, c))
			}
			if len(c.Results) == 0 && c.waived() && !anywhere[c.ID] {
				list = append(list, inspecResult{Status: "skipped"}.testCase(p.Name, c))
			}
		}
	}
	return list, nil
}

func (c inspecControl) waived() bool {
	s := string(c.Waiver.Skipped)
	return s != "" && s != "null" && s != "false"
}

func (r inspecResult) testCase(profile string, c inspecControl) TestCase {
	t := TestCase{Suite: profile, ID: c.ID, Title: cmp.Or(strings.TrimSpace(r.CodeDesc), c.Title, c.ID), Outcome: Passed,
		Duration: duration(r.RunTime), File: c.Source.Ref, Line: max(c.Source.Line, 0)}
	if strings.HasPrefix(c.ID, generatedID) {
		t.ID = ""
	}
	switch {
	case c.Status == "not_applicable":
		t.Outcome, t.Message = Skipped, "not applicable"
	case r.Status == "failed", r.Status == "error":
		t.Outcome, t.Message = Failed, cmp.Or(strings.TrimSpace(r.Message), r.Exception)
	case r.Status == "skipped":
		t.Outcome, t.Message = Skipped, r.Skip
		if c.waived() {
			t.Message = strings.TrimSpace("waived: " + c.Waiver.Justification)
		}
	}
	return t
}

// rspecExample is an example in what RSpec's JSON formatter writes.
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
var outsidePlace = lazyregexp.New(`(?m)^# (\S+):(\d+)(?::in |$)`)

// ParseRSpec reads the report of RSpec's JSON formatter, which serverspec uses. An error outside of the examples, such
// as a file that cannot be loaded, is a failed case of its own.
//
// Errors: ErrNoResults when the document is something else; otherwise what is wrong with the JSON.
func ParseRSpec(data []byte) ([]TestCase, error) {
	var r struct {
		Examples *[]rspecExample
		Messages []string
		Summary  struct {
			Outside int `json:"errors_outside_of_examples_count"`
		}
	}
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
	if m := outsidePlace().FindStringSubmatch(c.Message); m != nil {
		c.File = strings.TrimPrefix(m[1], "./")
		if line, err := strconv.Atoi(m[2]); err == nil {
			c.Line = line
		}
	}
	return c
}

// gossStart is how a report begins.
var gossStart = lazyregexp.New(`\{\s*"results"\s*:`)

// gossResult is a result in what `goss validate --format json` prints.
type gossResult struct {
	Duration     int64           `json:"duration"` // nanoseconds
	Err          json.RawMessage `json:"err"`
	Property     string          `json:"property"`
	ResourceID   string          `json:"resource-id"`
	ResourceType string          `json:"resource-type"`
	Skipped      bool            `json:"skipped"`
	Successful   bool            `json:"successful"`
	Summary      string          `json:"summary-line"`
	Title        string          `json:"title"`
}

// ParseGoss reads what goss prints in its JSON format. With --retry-timeout goss prints a report for every attempt: the
// last of several counts. Text around the reports, such as the message between two attempts, is passed over.
//
// Errors: ErrNoResults when there is no report; otherwise what is wrong with the
// JSON, such as io.ErrUnexpectedEOF when it is cut off.
func ParseGoss(data []byte) ([]TestCase, error) {
	var last *[]gossResult
	rest := data
	for {
		start := gossStart().FindIndex(rest)
		if start == nil {
			break
		}
		dec := json.NewDecoder(bytes.NewReader(rest[start[0]:]))
		var r struct{ Results *[]gossResult }
		if err := dec.Decode(&r); err != nil {
			return nil, fmt.Errorf("read goss' JSON: %w", err)
		}
		last, rest = r.Results, rest[start[0]+int(dec.InputOffset()):]
	}
	if last == nil {
		return nil, fmt.Errorf("read goss' JSON: %w", ErrNoResults)
	}
	list := make([]TestCase, 0, len(*last))
	for _, r := range *last {
		list = append(list, r.testCase())
	}
	return list, nil
}

func (r gossResult) testCase() TestCase {
	c := TestCase{Suite: r.ResourceType, ID: r.ResourceID, Outcome: Passed, Duration: time.Duration(max(r.Duration, 0)),
		Title: fmt.Sprintf("%s: %s: %s", r.ResourceType, r.ResourceID, r.Property)}
	if r.Title != "" {
		c.Title += " (" + r.Title + ")"
	}
	switch {
	case r.Skipped:
		c.Outcome, c.Message = Skipped, "skipped"
	case !r.Successful:
		c.Outcome, c.Message = Failed, strings.TrimSpace(r.Summary)
		if text := strings.TrimSpace(string(r.Err)); text != "" && text != "null" && text != "{}" {
			c.Message = strings.TrimSpace(c.Message + "\n" + strings.Trim(text, `"`))
		}
	}
	return c
}
