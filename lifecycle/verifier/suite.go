package verifier

import (
	"context"
	"errors"
	"os"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

// suite runs the tests of a suite, which may be written for several tools.
type suite struct {
	project  project.Project
	instance config.Instance
	// find looks for the tests of the suite.
	find finder

	parts  []testrun.Part
	looked []string
}

// finder looks for the tests of an instance. It returns them by tool, and the
// places where it looked.
type finder func(p project.Project, i config.Instance) (parts []testrun.Part, looked []string, err error)

func (s *suite) ToolImage() string { return s.instance.Verifier.Tool.Image }

// Prepare finds the tests anew and makes the sandbox hold them and nothing else.
func (s *suite) Prepare(_ context.Context, sb sandbox.Dir) (err error) {
	if s.parts, s.looked, err = s.find(s.project, s.instance); err != nil {
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

// Verify runs the tests of one tool after the other. That those of one fail keeps
// none of the others from being run.
func (s *suite) Verify(ctx context.Context, r runner.Runner, t Target, sb sandbox.Dir, out runner.Output) ([]result.TestCase, error) {
	if len(s.parts) == 0 {
		return nil, &NoTestsError{Looked: s.looked}
	}
	if err := r.Sync(ctx); err != nil {
		return nil, err
	}
	var cases []result.TestCase
	var errs []error
	for _, p := range s.parts {
		done, err := p.Verify(ctx, testrun.Run{Runner: r, Target: t, Sandbox: sb, Out: out})
		cases = append(cases, done...)
		if err == nil {
			continue
		}
		errs = append(errs, err)
		var failed *FailedError
		if !errors.As(err, &failed) {
			break
		}
	}
	if len(cases) == 0 && len(errs) == 0 {
		return nil, &NoTestsError{Looked: s.looked}
	}
	return cases, errors.Join(errs...)
}

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}
