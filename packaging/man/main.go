// Command man writes the manual pages of galley's commands into a directory, for packages.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra/doc"

	"github.com/galley-kitchen/galley/internal/cli"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: man VERSION DIRECTORY")
		os.Exit(1)
	}
	root := cli.NewCmdRoot(cmdutil.NewFactory(cmdutil.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Args[1]))
	root.DisableAutoGenTag = true
	// the date is that of SOURCE_DATE_EPOCH
	header := &doc.GenManHeader{Section: "1", Source: "galley " + os.Args[1], Manual: "galley"}
	if err := doc.GenManTree(root, header, os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
