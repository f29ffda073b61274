// Package lint is `galley lint`.
package lint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	cmd := &cobra.Command{
		Use: "lint", SuggestFor: []string{"validate", "check"}, Short: "Print all problems of the configuration at once",
		Args: cobra.NoArgs,
		Long: "Print all problems of the configuration at once. Exit code 1 when there is an error.",
		Example: `  galley lint
  galley lint --strict                       # in CI: warnings are errors
  galley lint --format sarif > lint.sarif    # for code scanning`,
		RunE: cmdutil.Run(o, nil, runF, run),
	}
	settings.Bool(cmd.Flags(), &o.Strict, "strict", "", "treat warnings as errors")
	settings.Bool(cmd.Flags(), &o.JSON, "json", "", "print JSON, as --format json does")
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

// The formats of the problems.
const (
	formatText  = "text"
	formatJSON  = "json"
	formatSARIF = "sarif"
)

// problem is a problem as programs read it.
type problem struct {
	Severity string `json:"severity"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Key      string `json:"key,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

// print shows the problems in the format that was asked for.
func (o *Options) print(list []kitchen.Diagnostic) error {
	switch o.Format {
	case formatJSON:
		problems := []problem{}
		for _, d := range list {
			problems = append(problems, problem{string(d.Severity), d.Pos.File, d.Pos.Line, d.Pos.Col, d.Key,
				o.Clean(d.Msg), o.Clean(d.Hint)})
		}
		return cmdutil.PrintJSON(o.Out, problems)
	case formatSARIF:
		return cmdutil.PrintJSON(o.Out, o.sarif(list))
	}
	for _, d := range list {
		fmt.Fprintln(o.Out, o.Clean(d.String()))
	}
	return nil
}

// object is an object of SARIF 2.1.0, the format of code scanning.
type object = map[string]any

func (o *Options) sarif(list []kitchen.Diagnostic) object {
	results := []object{}
	for _, d := range list {
		text := d.Msg
		if d.Hint != "" {
			text += "\n" + d.Hint
		}
		r := object{"ruleId": "kitchen-yml", "level": string(d.Severity), "message": object{"text": o.Clean(text)}}
		if d.Pos.File != "" {
			place := object{"artifactLocation": object{"uri": filepath.ToSlash(d.Pos.File)}}
			if d.Pos.Line > 0 {
				place["region"] = object{"startLine": d.Pos.Line, "startColumn": max(d.Pos.Col, 1)}
			}
			r["locations"] = []object{{"physicalLocation": place}}
		}
		results = append(results, r)
	}
	rule := object{"id": "kitchen-yml", "shortDescription": object{"text": "What kitchen.yml says can be used"}}
	driver := object{"name": "galley", "version": o.Version, "rules": []object{rule}}
	return object{"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
		"runs": []object{{"tool": object{"driver": driver}, "results": results}}}
}
