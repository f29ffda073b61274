package phases

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
)

// The time that the environment gives matters to what makes images, and to nothing else.
func TestEpoch(t *testing.T) {
	makes := []*Options{
		{Action: lifecycle.ActionPublish}, {Action: lifecycle.ActionPackage},
		{Action: lifecycle.ActionTest, Publish: lifecycle.PublishOptions{Refs: []string{"ghcr.io/x"}}},
	}
	for _, wrong := range []string{"x", "-1", "1.5", "253402300800", "99999999999999999999"} {
		t.Setenv("SOURCE_DATE_EPOCH", wrong)
		for _, o := range makes {
			_, err := o.publishOptions()
			require.ErrorContains(t, err, "expected a number of seconds since 1970", wrong)
		}
		for _, a := range []lifecycle.Action{lifecycle.ActionTest, "destroy", lifecycle.ActionSave} {
			_, err := (&Options{Action: a}).publishOptions()
			require.NoError(t, err)
		}
	}
	for text, want := range map[string]time.Time{
		"": {}, "0": time.Unix(0, 0).UTC(), "253402300799": time.Unix(253402300799, 0).UTC(),
	} {
		t.Setenv("SOURCE_DATE_EPOCH", text)
		p, err := makes[0].publishOptions()
		require.NoError(t, err)
		require.Equal(t, want, p.Epoch)
	}
}

// --compare and --strict want what they are for.
func TestCompareOptions(t *testing.T) {
	for want, o := range map[string]*Options{
		"--compare compares engines": {Compare: true, On: []string{"docker"}},
		"--strict goes with":         {Strict: true, On: []string{"docker", "podman"}},
		"--orphans removes":          {Orphans: true, On: []string{"docker"}},
	} {
		_, err := o.engines(t.Context())
		require.ErrorContains(t, err, want)
	}
	list, err := (&Options{}).engines(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)
}

func TestLevel(t *testing.T) {
	for text, want := range map[string]lifecycle.Level{
		"debug": lifecycle.LevelDebug, "info": lifecycle.LevelInfo, "warn": lifecycle.LevelWarn,
		"error": lifecycle.LevelError, "fatal": lifecycle.LevelError,
	} {
		s, err := settings.Load(settings.Options{Flags: settings.Flags{"log-level": {text}}, Dir: t.TempDir()})
		require.NoError(t, err)
		got, err := level(s)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := settings.Load(settings.Options{Flags: settings.Flags{"log-level": {"loud"}}, Dir: t.TempDir()})
	require.ErrorContains(t, err, "write debug, info, warn, error or fatal")
}
