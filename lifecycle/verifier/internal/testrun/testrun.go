// Package testrun holds what all verifiers share: where they run, how a test tool is
// found and run in the runner, and what its end means.
package testrun

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Base is what all verifiers have: the instance and its project.
type Base struct {
	project.Project
	config.Instance
}

// Part is the tests of a suite that one tool runs.
type Part interface {
	// Files are what must be in the sandbox for them.
	Files() ([]sandbox.File, error)
	// Verify runs them, and returns the cases that it did not give to Out.Case while they ran. Errors: *FailedError,
	// *ToolMissingError.
	Verify(ctx context.Context, r runner.Run) ([]result.TestCase, error)
}

// Each runs the tests of each of a list. That those of one fail keeps none of the others
// from being run; any other error does.
func Each[T any](list []T, run func(T) ([]result.TestCase, error)) ([]result.TestCase, error) {
	var cases []result.TestCase
	var errs []error
	for _, one := range list {
		done, err := run(one)
		cases, errs = append(cases, done...), append(errs, err)
		var failed *FailedError
		if err != nil && !errors.As(err, &failed) {
			break
		}
	}
	return cases, errors.Join(errs...)
}

// RunnerEnv is the environment of a verifier's commands in the runner.
func (b Base) RunnerEnv() map[string]string {
	return runner.KitchenEnv(b.Environ, b.Verifier.Proxy, b.Verifier.Env)
}

// InRunner is a shell text for the runner with kitchen.yml's command_prefix and sudo in front. As in Test Kitchen they
// stand before a shell, and so hold for all of it. Root goes without sudo, which many an image lacks: a kitchen.yml
// that was written for machines says sudo, and dokken's transport never wanted it.
func (b Base) InRunner(text string) string {
	v := b.Verifier
	if !v.Sudo {
		return b.Prefixed(text)
	}
	sudo := strings.TrimSpace(v.CommandPrefix + " " + v.SudoCommand + " sh -c " + runner.Quote(text))
	return "if [ \"$(id -u)\" = 0 ]; then\n" + b.Prefixed(text) + "\nelse\n" + sudo + "\nfi"
}

// Prefixed is a shell text with kitchen.yml's command_prefix in front.
func (b Base) Prefixed(text string) string {
	if b.Verifier.CommandPrefix == "" {
		return text
	}
	return b.Verifier.CommandPrefix + " sh -c " + runner.Quote(text)
}

// CommonDir is the deepest directory that all of some lie in.
func CommonDir(dirs []string) (string, error) {
	if len(dirs) == 0 {
		return "", nil
	}
	top := filepath.Clean(dirs[0])
	for _, d := range dirs[1:] {
		for !project.Within(top, d) {
			up := filepath.Dir(top)
			if up == top {
				return "", fmt.Errorf("%s and %s have no directory in common", dirs[0], d)
			}
			top = up
		}
	}
	return top, nil
}

// TrimDir makes a path of the runner relative to a directory that it lies in.
func TrimDir(p, dir string) string {
	return strings.TrimPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}
