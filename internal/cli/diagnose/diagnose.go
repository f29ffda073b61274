// Package diagnose is `galley diagnose`.
package diagnose

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/config/keys"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/settings"
)

// Options are what diagnose is asked for.
type Options struct {
	*cmdutil.Factory
	// JSON prints JSON in place of YAML.
	JSON bool
	// ShowSecrets masks nothing.
	ShowSecrets bool
	// Rendered prints the files after their templates, Merged what the files merge to.
	Rendered, Merged bool
	// ShowInstances prints the instances, and not only the files.
	ShowInstances bool
	// Instances select by name or pattern.
	Instances []string
}

// NewCmdDiagnose prints the resolved configuration. runF replaces the work in tests.
func NewCmdDiagnose(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f, ShowInstances: true}
	cmd := &cobra.Command{
		Use: "diagnose [INSTANCE|REGEXP|all]...", Short: "Print the resolved configuration, with secrets masked",
		ValidArgsFunction: f.CompleteInstances,
		Example: `  galley diagnose default-debian-12    # what its keys came to
  galley diagnose --rendered           # the files after their templates
  galley diagnose --merged             # what the files say before defaults`,
		RunE: cmdutil.Run(o, &o.Instances, runF, run),
	}
	settings.Bool(cmd.Flags(), &o.JSON, "json", "", "print JSON instead of YAML")
	settings.Bool(cmd.Flags(), &o.ShowInstances, "instances", "", "print the instances")
	for _, name := range []string{"all", "no-all", "loader", "no-loader"} {
		cmdutil.Accepted(cmd.Flags(), name, "files are always listed; --rendered and --merged show what is in them")
	}
	cmdutil.Words(cmd.Flags(), "plugins", "", false,
		"galley has no plugins: drivers, provisioners and verifiers are built in")
	f.Flags.Add(cmd.Flags(), "test-base-path")
	settings.Bool(cmd.Flags(), &o.Rendered, "rendered", "",
		"print the files as they are after their templates were evaluated")
	settings.Bool(cmd.Flags(), &o.Merged, "merged", "",
		"print what the files merge to, before defaults and types, as JSON")
	settings.Bool(cmd.Flags(), &o.ShowSecrets, "show-secrets", "", "with --merged or --rendered, mask no secrets")
	return cmd
}

func run(ctx context.Context, o *Options) error {
	conf, err := o.Config(ctx)
	if o.Rendered && conf != nil {
		return cmp.Or(printRendered(o, conf), err) // also when what was rendered is no YAML
	}
	if err != nil {
		return err
	}
	if o.Merged {
		merged := conf.MergedJSON
		if !o.ShowSecrets {
			merged = func() ([]byte, error) { return conf.MaskedJSON(conf.Masker(os.Environ())) }
		}
		out, err := merged()
		if err != nil {
			return err
		}
		_, err = o.Out.Write(append(out, '\n'))
		return err
	}
	chosen, err := cmdutil.Choose(conf.Instances, o.Instances)
	if err != nil {
		return err
	}
	instances, diags := keys.Resolve(conf, keys.ResolveOptions{Home: cmdutil.HomeDir(), Env: os.LookupEnv,
		Select: cmdutil.OneOf(chosen)})
	if !o.ShowInstances {
		instances = nil
	}
	out, err := keys.Diagnose(conf, instances, keys.DiagnoseOptions{JSON: o.JSON, Environ: os.Environ(),
		Diagnostics: append(conf.Diagnostics, diags...)})
	if err != nil {
		return err
	}
	_, err = o.Out.Write(out)
	return err
}

// printRendered prints the files after ERB, for which line numbers in messages are.
func printRendered(o *Options, conf *kitchen.Config) error {
	show := conf.Masker(os.Environ()).Text
	if o.ShowSecrets {
		show = func(text string) string { return text }
	}
	for _, f := range conf.Files {
		if !f.Present {
			continue
		}
		if _, err := fmt.Fprintf(o.Out, "# %s (%s)\n%s\n", f.Path, f.Role, show(string(f.Rendered))); err != nil {
			return err
		}
	}
	return nil
}
