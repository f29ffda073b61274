package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/config"
)

func (a *app) configCommands() []*cobra.Command {
	return []*cobra.Command{a.diagnoseCommand(), a.lintCommand(), a.schemaCommand()}
}

func (a *app) diagnoseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "diagnose [INSTANCE|REGEXP|all]...", Short: "Print the resolved configuration, with secrets masked",
		ValidArgsFunction: a.completeInstances,
		RunE: func(cmd *cobra.Command, args []string) error {
			conf, err := a.loadRaw(cmd.Context())
			if rendered, _ := cmd.Flags().GetBool("rendered"); rendered && conf != nil {
				return firstError(a.printRendered(conf), err) // also when what was rendered is no YAML
			}
			if err != nil {
				return err
			}
			merged, _ := cmd.Flags().GetBool("merged")
			asJSON, _ := cmd.Flags().GetBool("json")
			if merged {
				out, err := conf.MergedJSON()
				if err != nil {
					return err
				}
				_, err = a.out.Write(append(out, '\n'))
				return err
			}
			chosen, err := choose(conf.Instances, rawName, args)
			if err != nil {
				return err
			}
			instances, diags := conf.Resolve(config.ResolveOptions{Home: homeDir(), Env: os.LookupEnv, Select: oneOf(chosen)})
			out, err := conf.Diagnose(instances, config.DiagnoseOptions{JSON: asJSON, Environ: os.Environ(),
				Diagnostics: append(conf.Diagnostics, diags...)})
			if err != nil {
				return err
			}
			_, err = a.out.Write(out)
			return err
		},
	}
	cmd.Flags().Bool("json", false, "print JSON instead of YAML")
	cmd.Flags().Bool("all", true, "print everything; kept for Test Kitchen's sake")
	cmd.Flags().Bool("rendered", false, "print the files as they are after their templates were evaluated")
	cmd.Flags().Bool("merged", false, "print what the files merge to, before defaults and types, as JSON and unmasked")
	return cmd
}

// printRendered prints the files after ERB, for which line numbers in messages are.
func (a *app) printRendered(conf *config.Config) error {
	for _, f := range conf.Files {
		if !f.Present {
			continue
		}
		if _, err := fmt.Fprintf(a.out, "# %s (%s)\n%s\n", f.Path, f.Role, f.Rendered); err != nil {
			return err
		}
	}
	return nil
}

// errLint is what lint ends with when it found something; the findings are
// printed already.
var errLint = errors.New("the configuration has problems")

func (a *app) lintCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "lint", SuggestFor: []string{"doctor", "validate", "check"}, Short: "Print all problems of the configuration at once", Args: cobra.NoArgs,
		Long: "Print all problems of the configuration at once. Exit code 1 when there is an error.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			conf, err := a.loadRaw(cmd.Context())
			var load *config.LoadError
			if err != nil && !errors.As(err, &load) {
				return err
			}
			strict, _ := cmd.Flags().GetBool("strict")
			failed := err != nil
			if err != nil {
				fmt.Fprintln(a.out, err)
			} else {
				for _, d := range conf.Lint(config.LintOptions{Strict: strict, Home: homeDir(), Env: os.LookupEnv}) {
					failed = failed || d.Severity == config.SeverityError
					fmt.Fprintln(a.out, conf.Annotate(d))
				}
			}
			if failed {
				return errLint
			}
			return nil
		},
	}
	cmd.Flags().Bool("strict", false, "treat warnings as errors")
	return cmd
}

// oneOf selects the instances of a list.
func oneOf(chosen []config.RawInstance) func(config.RawInstance) bool {
	want := make(map[string]bool, len(chosen))
	for _, i := range chosen {
		want[i.Name] = true
	}
	return func(i config.RawInstance) bool { return want[i.Name] }
}

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print a JSON Schema of kitchen.yml, for editors", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			schema, err := config.JSONSchema()
			if err != nil {
				return err
			}
			_, err = a.out.Write(schema)
			return err
		},
	}
}
