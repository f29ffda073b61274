// Package lint is `galley lint`.
package lint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

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
	// Format is text, json or sarif; JSON is short for json.
	Format string
	JSON   bool
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
  galley lint --strict                       # in CI: warnings are errors
  galley lint --format sarif > lint.sarif    # for code scanning`,
		RunE: func(cmd *cobra.Command, _ []string) error { return runF(cmd.Context(), o) },
	}
	settings.Bool(cmd.Flags(), &o.Strict, "strict", "", false, "treat warnings as errors")
	settings.Bool(cmd.Flags(), &o.JSON, "json", "", false, "print JSON, as --format json does")
	cmd.Flags().StringVar(&o.Format, "format", formatText, "text, json or sarif")
	return cmd
}

func run(ctx context.Context, o *Options) error {
	if o.JSON {
		o.Format = formatJSON
	}
	if !slices.Contains([]string{formatText, formatJSON, formatSARIF}, o.Format) {
		return fmt.Errorf("--format %q: write text, json or sarif", o.Format)
	}
	conf, err := o.Config(ctx)
	var load *kitchen.LoadError
	if errors.As(err, &load) {
		return cmp.Or(o.print(load.Diagnostics), errLint)
	}
	if err != nil {
		return err
	}
	failed := false
	list := keys.Lint(conf, keys.LintOptions{Strict: o.Strict, Home: cmdutil.HomeDir(), Env: os.LookupEnv})
	for i, d := range list {
		failed = failed || d.Severity == kitchen.SeverityError
		list[i] = conf.Annotate(d)
	}
	if err := o.print(list); err != nil || !failed {
		return err
	}
	return errLint
}
