package trace

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/galley-kitchen/galley/report/text"
)

// ndjson writes each span on a line, at once.
type ndjson struct{ w io.WriteCloser }

func (n *ndjson) write(p span) error { return text.WriteJSON(n.w, p, "") }

func (n *ndjson) close() error { return n.w.Close() }

// chrome writes the Trace Event Format, which Perfetto and Chrome show. Spans on one of its threads have to lie in each
// other; so what an instance does side by side takes several threads.
type chrome struct {
	w     io.WriteCloser
	spans []span
}

// chromeEvent is a complete event ("X"), or the name of a thread ("M").
type chromeEvent struct {
	Name  string            `json:"name"`
	Cat   string            `json:"cat,omitempty"`
	Phase string            `json:"ph"`
	TS    int64             `json:"ts"` // µs
	Dur   int64             `json:"dur,omitempty"`
	PID   int               `json:"pid"`
	TID   int               `json:"tid"`
	Args  map[string]string `json:"args,omitempty"`
}

func (c *chrome) write(p span) error {
	c.spans = append(c.spans, p)
	return nil
}

func (c *chrome) close() error {
	// What began first comes first, and of those that began at once, the longest: others lie in it.
	slices.SortStableFunc(c.spans, func(a, b span) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(b.Duration, a.Duration), cmp.Compare(a.ID, b.ID))
	})
	events := []chromeEvent{}
	var threads []thread
	for _, p := range c.spans {
		tid := slices.IndexFunc(threads, func(t thread) bool { return t.instance == p.Instance && t.takes(p) })
		if tid < 0 {
			tid = len(threads)
			threads = append(threads, thread{instance: p.Instance})
			name := cmp.Or(p.Instance, "galley")
			events = append(events, chromeEvent{Name: "thread_name", Phase: "M", PID: 1, TID: tid,
				Args: map[string]string{"name": name}})
		}
		threads[tid].ends = append(threads[tid].ends, p.Time.Add(p.Duration))
		args := map[string]string{"detail": p.Detail, "error": p.Error}
		maps.DeleteFunc(args, func(_, v string) bool { return v == "" })
		events = append(events, chromeEvent{Name: p.Name, Cat: p.Kind, Phase: "X", TS: p.Time.UnixMicro(),
			Dur: p.Time.Add(p.Duration).UnixMicro() - p.Time.UnixMicro(), PID: 1, TID: tid, Args: args})
	}
	err := json.NewEncoder(c.w).Encode(map[string]any{"traceEvents": events, "displayTimeUnit": "ms"})
	return errors.Join(err, c.w.Close())
}

// thread is where spans of an instance are drawn, with the ends of those that go on.
type thread struct {
	instance string
	ends     []time.Time
}

// takes reports whether a span lies in the last one that goes on, or after all.
func (t *thread) takes(p span) bool {
	for len(t.ends) > 0 && !t.ends[len(t.ends)-1].After(p.Time) {
		t.ends = t.ends[:len(t.ends)-1]
	}
	return len(t.ends) == 0 || !p.Time.Add(p.Duration).After(t.ends[len(t.ends)-1])
}
