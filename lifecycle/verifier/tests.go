package verifier

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

// tests are the tests of one framework: a part of a suite.
type tests struct {
	framework
	testrun.Base
	// dir is the directory in the sandbox that holds them, with slashes.
	dir string
	// all are the files, helpers too, by their path below dir.
	all []sandbox.File
	// source are the same files' paths on this machine, by the same.
	source map[string]string
	// run are those among them that are tests, in order.
	run []string
	// vars is goss' file of variables, below dir, or empty.
	vars string
	// above are the files of the project around the tests, by their path in the sandbox, for tests that reach them.
	above []sandbox.File
	// err is the first error of those that collect all this.
	err error
}

// Files are the tests and what lies beside them.
func (t tests) Files() ([]sandbox.File, error) {
	list := make([]sandbox.File, len(t.all))
	for i, f := range t.all {
		f.Path = path.Join(t.dir, f.Path)
		list[i] = f
	}
	return append(list, t.above...), nil
}

// Verify runs the tool over the tests.
func (t tests) Verify(ctx context.Context, r runner.Run) ([]result.TestCase, error) {
	batches := [][]string{t.run}
	if t.singly {
		batches = slices.Collect(slices.Chunk(t.run, 1))
	}
	return testrun.Each(batches, func(batch []string) ([]result.TestCase, error) {
		t.run = batch
		return t.once(ctx, r)
	})
}

// once runs the tool over the tests.
func (t tests) once(ctx context.Context, r runner.Run) ([]result.TestCase, error) {
	remote := path.Join(r.Sandbox.Remote, t.dir)
	told, early := 0, func(string) {}
	if r.Out.Case != nil && t.framework.source == testrun.ResultsPrinted {
		stream, refine := result.NewTAPStream(), t.refine(t)
		early = func(line string) {
			for _, c := range stream.Line(line) {
				refine(&c)
				c.File = t.locate(c.File, remote)
				told++
				r.Out.Case(c)
			}
		}
	}
	in := invocation{tests: runner.QuoteAll(t.run), options: runner.QuoteAll(t.Verifier.Tool.Options)}
	if t.vars != "" {
		in.vars = runner.Quote(t.vars)
	}
	done, err := testrun.Tool{Base: t.Base, Binaries: t.binaries, Dir: remote, Command: t.command(in),
		Source: t.framework.source, Line: early, Remedy: t.remedy}.Run(ctx, r)
	if err != nil || done.Code != 0 && done.Code == t.noTests {
		return nil, err
	}
	cases, unread := t.parse(done.Results)
	if t.framework.source == testrun.ResultsOnly {
		// People have seen nothing yet.
		if unread != nil {
			_, err = r.Out.Stdout.Write(done.Results)
		} else {
			err = printCases(r.Out.Stdout, cases)
		}
		if err != nil {
			return nil, err
		}
	}
	refine := t.refine(t)
	for i := range cases {
		refine(&cases[i])
		cases[i].File = t.locate(cases[i].File, remote)
	}
	cases, err = done.Cases(t.name, t.codes[done.Code], cases, unread, r.Out.Stderr)
	return cases[min(told, len(cases)):], err
}

// locate turns the path of a test in the runner into that on this machine.
func (t tests) locate(file, remote string) string {
	if file == "" {
		return ""
	}
	rel := file
	if path.IsAbs(rel) {
		rel = testrun.TrimDir(rel, remote)
	}
	if source := t.source[path.Clean(rel)]; source != "" {
		return t.Shown(source)
	}
	return file
}

// printCases shows cases of a tool that prints for programs only.
func printCases(w io.Writer, cases []result.TestCase) error {
	marks := map[result.Outcome]string{result.Passed: "ok  ", result.Failed: "FAIL", result.Skipped: "skip"}
	failed := 0
	for _, c := range cases {
		if _, err := fmt.Fprintf(w, "%s  %s\n", marks[c.Outcome], c.Title); err != nil {
			return err
		}
		if c.Outcome != result.Failed {
			continue
		}
		failed++
		for line := range strings.Lines(c.Message) {
			if _, err := fmt.Fprintf(w, "      %s\n", strings.TrimRight(line, "\n")); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "%d tests, %d failed\n", len(cases), failed)
	return err
}
