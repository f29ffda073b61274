package compare

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle/machine"
)

func TestPrint(t *testing.T) {
	var b strings.Builder
	clean := func(s string) string { return strings.ReplaceAll(s, "hunter2", "********") }
	Print(&b, clean, "old", "new", machine.Report{Differences: []machine.Difference{
		{Kind: machine.File, Name: "/etc/app.conf", What: "line 3", A: `"pw hunter2"`, B: "nothing"},
		{Kind: machine.Port, Name: "tcp *:80", B: "open"},
		{Kind: machine.Env, Name: "A\nB", A: "x", Noise: "why"},
	}, Noise: map[string]int{"logs": 2, "caches": 5}, NotCompared: []string{"/data: something is mounted there"}})
	require.Equal(t, `old and new differ in 2 things
  file     /etc/app.conf  line 3: "pw ********" on old, nothing on new
  port     tcp *:80       only on new
  env      A\nB           only on old: x  (noise: why)
7 more by known noise: caches, logs; --show-noise compares and shows them
not compared: /data: something is mounted there
`, b.String())
	b.Reset()
	Print(&b, clean, "old", "new", machine.Report{})
	require.Equal(t, "old and new do not differ\n", b.String())
}

func TestPair(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kitchen.yml"), []byte(`
driver: {name: dokken}
provisioner: {name: shell, command: "true"}
verifier: {name: shell, command: "true"}
platforms: [{name: debian-12}]
suites: [{name: one}, {name: two}, {name: three}, {name: six}]
`), 0o600))
	t.Chdir(dir)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	require.NoError(t, err)
	defer null.Close()
	for _, c := range []struct{ a, b, want, err string }{
		{a: "two", b: "one", want: "two-debian-12 one-debian-12"},
		{a: "one-debian-12", b: "three", want: "one-debian-12 three-debian-12"},
		{a: "one", b: "one-debian", err: "both mean one-debian-12"},
		{a: "^t", b: "one", err: `"^t" has to mean one instance, and 2 match`},
		{a: "four", b: "one", err: `no instances for "four"`},
	} {
		f := cmdutil.NewFactory(cmdutil.Streams{In: null, Out: null, Err: null}, "test")
		o := &Options{Factory: f, A: c.a, B: c.b}
		a, b, err := o.pair(t.Context())
		if c.err != "" {
			require.ErrorContains(t, err, c.err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.want, a.Name+" "+b.Name)
	}
}

func TestArguments(t *testing.T) {
	var got *Options
	cmd := NewCmdCompare(cmdutil.NewFactory(cmdutil.Streams{}, "test"), func(_ context.Context, o *Options) error {
		got = o
		return nil
	})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs([]string{"one"})
	require.ErrorContains(t, cmd.Execute(), "takes the names of two instances")
	cmd.SetArgs([]string{"one", "two", "--strict"})
	require.NoError(t, cmd.Execute())
	require.Equal(t, "one two", got.A+" "+got.B)
	require.True(t, got.Strict)
}
