package salt

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

func parse(text string) *output {
	o := &output{}
	for line := range strings.Lines(text) {
		o.Line(strings.TrimSuffix(line, "\n"))
	}
	return o
}

func TestOutput(t *testing.T) {
	o := parse(`local:
----------
          ID: install web
    Function: pkg.installed
        Name: nginx
      Result: True
     Comment: All specified packages are already installed
     Started: 07:00:00.000000
    Duration: 12.3 ms
     Changes:   
----------
          ID: /etc/web.conf
    Function: file.managed
      Result: True
     Comment: File /etc/web.conf updated
     Changes:   
              ----------
              diff:
                  New file
----------
          ID: start web
    Function: service.running
      Result: False
     Comment: One or more requisite failed
     Changes:   

Summary for local
------------
Succeeded: 2 (unchanged=1, changed=1)
Failed:    1
------------
Total states run:     3
Total run time:  20.000 ms
`)
	require.Equal(t, converge.Summary{Text: "1 changed, 1 failed of 3 states", Changed: 1, Failed: 1,
		Changes: []string{"/etc/web.conf"}}, o.Summary(2))
	require.Equal(t, "states failed: start web", o.failure())
	require.Equal(t, "2 states failed", parse("Summary for local\nSucceeded: 0\nFailed:    2\n").failure())
	broken := parse("local:\n    Data failed to compile:\n----------\n    Rendering SLS 'base:web' failed: x\n")
	require.Equal(t, converge.Unknown(), broken.Summary(1))
	require.Equal(t, "nothing was applied: Data failed to compile:", broken.failure())
	good := parse("Summary for local\nSucceeded: 3 (changed=2)\nFailed:    0\nTotal states run:     3\n")
	require.Empty(t, good.failure())
	require.Equal(t, 2, good.Summary(0).Changed)
}
