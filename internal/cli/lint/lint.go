// Package lint is `galley lint`.
package lint

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/config/keys"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/settings"
)

// errLint is what lint ends with when it found something; the findings are printed already.
var errLint = errors.New("the configuration has problems")

// Options are what lint is asked for.
type Options struct {
	*cmdutil.Factory
	// Strict treats warnings as errors.
	Strict bool
}

// NewCmdLint prints all problems of the configuration. runF replaces the work in tests.
func NewCmdLint(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	runF = cmdutil.Or(runF, run)
	cmd := &cobra.Command{
		Use: "lint", SuggestFor: []string{"validate", "check"}, Short: "Print all problems of the configuration at once",
		Args: cobra.NoArgs,
		Long: "Print all problems of the configuration at once. Exit code 1 when there is an error.",
		Example: `  galley lint
  galley lint --strict    # in CI: warnings are errors`,
		RunE: func(cmd *cobra.Command, _ []string) error { return runF(cmd.Context(), o) },
	}
	settings.Bool(cmd.Flags(), &o.Strict, "strict", "", false, "treat warnings as errors")
	return cmd
}

func run(ctx context.Context, o *Options) error {
	conf, err := o.Config(ctx)
	var load *kitchen.LoadError
	if errors.As(err, &load) {
		fmt.Fprintln(o.Out, o.Clean(err.Error()))
		return errLint
	}
	if err != nil {
		return err
	}
	failed := false
	for _, d := range keys.Lint(conf, keys.LintOptions{Strict: o.Strict, Home: cmdutil.HomeDir(), Env: os.LookupEnv}) {
		failed = failed || d.Severity == kitchen.SeverityError
		fmt.Fprintln(o.Out, o.Clean(conf.Annotate(d).String()))
	}
	if failed {
		return errLint
	}
	return nil
}
