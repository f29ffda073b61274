package verifier

import (
	"context"
	"errors"
	"path"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// tests are the tests of one framework: a part of a suite.
type tests struct {
	framework
	project Project
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
}

func (t tests) files() ([]sandbox.File, error) {
	list := make([]sandbox.File, len(t.all))
	for i, f := range t.all {
		f.Path = path.Join(t.dir, f.Path)
		list[i] = f
	}
	return list, nil
}

func (t tests) verify(ctx context.Context, s session) ([]result.TestCase, error) {
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
		done, err := t.once(ctx, s)
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
func (t tests) once(ctx context.Context, s session) ([]result.TestCase, error) {
	remote := path.Join(s.box.Remote, t.dir)
	done, err := s.runTool(ctx, toolRun{
		config: t.config, env: runnerEnv(t.project, t.config), binaries: t.binaries, dir: remote, source: t.framework.source,
		command: t.command(invocation{tests: runner.QuoteAll(t.run), options: runner.QuoteAll(t.config.Tool.Options),
			vars: quotedOrNone(t.vars)}),
	})
	switch {
	case err != nil:
		return nil, err
	case done.missing:
		return nil, &ToolMissingError{Tool: t.binaries[0], Places: done.places, Remedy: t.remedy}
	case done.code != 0 && done.code == t.noTests:
		return nil, nil
	}
	cases, err := t.parse(done.results)
	if err != nil {
		if err := done.showHidden(s.out.Stdout); err != nil {
			return nil, err
		}
	} else if t.framework.source == resultsOnly {
		if err := printCases(s.out.Stdout, cases); err != nil {
			return nil, err
		}
	}
	if t.refine != nil {
		t.refine(cases, t)
	}
	for i := range cases {
		cases[i].File = t.locate(cases[i].File, remote)
	}
	return settle(verdict{tool: t.name, code: done.code, hint: t.codes[done.code], unread: err, said: done.said}, cases, s.out.Stderr)
}

// locate turns the path of a test in the runner into that on this machine.
func (t tests) locate(file, remote string) string {
	if file == "" {
		return ""
	}
	rel := file
	if path.IsAbs(rel) {
		rel = trimDir(rel, remote)
	}
	if source := t.source[path.Clean(rel)]; source != "" {
		return t.project.shown(source)
	}
	return file
}
