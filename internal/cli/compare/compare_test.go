package compare

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
)

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
