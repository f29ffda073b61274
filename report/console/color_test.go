package console

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUseColor(t *testing.T) {
	for _, c := range []struct {
		name     string
		wish     ColorWish
		vars     map[string]string
		terminal bool
		want     bool
	}{
		{"terminal", ColorAuto, nil, true, true},
		{"pipe", ColorAuto, nil, false, false},
		{"dumb", ColorAuto, map[string]string{"TERM": "dumb"}, true, false},
		{"NO_COLOR", ColorAuto, map[string]string{"NO_COLOR": "1"}, true, false},
		{"NO_COLOR beats FORCE_COLOR", ColorAuto, map[string]string{"NO_COLOR": "1", "FORCE_COLOR": "1"}, true, false},
		{"FORCE_COLOR", ColorAuto, map[string]string{"FORCE_COLOR": "1"}, false, true},
		{"FORCE_COLOR=0", ColorAuto, map[string]string{"FORCE_COLOR": "0"}, false, false},
		{"CLICOLOR_FORCE", ColorAuto, map[string]string{"CLICOLOR_FORCE": "1"}, false, true},
		{"flag beats NO_COLOR", ColorAlways, map[string]string{"NO_COLOR": "1"}, false, true},
		{"flag beats FORCE_COLOR", ColorNever, map[string]string{"FORCE_COLOR": "1"}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, UseColor(c.wish, func(name string) string { return c.vars[name] }, c.terminal))
		})
	}
}
