// Package html writes a run as a page for people.
package html

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"

	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

//go:embed html
var htmlFiles embed.FS

// Write writes a run as one HTML file that needs no other file, no network and no script.
func Write(w io.Writer, r *run.Run) error {
	page, err := template.New("page.html").Funcs(template.FuncMap{
		"name":      text.Name,
		"printable": text.Lines,
		"short":     text.ShortDuration,
		"class":     statusClass,
	}).ParseFS(htmlFiles, "html/*")
	if err != nil {
		return fmt.Errorf("page template: %w", err)
	}
	return page.ExecuteTemplate(w, "page.html", newHTMLPage(r))
}

// htmlPage is what the template shows.
type htmlPage struct {
	Run      *run.Run
	Title    string
	Headline string
	Started  string
	Facts    []htmlFact
	Tiles    []htmlTile
	Failures []*run.Instance
	Flaky    []*run.Instance
	Timeline timeline
}

type htmlFact struct{ Name, Value string }

// htmlTile is a number of the summary.
type htmlTile struct {
	Label  string
	Number int
	Class  string
}

func newHTMLPage(r *run.Run) htmlPage {
	p := htmlPage{
		Run:      r,
		Title:    fmt.Sprintf("galley %s: %s", r.Action, r.Status),
		Headline: run.Headline(r),
		Started:  r.Started.UTC().Format("2006-01-02 15:04:05 UTC"),
		Facts:    htmlFacts(r),
		Tiles:    htmlTiles(r),
		Timeline: newTimeline(r),
	}
	for _, i := range r.Instances {
		if i.Status == run.Failed || i.Status == run.Unfinished {
			p.Failures = append(p.Failures, i)
		}
		if i.Flaky() {
			p.Flaky = append(p.Flaky, i)
		}
	}
	return p
}

func htmlFacts(r *run.Run) []htmlFact {
	facts := []htmlFact{
		{"Action", r.Action},
		{"Took", text.ShortDuration(r.Duration)},
		{"Side by side", fmt.Sprint(max(r.Concurrency, 1))},
	}
	if r.Timings != nil {
		facts = append(facts, htmlFact{"Where the time went", r.Timings.String()})
	}
	for _, e := range r.Engines {
		facts = append(facts, htmlFact{"Engine", e.Title()}, htmlFact{"Endpoint", e.Endpoint})
	}
	return append(facts, htmlFact{"galley", r.Version}, htmlFact{"Run", r.RunID})
}

// htmlTiles are the numbers that are not zero, and how many passed.
func htmlTiles(r *run.Run) []htmlTile {
	var tests []run.Test
	for _, i := range r.Instances {
		tests = append(tests, i.Tests()...)
	}
	flaky := len(slices.DeleteFunc(slices.Clone(tests), func(t run.Test) bool { return t.FlakyMessage == "" }))
	count := run.CountTests(tests)
	ofTests := func(o result.Outcome, class string) htmlTile {
		label := "tests " + string(o)
		if count[o] == 1 {
			label = "test " + string(o)
		}
		return htmlTile{label, count[o], class}
	}
	all := []htmlTile{
		{"passed", r.Count(run.Passed), "passed"},
		{"failed", r.Count(run.Failed), "failed"},
		{"unfinished", r.Count(run.Unfinished), "unfinished"},
		{"not started", r.Count(run.NotStarted), "waiting"},
		ofTests(result.Passed, "passed"),
		ofTests(result.Failed, "failed"),
		ofTests(result.Skipped, "waiting"),
		{"flaky", flaky, "unfinished"},
	}
	var out []htmlTile
	for _, t := range all {
		if t.Number > 0 || t.Label == "passed" {
			out = append(out, t)
		}
	}
	return out
}

func statusClass(s run.Status) string {
	if s == run.NotStarted {
		return "waiting"
	}
	return string(s)
}
