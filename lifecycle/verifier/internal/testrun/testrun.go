// Package testrun holds what all verifiers share: where they run, how a test tool is
// found and run in the runner, and what its end means.
package testrun

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Target is what a verifier that runs on this machine needs to know of the runner and
// its engine.
type Target struct {
	ContainerID, ContainerName, Hostname string
	// Image is the ID of the image that the runner was made from.
	Image string
	// Endpoint is the address of the engine.
	Endpoint string
	// ClientEnv are the variables by which other programs reach that engine.
	ClientEnv map[string]string
}

// Run is one run of a verifier: a runner with the synced sandbox.
type Run struct {
	Runner  runner.Runner
	Target  Target
	Sandbox sandbox.Dir
	Out     runner.Output
}

// Part is the tests of a suite that one tool runs.
type Part interface {
	// Files are what must be in the sandbox for them.
	Files() ([]sandbox.File, error)
	// Verify runs them. Errors: *FailedError, *ToolMissingError.
	Verify(ctx context.Context, r Run) ([]result.TestCase, error)
}

// RunnerEnv is the environment of a verifier's commands in the runner.
func RunnerEnv(p project.Project, v config.Verifier) map[string]string {
	env := runner.KitchenEnv(p.Environ, v.Proxy)
	maps.Copy(env, v.Env)
	return env
}

// InRunner is a shell text for the runner with kitchen.yml's command_prefix and sudo in
// front. As in Test Kitchen they stand before a shell, and so hold for all of it. Root
// goes without sudo, which many an image lacks: a kitchen.yml that was written for
// machines says sudo, and dokken's transport never wanted it.
func InRunner(v config.Verifier, text string) string {
	if !v.Sudo {
		return Prefixed(v, text)
	}
	sudo := v.SudoCommand + " sh -c " + runner.Quote(text)
	if v.CommandPrefix != "" {
		sudo = v.CommandPrefix + " " + sudo
	}
	return "if [ \"$(id -u)\" = 0 ]; then\n" + Prefixed(v, text) + "\nelse\n" + sudo + "\nfi"
}

// Prefixed is a shell text with kitchen.yml's command_prefix in front.
func Prefixed(v config.Verifier, text string) string {
	if v.CommandPrefix == "" {
		return text
	}
	return v.CommandPrefix + " sh -c " + runner.Quote(text)
}

// IsDir reports whether a path is a directory, or a link to one.
func IsDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// Within reports whether a path is a directory, or lies in it.
func Within(dir, p string) bool {
	rel, err := filepath.Rel(dir, p)
	return err == nil && filepath.IsLocal(rel)
}

// CommonDir is the deepest directory that all of some lie in.
func CommonDir(dirs []string) (string, error) {
	if len(dirs) == 0 {
		return "", nil
	}
	top := filepath.Clean(dirs[0])
	for _, d := range dirs[1:] {
		for !Within(top, d) {
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
	if rel, ok := strings.CutPrefix(p, strings.TrimSuffix(dir, "/")+"/"); ok {
		return rel
	}
	return p
}
