package run

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/timing"
	"github.com/galley-kitchen/galley/lifecycle"
)

// No moment counts twice: a command's time is not the engine's, and the engine's is not waiting.
func TestTimings(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(kind timing.Kind, from, to time.Duration) timing.Span {
		return timing.Span{Kind: kind, Started: start.Add(from * time.Second), Duration: (to - from) * time.Second}
	}
	spans := []timing.Span{
		at(timing.Engine, 2, 4), at(timing.Engine, 1, 3), at(timing.Engine, 1, 2), // side by side
		at(timing.Wait, 0, 5),
		at(timing.Command, 6, 10), at(timing.Engine, 5, 7), at(timing.Command, 8, 9),
	}
	want := Timings{Commands: 4 * time.Second, Engine: 4 * time.Second, Waiting: 2 * time.Second, Galley: 2 * time.Second}
	require.Equal(t, &want, newTimings(12*time.Second, spans))
	require.Equal(t, "commands 4.0s, engine 4.0s, waiting 2.0s, galley 2.0s", want.String())
	require.Nil(t, newTimings(time.Second, nil))

	c := NewCollector()
	stamp := func(name string, seconds time.Duration) lifecycle.Stamp {
		return lifecycle.Stamp{Time: start.Add(seconds * time.Second), Instance: name}
	}
	c.Handle(lifecycle.RunStarted{Stamp: stamp("", 0), Instances: []string{"a", "b", "c"}})
	for _, name := range []string{"a", "b"} {
		c.Handle(lifecycle.InstanceStarted{Stamp: stamp(name, 0)})
		for _, s := range spans {
			c.Handle(lifecycle.SpanFinished{Stamp: stamp(name, 10), Span: s})
		}
		c.Handle(lifecycle.InstanceFinished{Stamp: stamp(name, 12), Duration: 12 * time.Second})
	}
	r := c.Result()
	require.Equal(t, &want, r.Instances[0].Timings)
	require.Nil(t, r.Instances[2].Timings)
	require.Equal(t, 8*time.Second, c.Result().Timings.Engine, "asked twice, it is not added twice")
	require.Equal(t, "All instances together took: commands 8.0s, engine 8.0s, waiting 4.0s, galley 4.0s",
		r.TimingLine()[0].Text)
}
