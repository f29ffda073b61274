package publish

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/publish"
)

// parse gives a command line to a command, and returns what it was asked for.
func parse(t *testing.T, newCmd func(*cmdutil.Factory, func(context.Context, *Options) error) *cobra.Command,
	args ...string) (got *Options, err error) {
	t.Helper()
	nowhere, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, nowhere.Close()) })
	f := cmdutil.NewFactory(cmdutil.Streams{In: nowhere, Out: nowhere, Err: nowhere}, "")
	cmd := newCmd(f, func(_ context.Context, o *Options) error { got = o; return nil })
	cmd.SetArgs(args)
	cmd.SetOut(nowhere)
	cmd.SetErr(nowhere)
	err = cmd.ExecuteContext(t.Context())
	return got, err
}

func TestArguments(t *testing.T) {
	o, err := parse(t, NewCmdPublish, "default", "ghcr.io/a:1", "ghcr.io/b:1", "--force", "--squash", "--json")
	require.NoError(t, err)
	require.Equal(t, lifecycle.ActionPublish, o.Action)
	require.Equal(t, []string{"default"}, o.Instances)
	require.Equal(t, lifecycle.PublishOptions{Refs: []string{"ghcr.io/a:1", "ghcr.io/b:1"}, Force: true, Squash: true},
		o.Publish)
	require.True(t, o.JSON && o.Result && !o.One)

	o, err = parse(t, NewCmdPackage, "default", "--tar", "x.tar", "--format", "oci")
	require.NoError(t, err)
	require.Equal(t, lifecycle.ActionPackage, o.Action)
	require.Empty(t, o.Publish.Refs)
	require.True(t, o.One)
	require.NoError(t, o.toFile())
	require.Equal(t, publish.FormatOCI, o.Publish.Format)
	o.Format = "zip"
	require.ErrorContains(t, o.toFile(), `--format "zip": write docker or oci`)

	for _, newCmd := range []func(*cmdutil.Factory, func(context.Context, *Options) error) *cobra.Command{
		NewCmdPublish, NewCmdPackage,
	} {
		_, err = parse(t, newCmd)
		require.ErrorContains(t, err, "requires at least 1 arg")
	}
}

// A file of a package is there as a whole, and stdout takes one too.
func TestToFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.tar")
	o, err := parse(t, NewCmdPackage, "default", "--tar", path)
	require.NoError(t, err)
	require.NoError(t, o.toFile())
	text := func(w io.Writer) error {
		_, err := io.WriteString(w, "an image")
		return err
	}
	require.NoError(t, o.Publish.To(text))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "an image", string(data))
	o.Tar = path + "/none/x.tar"
	require.ErrorContains(t, o.toFile(), "there is no directory")
	for _, wrong := range []string{
		filepath.Dir(path), filepath.Join(path, "x"), filepath.Join(path+".none", "x"), path + "/",
	} {
		o.Tar = wrong
		require.ErrorContains(t, o.toFile(), "--tar", wrong)
	}
	require.ErrorContains(t, run(t.Context(), &Options{Format: "oci"}), "--format is that of a file")
	o.Tar = "-"
	require.NoError(t, o.toFile())
	require.NoError(t, o.Publish.To(text))

	digest, err := digestOf(path)
	require.NoError(t, err)
	require.Regexp(t, "^sha256:[0-9a-f]{64}$", digest)
	_, err = digestOf(path + ".none")
	require.ErrorContains(t, err, "--test-report")
}
