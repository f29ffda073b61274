package testbed

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLedgerTellsDifferences(t *testing.T) {
	l := &Ledger{engine: "one", found: map[string]Finding{}}
	l.Record("same", Works, "")
	l.Record("worse", Refused, "Docker 20.10.24+dfsg1 cannot do it for 10.89.1.2; take 10.5.0.0/24")
	l.Record("new", Works, "")
	l.Record("memory", Weaker, "this kernel cannot")
	l.Record("ipc-host", NotHere, "this machine cannot")
	documented := Findings{
		"same": {"one": {Verdict: Works}}, "worse": {"one": {Verdict: Works}, "two": {Verdict: Refused}},
		"new":    {"two": {Verdict: Works}},
		"memory": {"one": {Verdict: Works}}, "ipc-host": {"one": {Verdict: Works}},
	}
	require.Equal(t, []string{
		"new on one is not documented; it is works: ",
		"worse on one is documented as works, and is refused: Docker cannot do it for ADDRESS; take 10.5.0.0/24",
	}, l.differences(documented))

	l.update(documented)
	require.Empty(t, l.differences(documented))
	require.Equal(t, Finding{Verdict: Works}, documented["memory"]["one"], "what another machine has seen stays")
	require.Equal(t, Finding{Refused, "Docker cannot do it for ADDRESS; take 10.5.0.0/24"}, documented["worse"]["one"])
	file := filepath.Join(t.TempDir(), "engines.json")
	require.NoError(t, documented.Write(file))
	read, err := ReadFindings(file)
	require.NoError(t, err)
	require.Equal(t, documented, read)
}
