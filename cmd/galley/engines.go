package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/backend/detect"
)

func (a *app) enginesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "engines", SuggestFor: []string{"doctor", "info"}, Short: "Show where container engines were looked for, and which one is used", Args: cobra.NoArgs,
		Long: `Show every place where a container engine may answer, in the order in which
they are asked, with the verdict, the reason and what can be done. The chosen one
is used by all other commands. With --all, the contexts of Docker and the
connections of Podman that are not selected are asked too. Exit code 1 when no
engine can be used.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := a.detectOptions()
			if err != nil {
				return err
			}
			o.All = true
			o.Everywhere, _ = cmd.Flags().GetBool("all")
			found, findErr := detect.Find(cmd.Context(), detect.ThisHost(), o)
			if err := found.Close(); err != nil {
				return err
			}
			if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
				return firstError(a.enginesJSON(found), findErr)
			}
			return firstError(a.enginesTable(found), findErr)
		},
	}
	cmd.Flags().Bool("json", false, "print JSON")
	cmd.Flags().Bool("all", false, "ask every Docker context and Podman connection too")
	return cmd
}

func (a *app) enginesTable(found detect.Result) error {
	rows := [][]string{{"Verdict", "Source", "Address", "Engine", "Reason"}}
	for _, c := range found.Candidates {
		engine := ""
		if c.Endpoint.Kind != "" {
			engine = strings.TrimSpace(string(c.Endpoint.Kind) + " " + c.Endpoint.EngineVersion)
		}
		rows = append(rows, []string{string(c.Verdict), c.Source, c.Endpoint.URI, engine, joined(c.Reason, c.Warning)})
	}
	if err := table(a.out, rows); err != nil {
		return err
	}
	for _, c := range found.Candidates {
		if c.Remedy == "" {
			continue
		}
		if _, err := fmt.Fprintf(a.out, "\n%s: %s\n", c.Source, c.Remedy); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) enginesJSON(found detect.Result) error {
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
		rows = append(rows, row{string(c.Verdict), c.Source, c.Endpoint.URI, string(c.Endpoint.Kind), c.Endpoint.EngineVersion, c.Reason, c.Remedy, c.Warning})
	}
	return printJSON(a.out, rows)
}

// joined puts two remarks into one cell.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

func printJSON(w interface{ Write([]byte) (int, error) }, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}

// firstError is the first of some errors that is one.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
