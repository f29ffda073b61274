package main

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is set by the linker for releases.
var version string

// release is the version that this source is on its way to.
const release = "0.1.0"

// versionString is the release, with what Go knows of the commit it was built
// from when it is not a tagged one.
func versionString() string {
	if version != "" {
		return strings.TrimPrefix(version, "v")
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	if v := strings.TrimPrefix(info.Main.Version, "v"); v != "" && v != "(devel)" && !strings.HasPrefix(v, "0.0.0-") {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return release + "-dev+" + s.Value[:12]
		}
	}
	return release + "-dev"
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print galley's version", Args: cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(a.out, "galley", versionString())
			return err
		},
	}
}
