package run

import (
	"cmp"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/report/text"
)

// ByEngine has the instances that --on put on engines, one row for each that kitchen.yml has, and a column for each
// engine.
type ByEngine struct {
	// Engines are the names of --on.
	Engines []string
	// Titles tell which engines those are: "docker 29.0.1".
	Titles []string
	Rows   []EngineRow
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
			t.Titles = append(t.Titles, r.titleOf(i))
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

// Title is the engine and its version, after what --on calls it.
func (e *Engine) Title() string {
	title := strings.TrimSpace(e.Name + " " + e.Version)
	if e.On != "" && e.On != e.Name {
		title = e.On + ": " + title
	}
	return title
}

// titleOf is that of the engine that --on has put an instance on, only its name where it never answered.
func (r *Run) titleOf(i *Instance) string {
	if e := r.EngineOf(i); e != nil {
		named := *e
		named.On = cmp.Or(i.On, e.On) // one engine may have several names
		return named.Title()
	}
	return i.On
}

// EngineOf is where an instance ran, nil where that is not known.
func (r *Run) EngineOf(i *Instance) *Engine {
	for _, e := range r.Engines {
		if e.Endpoint == i.Endpoint || i.Endpoint == "" && len(r.Engines) == 1 {
			return e
		}
	}
	return nil
}

// EngineTitles are those of all engines of the run.
func (r *Run) EngineTitles() []string {
	var titles []string
	for _, e := range r.Engines {
		titles = append(titles, e.Title())
	}
	return titles
}
