// Galley runs the Test Kitchen life cycle in containers, on Docker or on Podman.
package main

import (
	"os"

	"github.com/galley-kitchen/galley/internal/cli"
)

// version is set by the linker for releases.
var version string

func main() { os.Exit(cli.Main(version)) }
