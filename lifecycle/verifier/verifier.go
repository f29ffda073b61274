// Package verifier tests converged runners.
package verifier

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Verifier is one way to test an instance.
type Verifier interface {
	// ToolImage is the image whose volumes are mounted into the runner because
	// they bring the test tool, or "".
	ToolImage() string
	// Prepare puts the tests into the verifier's sandbox on this machine, and
	// takes out those of earlier runs. It talks to no engine.
	Prepare(ctx context.Context, box sandbox.Dir) error
	// Verify runs the tests and returns what became of each, as far as the tool
	// tells. Errors: *FailedError when tests failed, beside their cases;
	// *NoTestsError when there were none.
	Verify(ctx context.Context, r runner.Runner, t Target, box sandbox.Dir, out runner.Output) ([]result.TestCase, error)
}

// Target is what a verifier that runs on this machine needs to know of the
// runner and its engine.
type Target struct {
	ContainerID, ContainerName, Hostname string
	// Endpoint is the address of the engine.
	Endpoint string
	// ClientEnv are the variables by which other programs reach that engine.
	ClientEnv map[string]string
}

// Project is what verifiers need to know of where they are.
type Project struct {
	// Root is the project's directory, TestBase that of its tests.
	Root, TestBase string
	// Environ is galley's own environment as KEY=VALUE pairs.
	Environ []string
}

// New returns the verifier of an instance. Where kitchen.yml names none, the tests
// that are there decide.
func New(p Project, i config.Instance) (Verifier, error) {
	switch i.Verifier.Kind {
	case config.VerifierShell:
		return &shell{project: p, instance: i}, nil
	case config.VerifierDummy:
		return dummy{i.Verifier.Dummy, i.Verifier.Shell.Sleep}, nil
	case config.VerifierInspec, config.VerifierCincAuditor:
		return &suite{project: p, instance: i, find: findInspec}, nil
	case config.VerifierBusser:
		return &suite{project: p, instance: i, find: findByLayout}, nil
	}
	if fw, ok := frameworkNamed(string(i.Verifier.Kind)); ok {
		return &suite{project: p, instance: i, find: findFor(fw)}, nil
	}
	return nil, fmt.Errorf("galley has no verifier %q", i.Verifier.Name)
}

// suiteDir is where the tests of a suite are.
func (p Project) suiteDir(suite string) string { return filepath.Join(p.TestBase, suite) }

// shown is a path as people and CI systems want to see it: relative to the project
// and with slashes, if it lies there.
func (p Project) shown(path string) string {
	if rel, err := filepath.Rel(p.Root, path); err == nil && filepath.IsLocal(rel) {
		path = rel
	}
	return filepath.ToSlash(path)
}

// getenv looks a variable up in galley's own environment; the last one counts.
func (p Project) getenv(name string) string {
	value := ""
	for _, kv := range p.Environ {
		if k, v, _ := strings.Cut(kv, "="); k == name {
			value = v
		}
	}
	return value
}

// runnerEnv is the environment of a verifier's commands in the runner.
func runnerEnv(p Project, v config.Verifier) map[string]string {
	env := runner.KitchenEnv(p.Environ, v.Proxy)
	maps.Copy(env, v.Env)
	return env
}

// inRunner puts kitchen.yml's command_prefix and sudo in front of a line for the
// runner. Root goes without sudo, which many an image has not: a kitchen.yml that
// was written for machines says sudo, and dokken's transport never wanted it.
func inRunner(v config.Verifier, line string) string {
	if !v.Sudo {
		return prefixed(v, line)
	}
	return "if [ \"$(id -u)\" = 0 ]; then\n" + prefixed(v, line) + "\nelse\n" + prefixed(v, v.SudoCommand+" "+line) + "\nfi"
}

// prefixed puts kitchen.yml's command_prefix in front of a command line.
func prefixed(v config.Verifier, line string) string {
	if v.CommandPrefix == "" {
		return line
	}
	return v.CommandPrefix + " " + line
}
