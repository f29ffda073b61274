// Package reportcmd is `galley report`.
package reportcmd

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report"
	"github.com/galley-kitchen/galley/report/console"
	"github.com/galley-kitchen/galley/report/recording"
)

// documents are the reports that can be made of a finished run; those that belong
// to a run that is going on are left out.
func documents() []string { return []string{"html", "json", "junit", "markdown"} }

// Options are what report is asked for.
type Options struct {
	*cmdutil.Factory
	// File is the recorded run; "-" is standard input.
	File string
	// Reports are FORMAT=FILE; without any the run is printed.
	Reports []string
}

// NewCmdReport makes reports of a recorded run. runF replaces the work in tests.
func NewCmdReport(f *cmdutil.Factory, runF func(*Options) error) *cobra.Command {
	if runF == nil {
		runF = run
	}
	files := map[string]*string{}
	cmd := &cobra.Command{
		Use: "report FILE.ndjson", Short: "Make reports of a run that was recorded with --report ndjson=FILE.ndjson",
		Args: cobra.ExactArgs(1),
		Long: `Make reports of a run that was recorded with --report ndjson=FILE.ndjson; "-" reads
standard input. Without an option, print the run as it was printed then. A run that
was killed is reported as far as it came.`,
		Example: `  galley report run.ndjson
  galley report run.ndjson --html report.html --junit junit.xml`,
		RunE: func(_ *cobra.Command, args []string) error {
			o := &Options{Factory: f, File: args[0]}
			for _, format := range documents() {
				if file := *files[format]; file != "" {
					o.Reports = append(o.Reports, format+"="+file)
				}
			}
			return runF(o)
		},
	}
	for _, format := range documents() {
		files[format] = cmd.Flags().String(format, "", "write a report of this format to a file; \"-\" is standard output")
	}
	return cmd
}

// run hands a recorded run to the reports that are asked for or, without any, to the screen.
func run(o *Options) error {
	events, err := readRecording(o.In, o.File)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		fmt.Fprintf(o.Err, "$$$$$$ %s is cut off in its last line; the %d events before it are reported\n",
			o.File, len(events))
	} else if err != nil {
		return fmt.Errorf("read the run recorded in %s: %w", o.File, err)
	}
	if len(events) == 0 {
		return fmt.Errorf("there is no run recorded in %s\nRecord one with --report ndjson=%s", o.File, o.File)
	}
	sinks, err := sinks(o)
	if err != nil {
		return err
	}
	for _, e := range events {
		sinks.Handle(e)
	}
	return sinks.Close()
}

func readRecording(stdin io.Reader, file string) ([]lifecycle.Event, error) {
	if file == "-" {
		return recording.Read(stdin)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	events, err := recording.Read(f)
	return events, errors.Join(err, f.Close())
}

func sinks(o *Options) (*report.Multi, error) {
	if len(o.Reports) == 0 {
		set, err := o.Settings()
		if err != nil {
			return nil, err
		}
		color := cmdutil.Color(set, console.IsTerminal(o.Out, os.Getenv))
		return report.NewMulti(console.NewPlain(o.Out, o.Err, console.Options{Color: color})), nil
	}
	list, err := report.OpenAll(o.Reports, report.Env{Stdout: o.Out, Getenv: os.Getenv})
	return report.NewMulti(list...), err
}
