package cmdutil

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/settings"
)

func TestColor(t *testing.T) {
	for _, c := range []struct {
		name     string
		flag     []string
		vars     map[string]string
		terminal bool
		want     bool
	}{
		{"terminal", nil, map[string]string{"TERM": "xterm"}, true, true},
		{"pipe", nil, nil, false, false},
		{"flag beats NO_COLOR", []string{"true"}, map[string]string{"NO_COLOR": "1"}, false, true},
		{"flag beats FORCE_COLOR", []string{"false"}, map[string]string{"FORCE_COLOR": "1"}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range []string{"NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TERM"} {
				t.Setenv(name, c.vars[name])
			}
			flags := settings.Flags{}
			if c.flag != nil {
				flags["color"] = c.flag
			}
			s, err := settings.Load(settings.Options{Flags: flags, Dir: t.TempDir()})
			require.NoError(t, err)
			require.Equal(t, c.want, Color(s, c.terminal))
		})
	}
}
