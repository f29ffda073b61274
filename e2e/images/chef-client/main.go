// Command chef-client stands in for Chef Infra Client in the tests' tool images.
//
// It takes the real program's command line, reads the same client.rb, dna.json and
// cookbooks, and applies a small subset of the recipe language, so that a test sees a
// true convergence without a hundred megabytes of Ruby. It is linked statically and
// runs in any image.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// version is the release whose behaviour this program follows.
const version = "18.5.0"

func main() {
	os.Exit(run(filepath.Base(os.Args[0]), os.Args[1:], os.Stdout, os.Stderr))
}

// exitError ends the run with a status of its own instead of 1.
type exitError struct {
	code   int
	reason string
}

func (e *exitError) Error() string { return e.reason }

// run is the whole program; it returns the exit status.
func run(name string, args []string, stdout, stderr io.Writer) int {
	product := "Chef Infra Client"
	if name == "cinc-client" {
		product = "Cinc Client"
	}
	opts, err := parseArgs(args)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	if opts.version {
		fmt.Fprintf(stdout, "%s: %s\n", product, version)
		return 0
	}
	out := newOutput(opts.formatter, stdout)
	err = converge(product, opts, out)
	if err == nil {
		return 0
	}
	var exit *exitError
	switch {
	case errors.As(err, &exit):
		fmt.Fprintf(stderr, "[FATAL] %s\n", exit.reason)
		return exit.code
	default:
		fmt.Fprintf(stderr, "[FATAL] %s\n", err)
		return 1
	}
}
