// Galley runs the Test Kitchen life cycle in containers, on Docker or on Podman.
package main

import (
	"io"
	"log"
	"os"

	"github.com/galley-kitchen/galley/internal/cli"
)

// version is set by the linker for releases.
var version string

func main() {
	log.SetOutput(io.Discard) // libraries write there in the middle of the console; galley tells their errors itself
	os.Exit(cli.Main(version))
}
