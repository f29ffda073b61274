// Package engines is `galley engines`.
package engines

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/backend/detect"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/settings"
)

// Options are what engines is asked for.
type Options struct {
	*cmdutil.Factory
	JSON bool
	// All asks every Docker context and Podman connection too.
	All bool
}

// NewCmdEngines shows where engines were looked for. runF replaces the work in tests.
func NewCmdEngines(f *cmdutil.Factory, runF func(context.Context, *Options) error) *cobra.Command {
	o := &Options{Factory: f}
	cmd := &cobra.Command{
		Use: "engines", SuggestFor: []string{"info"}, Args: cobra.NoArgs,
		Short: "Show where container engines were looked for, and which one is used",
		Long: `Show every place where a container engine may answer, in the order in which
they are asked, with the verdict, the reason and what can be done. The chosen one
is used by all other commands. With --all, the contexts of Docker and the
connections of Podman that are not selected are asked too. Exit code 1 when no
engine can be used.`,
		Example: `  galley engines
  galley engines --all --json    # every context and connection`,
		RunE: cmdutil.Run(o, nil, runF, run),
	}
	settings.Bool(cmd.Flags(), &o.JSON, "json", "", "print JSON")
	settings.Bool(cmd.Flags(), &o.All, "all", "", "ask every Docker context and Podman connection too")
	return cmd
}

func run(ctx context.Context, o *Options) error {
	d, err := o.DetectOptions()
	if err != nil {
		return err
	}
	d.All, d.Everywhere = true, o.All
	found, findErr := detect.Find(ctx, detect.ThisHost(), d)
	if err := found.Close(); err != nil {
		return err
	}
	show := o.table
	if o.JSON {
		show = o.json
	}
	return cmp.Or(show(found), findErr)
}

func (o *Options) table(found detect.Result) error {
	rows := [][]string{{"Verdict", "Source", "Address", "Engine", "Reason"}}
	for _, c := range found.Candidates {
		engine := ""
		if c.Endpoint.Kind != "" {
			engine = strings.TrimSpace(string(c.Endpoint.Kind) + " " + c.Endpoint.EngineVersion)
		}
		rows = append(rows, []string{string(c.Verdict), c.Source, c.Endpoint.URI, engine,
			strings.Trim(c.Reason+"; "+c.Warning, "; ")})
	}
	if err := o.Table(rows); err != nil {
		return err
	}
	for _, c := range found.Candidates {
		if c.Remedy == "" {
			continue
		}
		if _, err := fmt.Fprintf(o.Out, "\n%s: %s\n", o.Clean(c.Source), o.Clean(c.Remedy)); err != nil {
			return err
		}
	}
	return nil
}

func (o *Options) json(found detect.Result) error {
	type row struct {
		Verdict string `json:"verdict"`
		Source  string `json:"source"`
		Address string `json:"address"`
		Engine  string `json:"engine,omitempty"`
		Version string `json:"version,omitempty"`
		Reason  string `json:"reason,omitempty"`
		Remedy  string `json:"remedy,omitempty"`
		Warning string `json:"warning,omitempty"`
	}
	rows := []row{}
	for _, c := range found.Candidates {
		rows = append(rows, row{string(c.Verdict), c.Source, c.Endpoint.URI, string(c.Endpoint.Kind),
			c.Endpoint.EngineVersion, c.Reason, c.Remedy, c.Warning})
	}
	return cmdutil.PrintJSON(o.Out, rows)
}
