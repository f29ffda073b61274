package rig_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/rig"
)

func TestMadeByEngine(t *testing.T) {
	for p, want := range map[string]bool{
		"/etc/hosts": true, "/etc/hosts.allow": false, "/etc": false, "/dev": true, "/dev/null": true, "/device": false,
		"/.dockerenv": true, "/run/.containerenv": true, "/run/lock": false,
	} {
		require.Equal(t, want, rig.MadeByEngine(p), p)
	}
}

func TestIn(t *testing.T) {
	places := []string{"/opt/kitchen/", "/srv"}
	for p, want := range map[string]bool{
		"/opt": false, "/opt/kitchen": true, "/opt/kitchen/x": true, "/opt/kitchen2": false, "/srv/a/b": true,
	} {
		require.Equal(t, want, rig.In(places, p), p)
	}
	require.False(t, rig.In(nil, "/"))
}
