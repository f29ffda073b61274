package run

import (
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/report/text"
)

// ByEngine has the instances that --on put on engines, one row for each that kitchen.yml has, and a column for each engine.
type ByEngine struct {
	Engines []string
	Rows    []EngineRow
}

// EngineRow is an instance on the engines: nil where it was not run.
type EngineRow struct {
	Name      string
	Instances []*Instance
}

// ByEngine puts the instances of --on side by side; there are no rows without it.
func (r *Run) ByEngine() (t ByEngine) {
	for _, i := range r.Instances {
		if i.On != "" && !slices.Contains(t.Engines, i.On) {
			t.Engines = append(t.Engines, i.On)
		}
	}
	for _, i := range r.Instances {
		if i.On == "" {
			continue
		}
		name := strings.TrimSuffix(i.Name, "@"+i.On)
		n := slices.IndexFunc(t.Rows, func(row EngineRow) bool { return row.Name == name })
		if n < 0 {
			n = len(t.Rows)
			t.Rows = append(t.Rows, EngineRow{name, make([]*Instance, len(t.Engines))})
		}
		t.Rows[n].Instances[slices.Index(t.Engines, i.On)] = i
	}
	return t
}

// Brief is what became of the instance in a few words: how long it took, or in which phase it failed.
func (i *Instance) Brief() string {
	switch {
	case i == nil || i.Status == NotStarted:
		return "–"
	case i.Status == Passed:
		return "✓ " + text.ShortDuration(i.Duration)
	case i.Status == Failed && i.FailedPhase != "":
		return "✗ " + string(i.FailedPhase)
	case i.Status == Failed:
		return "✗"
	}
	return "…"
}
