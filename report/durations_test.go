package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/report/internal/sample"
	"github.com/galley-kitchen/galley/report/run"
)

func TestDurationsOfAReport(t *testing.T) {
	want := map[string]time.Duration{}
	for _, i := range collected(sample.Red()).Instances {
		if i.Status != run.NotStarted {
			want[i.Name] = i.Duration
		}
	}
	require.Len(t, want, 3)
	for name, text := range map[string]string{
		"json":    rendered(t, sample.Red(), WriteJSON),
		"ndjson":  sample.Recorded(t, sample.Red()),
		"cut off": sample.Recorded(t, sample.Red()) + `{"type":"outp`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Durations([]byte(text))
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
	got, err := Durations([]byte(sample.Recorded(t, sample.Killed(5*time.Second))))
	require.NoError(t, err)
	require.Empty(t, got, "an instance that was cut off tells nothing")
	_, err = Durations([]byte("no report\n"))
	require.Error(t, err)
	_, err = Durations([]byte(`{"schema": 2}`))
	require.ErrorContains(t, err, "schema 2")
}
