// Package verifier tests converged runners.
package verifier

import (
	"context"
	"fmt"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/internal/dummy"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
	"github.com/galley-kitchen/galley/lifecycle/verifier/inspec"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

// Verifier is one way to test an instance.
type Verifier interface {
	// ToolImage is the image whose volumes are mounted into the runner because they bring the test tool, or "".
	ToolImage() string
	// Prepare puts the tests into the verifier's sandbox on this machine, and
	// takes out those of earlier runs. It talks to no engine.
	Prepare(ctx context.Context, sb sandbox.Dir) error
	// Verify runs the tests and tells what became of each, as far as the tool tells: of those that ended early by
	// r.Out.Case, if there is one, and of the others by what it returns. Errors: *FailedError when tests failed, beside
	// their cases; *NoTestsError when there were none.
	Verify(ctx context.Context, r runner.Run) ([]result.TestCase, error)
}

// The types that the life cycle works with.
type (
	// FailedError says that tests failed.
	FailedError = testrun.FailedError
	// NoTestsError says that there was nothing to test.
	NoTestsError = testrun.NoTestsError
	// ToolMissingError says that a test tool was not found.
	ToolMissingError = testrun.ToolMissingError
)

// New returns the verifier of an instance. Where kitchen.yml names none, the tests that are there decide.
func New(p project.Project, i config.Instance) (Verifier, error) {
	b := testrun.Base{Project: p, Instance: i}
	switch i.Verifier.Kind {
	case config.VerifierShell:
		return &shell{b}, nil
	case config.VerifierDummy:
		return nothing{i.Verifier}, nil
	case config.VerifierInspec, config.VerifierCincAuditor:
		return &suite{Base: b, find: inspec.Find}, nil
	case config.VerifierBusser:
		return &suite{Base: b, find: findByLayout}, nil
	}
	for _, fw := range frameworks() {
		if fw.name == string(i.Verifier.Kind) {
			return &suite{Base: b, find: findFor(fw)}, nil
		}
	}
	return nil, fmt.Errorf("galley has no verifier %q", i.Verifier.Name)
}

// nothing is the dummy verifier, which tests nothing.
type nothing struct{ config.Verifier }

func (nothing) ToolImage() string { return "" }

func (nothing) Prepare(_ context.Context, sb sandbox.Dir) error {
	return sandbox.Sync(sb.Local, nil, nil)
}

func (n nothing) Verify(ctx context.Context, _ runner.Run) ([]result.TestCase, error) {
	d := n.Dummy
	d.Sleep = n.Shell.Sleep // it shares the key with the shell verifier
	if err := dummy.Do(ctx, d, "the dummy verifier fails, as kitchen.yml asks it to"); err != nil {
		return nil, err
	}
	return nil, &NoTestsError{}
}

// suite runs the tests of a suite, which may be written for several tools.
type suite struct {
	testrun.Base
	// find looks for the tests of the suite.
	find finder

	parts  []testrun.Part
	looked []string
}

// finder looks for the tests of an instance. It returns them by tool, and the places where it looked.
type finder func(b testrun.Base) (parts []testrun.Part, looked []string, err error)

func (s *suite) ToolImage() string { return s.Verifier.Tool.Image }

// Prepare finds the tests anew and makes the sandbox hold them and nothing else.
func (s *suite) Prepare(_ context.Context, sb sandbox.Dir) (err error) {
	if s.parts, s.looked, err = s.find(s.Base); err != nil {
		return err
	}
	var all []sandbox.File
	for _, p := range s.parts {
		files, err := p.Files()
		if err != nil {
			return err
		}
		for _, f := range files {
			if f.Mode == 0o600 {
				f.Mode = sb.SecretMode()
			}
			all = append(all, f)
		}
	}
	return sandbox.Sync(sb.Local, all, nil)
}

// Verify runs the tests of one tool after the other.
func (s *suite) Verify(ctx context.Context, r runner.Run) ([]result.TestCase, error) {
	if len(s.parts) == 0 {
		return nil, &NoTestsError{Looked: s.looked}
	}
	if err := r.Sync(ctx); err != nil {
		return nil, err
	}
	told := 0
	if tell := r.Out.Case; tell != nil {
		r.Out.Case = func(c result.TestCase) { told++; tell(c) }
	}
	cases, err := testrun.Each(s.parts, func(p testrun.Part) ([]result.TestCase, error) {
		return p.Verify(ctx, r)
	})
	if told+len(cases) == 0 && err == nil {
		return nil, &NoTestsError{Looked: s.looked}
	}
	return cases, err
}
