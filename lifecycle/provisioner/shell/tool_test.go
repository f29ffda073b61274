package shell

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

// parse feeds a text to a parser, line by line.
func parse(p converge.Parser, text string, code int) converge.Summary {
	for line := range strings.Lines(text) {
		p.Line(strings.TrimSuffix(line, "\n"))
	}
	return p.Summary(code)
}

func TestToolOutput(t *testing.T) {
	for _, c := range []struct {
		keys config.ToolProvisioner
		text string
		code int
		want converge.Summary
	}{
		{text: "x\n", want: converge.Summary{Changed: -1, Failed: -1}},
		{keys: config.ToolProvisioner{ChangedPattern: `^wrote (\S+)`, SummaryPattern: `\d+ in all`},
			text: "wrote a\nwrote b\n 1 in all\n 2 in all.\n",
			want: converge.Summary{Text: "2 in all", Changed: 2, Failed: -1, Changes: []string{"a", "b"}}},
		{keys: config.ToolProvisioner{ChangedPattern: `changed=(\d+)`}, text: "changed=2\nchanged=3\n",
			want: converge.Summary{Changed: 5, Failed: -1}},
		{keys: config.ToolProvisioner{ChangedPattern: `^\+.*`}, text: "+ a\n",
			want: converge.Summary{Changed: 1, Failed: -1, Changes: []string{"+ a"}}},
		{keys: config.ToolProvisioner{ChangedExitCodes: []int{2}}, code: 2,
			want: converge.Summary{Changed: 1, Failed: -1}},
		{keys: config.ToolProvisioner{ChangedExitCodes: []int{2}}, want: converge.Summary{Changed: 0, Failed: -1}},
	} {
		read, err := newOutput(c.keys)
		require.NoError(t, err)
		require.Equal(t, c.want, parse(read(), c.text, c.code))
	}
	_, err := newOutput(config.ToolProvisioner{ChangedPattern: "("})
	require.ErrorContains(t, err, "provisioner.changed_pattern")
}
