package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"

	"github.com/galley-kitchen/galley/lifecycle/result"
)

//go:embed html
var htmlFiles embed.FS

// NewHTML keeps a file with the run as a page for people.
func NewHTML(path string) (SinkCloser, error) { return newDocument(path, "", WriteHTML) }

// WriteHTML writes a run as one HTML file that needs no other file, no network
// and no script.
func WriteHTML(w io.Writer, r *Run) error {
	page, err := template.New("page.html").Funcs(template.FuncMap{
		"printable": printableText,
		"short":     shortDuration,
		"place":     func(t Test) string { return place(t.TestCase) },
		"caseName":  func(t Test) string { return caseName(t.TestCase) },
	}).ParseFS(htmlFiles, "html/*")
	if err != nil {
		return fmt.Errorf("page template: %w", err)
	}
	return page.ExecuteTemplate(w, "page.html", newHTMLPage(r))
}

// htmlPage is what the template shows.
type htmlPage struct {
	Run      *Run
	Title    string
	Headline string
	Started  string
	Facts    []htmlFact
	Tiles    []htmlTile
	Failures []htmlInstance
	Flaky    []htmlInstance
	All      []htmlInstance
	Timeline timeline
}

type htmlFact struct{ Name, Value string }

// htmlTile is a number of the summary.
type htmlTile struct {
	Label  string
	Number int
	Class  string
}

type htmlInstance struct {
	*Instance
	Class  string
	Counts string
	Failed []Test
	Tests  []Test
}

func newHTMLPage(r *Run) htmlPage {
	p := htmlPage{
		Run:      r,
		Title:    fmt.Sprintf("galley %s: %s", r.Action, r.Status),
		Headline: headline(r),
		Started:  r.Started.UTC().Format("2006-01-02 15:04:05 UTC"),
		Facts:    htmlFacts(r),
		Tiles:    htmlTiles(r),
		Timeline: newTimeline(r),
	}
	for _, i := range r.Instances {
		view := newHTMLInstance(i)
		p.All = append(p.All, view)
		if i.Status == Failed || i.Status == Unfinished {
			p.Failures = append(p.Failures, view)
		}
		if i.Flaky() {
			p.Flaky = append(p.Flaky, view)
		}
	}
	return p
}

func newHTMLInstance(i *Instance) htmlInstance {
	view := htmlInstance{Instance: i, Class: statusClass(i.Status), Tests: i.Tests()}
	counts := map[result.Outcome]int{}
	for _, t := range view.Tests {
		counts[t.Outcome]++
		if t.Outcome == result.Failed {
			view.Failed = append(view.Failed, t)
		}
	}
	view.Counts = testCounts(counts)
	return view
}

// headline is the run in one sentence.
func headline(r *Run) string {
	switch all, passed := len(r.Instances), r.Count(Passed); {
	case r.Status == Passed && all == 1:
		return "The instance passed"
	case r.Status == Passed:
		return fmt.Sprintf("All %d instances passed", all)
	case r.Status == Failed:
		return ofInstances(r.Count(Failed), all) + " failed"
	default:
		return fmt.Sprintf("Cut off: %s passed", ofInstances(passed, all))
	}
}

func htmlFacts(r *Run) []htmlFact {
	facts := []htmlFact{
		{"Action", r.Action},
		{"Took", shortDuration(r.Duration)},
		{"Side by side", fmt.Sprint(max(r.Concurrency, 1))},
	}
	if r.Engine != nil {
		facts = append(facts,
			htmlFact{"Engine", r.Engine.Name + " " + r.Engine.Version},
			htmlFact{"Endpoint", r.Engine.Endpoint})
	}
	return append(facts, htmlFact{"galley", r.Version}, htmlFact{"Run", r.RunID})
}

// htmlTiles are the numbers that are not zero, and how many passed.
func htmlTiles(r *Run) []htmlTile {
	flaky := 0
	for _, i := range r.Instances {
		for _, t := range i.Tests() {
			if t.FlakyMessage != "" {
				flaky++
			}
		}
	}
	tests := func(n int, how string) string {
		if n == 1 {
			return "test " + how
		}
		return "tests " + how
	}
	good, bad, skipped := r.CountTests(result.Passed), r.CountTests(result.Failed), r.CountTests(result.Skipped)
	all := []htmlTile{
		{"passed", r.Count(Passed), "passed"},
		{"failed", r.Count(Failed), "failed"},
		{"unfinished", r.Count(Unfinished), "unfinished"},
		{"not started", r.Count(NotStarted), "waiting"},
		{tests(good, "passed"), good, "passed"},
		{tests(bad, "failed"), bad, "failed"},
		{tests(skipped, "skipped"), skipped, "waiting"},
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

func statusClass(s Status) string {
	if s == NotStarted {
		return "waiting"
	}
	return string(s)
}
