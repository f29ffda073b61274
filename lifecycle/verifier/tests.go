package verifier

import (
	"context"
	"errors"
	"path"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

// tests are the tests of one framework: a part of a suite.
type tests struct {
	framework
	project project.Project
	config  config.Verifier
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
	// above are the files of the project around the tests, by their path in the sandbox,
	// for tests that reach them.
	above []sandbox.File
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
func (t tests) Verify(ctx context.Context, r testrun.Run) ([]result.TestCase, error) {
	batches := [][]string{t.run}
	if t.singly {
		batches = nil
		for _, test := range t.run {
			batches = append(batches, []string{test})
		}
	}
	var cases []result.TestCase
	var errs []error
	for _, batch := range batches {
		t.run = batch
		done, err := t.once(ctx, r)
		cases = append(cases, done...)
		errs = append(errs, err)
		var failed *FailedError
		if err != nil && !errors.As(err, &failed) {
			break
		}
	}
	return cases, errors.Join(errs...)
}

// once runs the tool over the tests.
func (t tests) once(ctx context.Context, r testrun.Run) ([]result.TestCase, error) {
	remote := path.Join(r.Sandbox.Remote, t.dir)
	done, err := r.RunTool(ctx, testrun.Tool{
		Config: t.config, Env: testrun.RunnerEnv(t.project, t.config), Binaries: t.binaries, Dir: remote, Source: t.framework.source,
		Command: t.command(invocation{tests: runner.QuoteAll(t.run), options: runner.QuoteAll(t.config.Tool.Options),
			vars: quotedOrNone(t.vars)}),
	})
	switch {
	case err != nil:
		return nil, err
	case done.Missing:
		return nil, &ToolMissingError{Tool: t.binaries[0], Places: done.Places, Remedy: t.remedy}
	case done.Code != 0 && done.Code == t.noTests:
		return nil, nil
	}
	cases, err := t.parse(done.Results)
	if err != nil {
		if err := done.ShowHidden(r.Out.Stdout); err != nil {
			return nil, err
		}
	} else if t.framework.source == testrun.ResultsOnly {
		if err := printCases(r.Out.Stdout, cases); err != nil {
			return nil, err
		}
	}
	if t.refine != nil {
		t.refine(cases, t)
	}
	for i := range cases {
		cases[i].File = t.locate(cases[i].File, remote)
	}
	v := testrun.Verdict{Tool: t.name, Code: done.Code, Hint: t.codes[done.Code], Unread: err, Output: done.Output}
	return v.Cases(cases, r.Out.Stderr)
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
		return t.project.Shown(source)
	}
	return file
}

func quotedOrNone(s string) string {
	if s == "" {
		return ""
	}
	return runner.Quote(s)
}
