package verifier

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/hostexec"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// shell runs a line on this machine or, with remote_exec, in the runner.
type shell struct {
	project  Project
	instance config.Instance
}

func (s *shell) ToolImage() string { return "" }

// Prepare copies the suite's test files, which a remote command may want.
func (s *shell) Prepare(_ context.Context, box sandbox.Dir) error {
	var files []sandbox.File
	if dir := s.project.suiteDir(s.instance.Suite); s.instance.Verifier.Shell.Remote && isDir(dir) {
		var err error
		if files, err = sandbox.Tree(dir, "", nil); err != nil {
			return fmt.Errorf("read the tests: %w", err)
		}
	}
	return sandbox.Sync(box.Local, files, nil)
}

func (s *shell) Verify(ctx context.Context, r runner.Runner, t Target, _ sandbox.Dir, out runner.Output) ([]result.TestCase, error) {
	if err := pause(ctx, s.instance.Verifier.Shell.Sleep); err != nil {
		return nil, err
	}
	said := &lastWords{}
	out = runner.Output{Stdout: said.over(out.Stdout), Stderr: said.over(out.Stderr)}
	line := prefixed(s.instance.Verifier, s.instance.Verifier.Shell.Command)
	start := time.Now()
	code, err := s.run(ctx, r, t, line, out)
	if err != nil {
		return nil, err
	}
	test := result.TestCase{Title: line, Outcome: result.Passed, Duration: time.Since(start)}
	const tool = "the verifier's command"
	if code != 0 {
		exit := &runner.ExitError{What: tool, Code: code}
		test.Outcome, test.Message = result.Failed, strings.TrimSpace(exit.Error()+"\n"+said.String())
		return []result.TestCase{test}, &FailedError{Tool: tool, Exit: exit}
	}
	return []result.TestCase{test}, nil
}

func (s *shell) run(ctx context.Context, r runner.Runner, t Target, line string, out runner.Output) (int, error) {
	c := s.instance.Verifier.Shell
	if c.Remote {
		if err := r.Publish(ctx); err != nil {
			return -1, err
		}
		line = inRunner(s.instance.Verifier, s.instance.Verifier.Shell.Command)
		env := runnerEnv(s.project, s.instance.Verifier)
		maps.Copy(env, s.instanceEnv(t))
		return r.Exec(ctx, runner.Command{Argv: runner.Shell(line), Env: env, Stdout: out.Stdout, Stderr: out.Stderr})
	}
	dir := c.Cwd
	if dir == "" {
		dir = s.project.Root
	} else if !filepath.IsAbs(dir) {
		dir = filepath.Join(s.project.Root, dir)
	}
	env := s.instanceEnv(t)
	maps.Copy(env, s.instance.Verifier.Env)
	maps.Copy(env, c.Env)
	return hostexec.Run(ctx, hostexec.Command{Line: line, Dir: dir, Env: withEnv(s.project.Environ, env),
		Stdout: out.Stdout, Stderr: out.Stderr, Timeout: c.Timeout})
}

// instanceEnv are the variables that Test Kitchen documents for the command.
func (s *shell) instanceEnv(t Target) map[string]string {
	return map[string]string{
		"KITCHEN_INSTANCE": s.instance.Name, "KITCHEN_SUITE": s.instance.Suite, "KITCHEN_PLATFORM": s.instance.Platform,
		"KITCHEN_INSTANCE_NAME": t.ContainerName, "KITCHEN_CONTAINER_ID": t.ContainerID,
		"KITCHEN_HOSTNAME": t.Hostname, "KITCHEN_ENGINE_HOST": t.Endpoint,
	}
}

// withEnv adds variables to an environment of KEY=VALUE pairs.
func withEnv(environ []string, more map[string]string) []string {
	env := slices.Clone(environ)
	for _, k := range slices.Sorted(maps.Keys(more)) {
		env = append(env, k+"="+more[k])
	}
	return env
}
