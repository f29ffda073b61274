package limits

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	list, err := Parse([]string{"1h", " converge = 20m", "verify=90s"})
	require.NoError(t, err)
	require.Equal(t, List{Run: time.Hour, "converge": 20 * time.Minute, "verify": 90 * time.Second}, list)
	for entries, want := range map[[2]string]string{
		{"30"}:              "write a time, such as 90s",
		{"0s"}:              "write a time",
		{"-1m"}:             "write a time",
		{"conv=1m"}:         "there is no phase conv: write one of run, destroy",
		{"run=1m", "2m"}:    "run is there twice",
		{"converge=", "1m"}: "write a time",
	} {
		_, err := Parse(entries[:])
		require.ErrorContains(t, err, want, entries)
	}
}

func TestWithin(t *testing.T) {
	ctx, cancel := List{"verify": time.Nanosecond}.Within(t.Context(), "verify")
	defer cancel()
	<-ctx.Done()
	require.EqualError(t, context.Cause(ctx),
		"the verify took longer than 1ns\nIts log shows how far it came; --timeout verify=1ns is what ended it")
	free, cancel := List{"verify": time.Nanosecond}.Within(t.Context(), Run)
	defer cancel()
	_, limited := free.Deadline()
	require.False(t, limited)
}
