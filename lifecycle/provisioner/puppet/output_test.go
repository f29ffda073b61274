package puppet

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

// parse feeds a text to a parser, line by line.
func parse(p converge.Parser, text string, code int) converge.Summary {
	for line := range strings.Lines(text) {
		p.Line(strings.TrimSuffix(line, "\n"))
	}
	return p.Summary(code)
}

func TestPuppetOutput(t *testing.T) {
	s := parse(&output{}, `Notice: Compiled catalog for dokken in environment production in 0.04 seconds
Notice: /Stage[main]/Hello/File[/etc/hello]/ensure: defined content as '{sha256}460d'
Notice: /Stage[main]/Hello/File[/etc/hello]/mode: mode changed '0644' to '0640'
Notice: /Stage[main]/Main/Exec[again and again]/returns: executed successfully
Notice: Applied catalog in 0.03 seconds
Application:
   Initial environment: production
Changes:
            Total: 3
Events:
          Failure: 1
          Success: 3
            Total: 4
Resources:
           Failed: 1
          Skipped: 2
          Changed: 2
      Out of sync: 3
            Total: 9
Time:
             File: 0.01
         Last run: 1795222661
            Total: 0.05
`, 6)
	require.Equal(t, converge.Summary{Text: "2 changed, 1 failed, 2 skipped of 9 resources", Changed: 2, Failed: 1,
		Changes: []string{"File[/etc/hello]", "Exec[again and again]"}}, s)
	require.Equal(t, converge.Summary{Text: "0 changed, 0 failed of 8 resources"},
		parse(&output{}, "Resources:\n            Total: 8\n", 0))
	require.Equal(t, 1, parse(&output{}, "Error: nothing readable\n", 2).Changed)
	require.Equal(t, converge.Unknown(), parse(&output{}, "Error: Could not parse\n", 1))
}
