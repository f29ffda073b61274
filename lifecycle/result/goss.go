package result

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// gossReport is what `goss validate --format json` prints.
type gossReport struct {
	Results *[]gossResult `json:"results"`
}

// gossStart is how a report begins.
var gossStart = regexp.MustCompile(`\{\s*"results"\s*:`)

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
		start := gossStart.FindIndex(rest)
		if start == nil {
			break
		}
		dec := json.NewDecoder(bytes.NewReader(rest[start[0]:]))
		var r gossReport
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
