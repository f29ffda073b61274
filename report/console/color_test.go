package console

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUseColor(t *testing.T) {
	for _, c := range []struct {
		name     string
		vars     map[string]string
		terminal bool
		want     bool
	}{
		{"terminal", nil, true, true},
		{"pipe", nil, false, false},
		{"dumb", map[string]string{"TERM": "dumb"}, true, false},
		{"NO_COLOR", map[string]string{"NO_COLOR": "1"}, true, false},
		{"NO_COLOR beats FORCE_COLOR", map[string]string{"NO_COLOR": "1", "FORCE_COLOR": "1"}, true, false},
		{"FORCE_COLOR", map[string]string{"FORCE_COLOR": "1"}, false, true},
		{"FORCE_COLOR=0", map[string]string{"FORCE_COLOR": "0"}, false, false},
		{"CLICOLOR_FORCE", map[string]string{"CLICOLOR_FORCE": "1"}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, UseColor(func(name string) string { return c.vars[name] }, c.terminal))
		})
	}
}
