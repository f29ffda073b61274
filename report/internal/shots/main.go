// Command shots writes the report pages of sample runs into a directory, for the pictures in the documentation (see
// docs/img/shots.sh).
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/files"
	"github.com/galley-kitchen/galley/report/html"
	"github.com/galley-kitchen/galley/report/internal/sample"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: shots DIRECTORY")
		os.Exit(1)
	}
	pages := map[string][]lifecycle.Event{"green": sample.Green(), "red": sample.Red(), "many": sample.Many()}
	for name, events := range pages {
		if err := write(filepath.Join(os.Args[1], name+".html"), events); err != nil {
			fmt.Fprintln(os.Stderr, "shots:", err)
			os.Exit(1)
		}
	}
}

func write(path string, events []lifecycle.Event) error {
	sink, err := files.NewDocument(path, "", html.Write)
	if err != nil {
		return err
	}
	for _, e := range events {
		sink.Handle(e)
	}
	return sink.Close()
}
