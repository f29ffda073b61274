// Package publish is `galley publish` and `galley package`.
package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/cli/phases"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/publish"
)

// Options are what publish and package are asked for.
type Options struct {
	phases.Options
	// Report is the file of a test report, or empty.
	Report string
	// Tar is the file that package writes, or empty, and Format its form.
	Tar, Format string
	JSON        bool
}

// NewCmdPublish makes images of tested runners and pushes them. runF replaces the work in tests.
func NewCmdPublish(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Options: phases.Options{Factory: f, Action: lifecycle.ActionPublish, Result: true}}
	cmd := newCmd(o, cmdutil.Or(runF, run))
	cmd.Use, cmd.Short = "publish INSTANCE|REGEXP|all [NAME]...", "Push an image of a runner whose tests passed"
	cmd.Args = cobra.MinimumNArgs(1)
	cmd.Long = `Make an image of an instance's runner, as converge left it, and push it under one
or more names. It has the layers and the configuration of the image that the
runner was made from, and what converge made as one layer more: nothing of the
test, and no command of galley's own. The publish block of kitchen.yml changes
its configuration, and has the names when none is given here.

Only a runner is published whose last verify passed and that nothing was done to
since. The blobs go first, then the manifests under their digests, and the names
at last, when all the rest is there. Several instances that have one name become
an index, when they are for different systems or processors.

A name says its registry. It may have {{.Instance}}, {{.Suite}}, {{.Platform}}
and {{.GitSHA}}. Each name with its digest is printed on stdout; what else is said
goes to stderr.`
	cmd.Example = `  galley publish default-debian-12 registry.example.com/team/web:1.4
  galley publish all 'ghcr.io/team/{{.Suite}}:{{.GitSHA}}' 'ghcr.io/team/{{.Suite}}:latest'`
	o.Flags.Add(cmd.Flags(), "concurrency", "parallel", "fail-fast", "timeout", "wait")
	return cmd
}

// NewCmdPackage makes images of tested runners for the engine or for a file. runF replaces the work in tests.
func NewCmdPackage(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Options: phases.Options{Factory: f, Action: lifecycle.ActionPackage, Result: true, One: true}}
	cmd := newCmd(o, cmdutil.Or(runF, run))
	cmd.Use, cmd.Short = "package INSTANCE [NAME]...", "Make an image of a runner whose tests passed, without a registry"
	cmd.Args = cobra.MinimumNArgs(1)
	cmd.Long = `Make the image that galley publish would push, and bring it into the engine, or
with --tar into a file that any engine loads. Without a name the engine has it as
localhost/galley-package/INSTANCE. It is yours: galley prune leaves it alone.`
	cmd.Example = `  galley package default-debian-12 --tar web.tar && podman load -i web.tar
  galley package default-debian-12 --tar - --format oci registry.example.com/web:1 | ssh host tar x`
	cmd.Flags().StringVar(&o.Tar, "tar", "", "write a `FILE` in place of bringing it into the engine; - is stdout")
	cmd.Flags().StringVar(&o.Format, "format", string(publish.FormatDocker),
		"the `FORM` of the file: docker, as docker save writes it, or oci, a layout in a tar")
	return cmd
}

// newCmd is what both commands have.
func newCmd(o *Options, runF func(context.Context, *Options) error) *cobra.Command {
	cmd := &cobra.Command{
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return o.CompleteInstances(cmd, args, word)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Instances, o.Publish.Refs = args[:1], args[1:]
			return runF(cmd.Context(), o)
		},
	}
	settings.Bool(cmd.Flags(), &o.Publish.Force, "force", "",
		"do it although the runner was not tested as it is; a label of the image says so")
	settings.Bool(cmd.Flags(), &o.Publish.Squash, "squash", "", "make one layer of all")
	cmd.Flags().StringVar(&o.Report, "test-report", "", "put the digest of a `FILE` with the test report into a label")
	settings.Bool(cmd.Flags(), &o.JSON, "json", "", "print JSON")
	o.Flags.Add(cmd.Flags(), "report")
	return cmd
}

func run(ctx context.Context, o *Options) (err error) {
	if o.Publish.ReportDigest, err = digestOf(o.Report); err != nil {
		return err
	}
	if o.Tar == "" && o.Format != "" && o.Format != string(publish.FormatDocker) {
		return errors.New("--format is that of a file\nName one with --tar FILE")
	}
	if o.Tar != "" {
		if err := o.toFile(); err != nil {
			return err
		}
	}
	err = phases.Run(ctx, &o.Options)
	if o.Tar == "-" {
		return err
	}
	if o.JSON {
		return cmp.Or(cmdutil.PrintJSON(o.Out, append([]lifecycle.Published{}, o.Published...)), err) // [] and not null
	}
	for _, p := range o.Published {
		fmt.Fprintln(o.Out, p)
	}
	return err
}

// toFile has the image written to a file, or to stdout.
func (o *Options) toFile() (err error) {
	if o.Publish.Format, err = publish.ParseFormat(o.Format); err != nil {
		return err
	}
	if o.Tar != "-" {
		if st, err := os.Stat(filepath.Dir(o.Tar)); err != nil || !st.IsDir() { // before anything is done
			return fmt.Errorf("--tar %s: there is no directory %s", o.Tar, filepath.Dir(o.Tar))
		}
		if st, err := os.Stat(o.Tar); err == nil && st.IsDir() {
			return fmt.Errorf("--tar %s: it is a directory\nName a file in it", o.Tar)
		}
		o.Publish.To = func(write func(io.Writer) error) error { return publish.SaveFile(o.Tar, write) }
		return nil
	}
	if term.IsTerminal(int(o.Out.Fd())) {
		return errors.New("--tar - writes an image, and stdout is a terminal\nName a file, or pipe it to a program")
	}
	o.Publish.To = func(write func(io.Writer) error) error { return write(o.Out) }
	return nil
}

// digestOf is the digest of a file, empty for no file.
func digestOf(path string) (_ string, err error) {
	if path == "" {
		return "", nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("--test-report: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	d, err := digest.FromReader(f)
	return d.String(), err
}
