package cmdutil

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/internal/settings"
)

func TestChoose(t *testing.T) {
	all := []string{"default-debian", "default-debian-12", "web-alma"}
	var instances []kitchen.RawInstance
	for _, name := range all {
		instances = append(instances, kitchen.RawInstance{Name: name})
	}
	for _, tc := range []struct {
		args, want []string
		err        string
	}{
		{nil, all, ""},
		{[]string{"all"}, all, ""},
		{[]string{"default-debian"}, []string{"default-debian"}, ""}, // exact beats pattern
		{[]string{"debian"}, []string{"default-debian", "default-debian-12"}, ""},
		{[]string{"alma", "12$"}, []string{"default-debian-12", "web-alma"}, ""},
		{[]string{"nothing"}, nil, "no instances for \"nothing\""},
		{[]string{"("}, nil, "neither an instance nor a regular expression"},
	} {
		got, err := Choose(instances, tc.args)
		if tc.err != "" {
			require.ErrorContains(t, err, tc.err)
			continue
		}
		require.NoError(t, err)
		var names []string
		for _, i := range got {
			names = append(names, i.Name)
		}
		require.Equal(t, tc.want, names)
	}
}

func self(s string) string { return s }

func TestParseShard(t *testing.T) {
	for _, text := range []string{"x", "1", "0/3", "4/3", "1/0", "-1/2", "1/2/3", "1.5/2"} {
		_, err := parseShard(text)
		require.ErrorContains(t, err, "write I/N", text)
	}
	got, err := parseShard("2/3")
	require.NoError(t, err)
	require.Equal(t, shard{2, 3}, got)
	all, err := Sharded(settings.Settings{}, []string{"a"}, self)
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, all)
	require.Equal(t, all, pick(shard{}, all, self, nil))
}

// Every instance is in exactly one part, whatever is known of it.
func TestShardsAreAPartition(t *testing.T) {
	var names []string
	took := map[string]time.Duration{"gone-since": time.Hour}
	for n := range 23 {
		name := fmt.Sprintf("suite-%02d", n)
		names = append(names, name)
		if n%3 == 0 {
			took[name] = time.Duration(n) * time.Minute
		}
	}
	for _, known := range []map[string]time.Duration{nil, took} {
		for count := 1; count <= 30; count++ {
			var all []string
			for index := 1; index <= count; index++ {
				part := pick(shard{index, count}, names, self, known)
				require.True(t, slices.IsSorted(part), "the order of kitchen.yml is kept")
				if known == nil {
					require.InDelta(t, float64(len(names))/float64(count), float64(len(part)), 1)
				}
				all = append(all, part...)
			}
			slices.Sort(all)
			require.Equal(t, names, all)
		}
	}
}

// The order in which instances come changes nothing: only what they are.
func TestShardsAreStable(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e"}
	turned := slices.Clone(names)
	slices.Reverse(turned)
	first := pick(shard{1, 2}, names, self, nil)
	second := pick(shard{1, 2}, turned, self, nil)
	slices.Sort(second)
	require.Equal(t, first, second)
}

// Known durations make parts that end at about the same time.
func TestShardsByDuration(t *testing.T) {
	took := map[string]time.Duration{"long": 10 * time.Minute, "a": 2 * time.Minute, "b": 3 * time.Minute,
		"c": 4 * time.Minute}
	names := []string{"a", "b", "c", "long"}
	require.Equal(t, []string{"long"}, pick(shard{1, 2}, names, self, took))
	require.Equal(t, []string{"a", "b", "c"}, pick(shard{2, 2}, names, self, took))
	// One that is not known is taken for an average one: 4m45s.
	require.Equal(t, []string{"b", "c", "new"}, pick(shard{2, 2}, append(names, "new"), self, took))
}
