// Galley runs the Test Kitchen life cycle in containers, on Docker or on Podman.
package main

import "os"

func main() {
	os.Exit(Main())
}
