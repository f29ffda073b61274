package result

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// inspecReport is what InSpec's and Cinc Auditor's json reporter writes.
type inspecReport struct {
	Profiles *[]inspecProfile `json:"profiles"`
}

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
	var r inspecReport
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("read InSpec's JSON: %w", err)
	}
	if r.Profiles == nil {
		return nil, fmt.Errorf("read InSpec's JSON: %w", ErrNoResults)
	}
	return inspecCases(*r.Profiles), nil
}

func inspecCases(profiles []inspecProfile) []TestCase {
	inParent := map[string]bool{} // controls of a profile that its parent has results of
	anywhere := map[string]bool{}
	for _, p := range profiles {
		for _, c := range p.Controls {
			anywhere[c.ID] = anywhere[c.ID] || len(c.Results) > 0
			inParent[c.ID] = inParent[c.ID] || len(c.Results) > 0 && p.Parent == ""
		}
	}
	var list []TestCase
	for _, p := range profiles {
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
			for _, r := range c.Results {
				list = append(list, r.testCase(p.Name, c))
			}
			if len(c.Results) == 0 && c.waived() && !anywhere[c.ID] {
				list = append(list, inspecResult{Status: "skipped"}.testCase(p.Name, c))
			}
		}
	}
	return list
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
