package cmdutil

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/kitchen"
)

func TestEnginesOn(t *testing.T) {
	for value, want := range map[string]string{
		"dokcer":                 "write one of docker, podman, or an address",
		"mine=":                  "write one of docker, podman",
		"Mine=docker":            `"Mine" cannot be a name: write small letters`,
		"a@b=unix:///x?y=z":      `"a@b" cannot be a name`,
		"unix:///nowhere/a=b":    "there is no such socket",
		"unix:///nowhere/socket": "there is no such socket",
		"x=unix:///nowhere/sock": "there is no such socket",
	} {
		f := NewFactory(Streams{}, "test")
		_, err := f.EnginesOn(t.Context(), []string{value})
		require.ErrorContains(t, err, "--on "+value)
		require.ErrorContains(t, err, want)
	}
	f := NewFactory(Streams{}, "test")
	f.Flags["host"] = []string{"unix:///x"}
	_, err := f.EnginesOn(t.Context(), []string{"docker"})
	require.ErrorContains(t, err, "--on and --host both name engines")
}

// Instances on engines are chosen by their names, and by expressions with the sign of engines.
func TestChooseOnEngines(t *testing.T) {
	all := []kitchen.RawInstance{{Name: "a"}, {Name: "a@docker", On: "docker"}, {Name: "a@podman", On: "podman"}, {Name: "ab"}}
	for _, c := range []struct{ args, want []string }{
		{nil, []string{"a", "ab"}},
		{[]string{"all"}, []string{"a", "ab"}},
		{[]string{"b"}, []string{"ab"}},
		{[]string{"a@docker"}, []string{"a@docker"}},
		{[]string{"@"}, []string{"a@docker", "a@podman"}},
		{[]string{"a@p", "ab"}, []string{"a@podman", "ab"}},
	} {
		got, err := Choose(all, c.args)
		require.NoError(t, err)
		require.Equal(t, c.want, rawNames(got))
	}
	got, err := Choose(all, []string{"a"})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "a@docker", "a@podman"}, rawNames(WithEngines(all, got)))
	got, err = Choose(all, []string{"ab"})
	require.NoError(t, err)
	require.Equal(t, []string{"ab"}, rawNames(WithEngines(all, got)))
}

func rawNames(list []kitchen.RawInstance) (names []string) {
	for _, i := range list {
		names = append(names, i.Name)
	}
	return names
}
