package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report"
)

// documents are the reports that can be made of a finished run; those that belong
// to a run that is going on are left out.
func documents() []string { return []string{"html", "json", "junit", "markdown"} }

func (a *app) reportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "report FILE.ndjson", Short: "Make reports of a run that was recorded with --report ndjson=FILE.ndjson",
		Args: cobra.ExactArgs(1),
		Long: `Make reports of a run that was recorded with --report ndjson=FILE.ndjson; "-" reads
standard input. Without an option, print the run as it was printed then. A run that
was killed is reported as far as it came.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var specs []string
			for _, format := range documents() {
				if file, _ := cmd.Flags().GetString(format); file != "" {
					specs = append(specs, format+"="+file)
				}
			}
			return a.replay(args[0], specs)
		},
	}
	for _, format := range documents() {
		cmd.Flags().String(format, "", "write a report of this format to a file; \"-\" is standard output")
	}
	return cmd
}

// replay hands a recorded run to the reports that the specs ask for or, without
// any, to the screen.
func (a *app) replay(file string, specs []string) error {
	events, err := readRecording(a.in, file)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		fmt.Fprintf(a.err, "$$$$$$ %s is cut off in its last line; the %d events before it are reported\n", file, len(events))
	} else if err != nil {
		return fmt.Errorf("read the run recorded in %s: %w", file, err)
	}
	if len(events) == 0 {
		return fmt.Errorf("there is no run recorded in %s\nRecord one with --report ndjson=%s", file, file)
	}
	sinks, err := a.replaySinks(specs)
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
		return report.Replay(stdin)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	events, err := report.Replay(f)
	return events, errors.Join(err, f.Close())
}

func (a *app) replaySinks(specs []string) (*report.Multi, error) {
	if len(specs) == 0 {
		color := report.UseColor(a.colorWish(), os.Getenv, report.IsTerminal(a.out, os.Getenv))
		return report.NewMulti(report.NewPlain(a.out, a.err, report.Options{Color: color})), nil
	}
	var list []lifecycle.Sink
	for _, spec := range specs {
		s, err := report.Open(spec, report.Env{Stdout: a.out, Getenv: os.Getenv})
		if err != nil {
			return nil, errors.Join(err, report.NewMulti(list...).Close())
		}
		list = append(list, s)
	}
	return report.NewMulti(list...), nil
}
