// Package version is `galley version`.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/settings"
)

// release is the version that this source is on its way to.
const release = "0.1.0"

// String is the version that the linker set or else the release, with what Go knows of the commit it was built
// from when it is not a tagged one.
func String(linked string) string {
	if linked != "" {
		return strings.TrimPrefix(linked, "v")
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := strings.TrimPrefix(info.Main.Version, "v"); v != "" && v != "(devel)" && !strings.HasPrefix(v, "0.0.0-") {
			return v
		}
	}
	if commit := describe("").Commit; len(commit) >= 12 {
		return release + "-dev+" + commit[:12]
	}
	return release + "-dev"
}

// about is what `galley version --json` prints.
type about struct {
	Version string `json:"version"`
	// Commit and Time are those of the source; empty where Go did not know them when it built galley.
	Commit string `json:"commit,omitempty"`
	Time   string `json:"time,omitempty"`
	// Modified reports whether the source had changes that were not committed.
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func describe(version string) about {
	a := about{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return a
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			a.Commit = s.Value
		case "vcs.time":
			a.Time = s.Value
		case "vcs.modified":
			a.Modified = s.Value == "true"
		}
	}
	return a
}

// NewCmdVersion prints galley's version.
func NewCmdVersion(f *cmdutil.Factory) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "version", Short: "Print galley's version", Args: cobra.NoArgs,
		Example: "  galley version\n  galley version --json   # with the commit, for a bug report",
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return cmdutil.PrintJSON(f.Out, describe(f.Version))
			}
			_, err := fmt.Fprintln(f.Out, "galley", f.Version)
			return err
		},
	}
	settings.Bool(cmd.Flags(), &asJSON, "json", "", "with the commit, its time, Go's version and the platform, as JSON")
	return cmd
}
