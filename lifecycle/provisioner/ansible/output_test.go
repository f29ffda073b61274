package ansible

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

func TestAnsibleOutput(t *testing.T) {
	s := parse(&output{}, `
PLAY [all] *********************************************************************

TASK [Gathering Facts] *********************************************************
ok: [one]

TASK [hello : say hello] *******************************************************
changed: [one]
changed: [one] => (item=2)

RUNNING HANDLER [hello : tell] *************************************************
changed: [one]

PLAY RECAP *********************************************************************
one                        : ok=3    changed=2    unreachable=0    failed=0    skipped=1    rescued=0    ignored=0
two                        : ok=1    changed=0    unreachable=1    failed=1    skipped=0    rescued=0    ignored=0
`, 0)
	require.Equal(t, converge.Summary{Text: "ok=4 changed=2 failed=2 skipped=1", Changed: 2, Failed: 2,
		Changes: []string{"hello : say hello", "hello : tell"}}, s)
	require.Equal(t, converge.Unknown(), parse(&output{}, "ERROR! no\n", 4))
}

// Whatever callback prints for people, the report of galley_report.py counts.
func TestReport(t *testing.T) {
	s := parse(&output{}, "localhost | CHANGED => {\n\x1egalley: changed \"say hello\"\n\x1egalley: changed \"say "+
		"hello\"\n"+
		"localhost : ok=9    changed=9    unreachable=0    failed=0\n"+
		"\x1egalley: stats {\"ok\": 3, \"failures\": 1, \"unreachable\": 1, \"changed\": 1, \"skipped\": 2}\n", 0)
	require.Equal(t, converge.Summary{Text: "ok=3 changed=1 failed=2 skipped=2", Changed: 1, Failed: 2,
		Changes: []string{"say hello"}}, s)
}
