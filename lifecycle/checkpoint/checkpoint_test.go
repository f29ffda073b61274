package checkpoint_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/checkpoint"
)

func of(pairs ...[]string) (in checkpoint.Inputs) {
	for _, p := range pairs {
		in.Add(p[0], p[1:]...)
	}
	return in
}

func TestKey(t *testing.T) {
	all := []checkpoint.Inputs{
		nil, of([]string{"a"}), of([]string{"a", ""}), of([]string{"a", "b", "c"}), of([]string{"a", "bc"}),
		of([]string{"a", "b\nc"}), of([]string{"a", "b"}, []string{"c"}), of([]string{"c"}, []string{"a", "b"}),
	}
	seen := map[string]bool{}
	for _, in := range all {
		require.False(t, seen[in.Key()], in.Text())
		seen[in.Key()] = true
		require.Regexp(t, `^[0-9a-f]{32}$`, in.Key())
		read, err := checkpoint.Parse(in.Text())
		require.NoError(t, err)
		require.Equal(t, in.Key(), read.Key())
		require.Empty(t, in.Changed(read))
	}
	require.NotContains(t, of([]string{"a", "hunter2"}).Text(), "hunter2")
	_, err := checkpoint.Parse("x")
	require.Error(t, err)
}

func TestChanged(t *testing.T) {
	before := of([]string{"a", "1"}, []string{"b", "1"}, []string{"c", "1"})
	now := of([]string{"a", "2"}, []string{"b", "1"}, []string{"d", "1"})
	require.Equal(t, []string{"a", "d", "c"}, now.Changed(before))
}
