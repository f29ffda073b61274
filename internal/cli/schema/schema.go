// Package schema is `galley schema`.
package schema

import (
	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/docs"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
)

// NewCmdSchema prints a JSON Schema of kitchen.yml.
func NewCmdSchema(f *cmdutil.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print a JSON Schema of kitchen.yml, for editors", Args: cobra.NoArgs,
		Example: `  galley schema > kitchen.schema.json`,
		RunE: func(*cobra.Command, []string) error {
			_, err := f.Out.Write(docs.KitchenSchema)
			return err
		},
	}
}
