package contract_test

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

var update = flag.Bool("update", false, "write docs/engines.md anew")

// docs/engines.md is made from docs/engines.json.
func TestDocumentedEngines(t *testing.T) {
	const page = "../../docs/engines.md"
	f, err := testbed.ReadFindings("../../docs/engines.json")
	require.NoError(t, err)
	got, err := markdown(f)
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(got), 0o644))
	}
	want, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "renew it with: go test ./backend/contract -run TestDocumentedEngines -update")
}

func TestMarkdownIsComplete(t *testing.T) {
	f := testbed.Findings{}
	for _, p := range parts() {
		for _, r := range p.rows {
			f[r.feature] = map[string]testbed.Finding{"docker20": {Verdict: testbed.Weaker,
				Reason: "a reason\nand a remedy"}}
		}
	}
	page, err := markdown(f)
	require.NoError(t, err)
	require.Contains(t, page, "| `env` | ~ 1 | – |")
	require.Contains(t, page, "1. a reason<br>and a remedy\n")
	f["unheard-of"] = nil
	_, err = markdown(f)
	require.ErrorContains(t, err, "add rows")
	delete(f, "unheard-of")
	delete(f, "env")
	_, err = markdown(f)
	require.ErrorContains(t, err, "env")
}
