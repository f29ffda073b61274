package console

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// shortestPhase is how long a phase must take in one of the instances to have a column in the table.
const shortestPhase = 50 * time.Millisecond

// table prints how each of several instances ended, and how long its phases took. Names are cut so that lines of 80
// columns or more fit into width; 0 cuts nothing.
func (v *view) table(width int) {
	r := v.collector.Result()
	if len(r.Instances) < 2 || r.Count(run.NotStarted) == len(r.Instances) || !v.shown(lifecycle.LevelInfo) {
		return
	}
	took := make([]map[lifecycle.Phase]time.Duration, len(r.Instances))
	used := map[lifecycle.Phase]bool{}
	for n, i := range r.Instances {
		took[n] = map[lifecycle.Phase]time.Duration{}
		for _, p := range i.Phases {
			took[n][p.Phase] += p.Duration
			used[p.Phase] = used[p.Phase] || took[n][p.Phase] >= shortestPhase || p.Status == run.Failed
		}
	}
	phases := slices.DeleteFunc([]lifecycle.Phase{lifecycle.PhaseCreate, lifecycle.PhaseConverge, lifecycle.PhaseSetup,
		lifecycle.PhaseVerify, lifecycle.PhasePublish, lifecycle.PhasePackage, lifecycle.PhaseDestroy},
		func(p lifecycle.Phase) bool { return !used[p] })
	head := []string{"  tests", "   total"}
	for n := len(phases) - 1; n >= 0; n-- {
		head = append([]string{fmt.Sprintf("%7s", phases[n])}, head...)
	}
	names := max(v.width, len("instance"))
	if width > 0 {
		names = max(min(names, width-2-text.Cells(strings.Join(head, "  "))-2), len("instance"))
	}
	row := func(color int, mark, name string, cells []string) {
		line := mark + " " + text.Pad(text.Cut(text.Flat(name), names), names)
		for n, c := range cells {
			line += fmt.Sprintf("  %*s", len(head[n]), c)
		}
		v.out.Print(v.paint.Paint(color, strings.TrimRight(line, " ")) + "\n")
	}
	row(Dim, " ", "instance", head)
	for n, i := range r.Instances {
		mark, color := "…", Dim
		switch i.Status {
		case run.Passed:
			mark, color = "✓", Green
		case run.Failed:
			mark, color = "✗", Red
		}
		var cells []string
		for _, p := range phases {
			cells = append(cells, brief(took[n][p]))
		}
		row(color, mark, i.Name, append(cells, ratio(i.Tests()), brief(i.Duration)))
	}
	v.engines(r.ByEngine())
}

// engines prints what became of each instance on each engine of --on.
func (v *view) engines(t run.ByEngine) {
	if len(t.Engines) < 2 {
		return
	}
	rows := [][]string{append([]string{"instance"}, t.Engines...)}
	for _, r := range t.Rows {
		cells := []string{text.Flat(r.Name)}
		for _, i := range r.Instances {
			cells = append(cells, i.Brief())
		}
		rows = append(rows, cells)
	}
	for _, line := range text.Columns(rows) {
		v.out.Print("  " + line + "\n")
	}
}

// brief is a duration in a table, nothing for none.
func brief(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return text.ShortDuration(d)
}

// ratio is "11/12" when 11 of 12 tests passed, those that were skipped left out.
func ratio(tests []run.Test) string {
	counts := run.CountTests(tests)
	all := counts[result.Passed] + counts[result.Failed]
	if all == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", counts[result.Passed], all)
}
