package verifier

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/internal/process"
	"github.com/galley-kitchen/galley/lifecycle/hostexec"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

// shell runs a line on this machine or, with remote_exec, in the runner.
type shell struct{ testrun.Base }

func (s *shell) ToolImage() string { return "" }

// Prepare copies the suite's test files, which a remote command may want.
func (s *shell) Prepare(_ context.Context, sb sandbox.Dir) error {
	var files []sandbox.File
	if dir := s.SuiteDir(s.Suite); s.Verifier.Shell.Remote && project.IsDir(dir) {
		var err error
		if files, err = sandbox.Tree(dir, "", nil); err != nil {
			return fmt.Errorf("read the tests: %w", err)
		}
	}
	return sandbox.Sync(sb.Local, files, nil)
}

func (s *shell) Verify(ctx context.Context, r runner.Run) ([]result.TestCase, error) {
	if err := runner.Pause(ctx, s.Verifier.Shell.Sleep); err != nil {
		return nil, err
	}
	tail := &process.Tail{}
	r.Out = runner.Output{Stdout: io.MultiWriter(tail, r.Out.Stdout), Stderr: io.MultiWriter(tail, r.Out.Stderr)}
	start := time.Now()
	code, err := s.run(ctx, r)
	if err != nil {
		return nil, err
	}
	test := result.TestCase{Title: strings.TrimSpace(s.Verifier.CommandPrefix + " " + s.Verifier.Shell.Command),
		Outcome: result.Passed, Duration: time.Since(start)}
	const tool = "the verifier's command"
	if code != 0 {
		exit := &runner.ExitError{What: tool, Code: code, OnHost: !s.Verifier.Shell.Remote}
		test.Outcome, test.Message = result.Failed, strings.TrimSpace(exit.Error()+"\n"+tail.String())
		return []result.TestCase{test}, &FailedError{Tool: tool, Exit: exit}
	}
	return []result.TestCase{test}, nil
}

func (s *shell) run(ctx context.Context, r runner.Run) (int, error) {
	c := s.Verifier.Shell
	if c.Remote {
		if err := r.Sync(ctx); err != nil {
			return -1, err
		}
		line := s.InRunner(c.Command)
		env := s.RunnerEnv()
		maps.Copy(env, s.instanceEnv(r.Target))
		maps.Copy(env, c.Env)
		ctx, cancel := runner.Within(ctx, c.Timeout, c.Command)
		defer cancel()
		code, err := r.Exec(ctx, runner.Command{Argv: runner.Shell(line), Env: env, Stdout: r.Out.Stdout,
			Stderr: r.Out.Stderr})
		if ctx.Err() != nil {
			return -1, context.Cause(ctx)
		}
		return code, err
	}
	return hostexec.Run(ctx, hostexec.Command{Line: s.Prefixed(c.Command), Dir: s.Abs(c.Cwd),
		Env:    s.EnvironWith(s.instanceEnv(r.Target), s.Verifier.Env, c.Env),
		Stdout: r.Out.Stdout, Stderr: r.Out.Stderr, Timeout: c.Timeout})
}

// instanceEnv are the variables that Test Kitchen documents for the command, and those
// that it makes of kitchen-dokken's state: KITCHEN_ and the name of each entry. Where that
// has all that the engine knows of a container, the variable is its ID.
func (s *shell) instanceEnv(t runner.Target) map[string]string {
	return map[string]string{
		"KITCHEN_RUNNER_CONTAINER": t.ContainerID, "KITCHEN_WORK_IMAGE": t.Image, "KITCHEN_PLATFORM_IMAGE": s.Driver.Image,
		"KITCHEN_INSTANCE_PLATFORM_NAME": s.Platform, "KITCHEN_IMAGE_PREFIX": "",
		"KITCHEN_USERNAME":    cmp.Or(s.Driver.User, "root"),
		"KITCHEN_LAST_ACTION": "setup", "KITCHEN_LAST_ATTEMPTED_ACTION": "verify",
		"KITCHEN_INSTANCE": s.Name, "KITCHEN_SUITE": s.Suite, "KITCHEN_PLATFORM": s.Platform,
		"KITCHEN_INSTANCE_NAME": t.ContainerName, "KITCHEN_CONTAINER_ID": t.ContainerID,
		"KITCHEN_HOSTNAME": t.Hostname, "KITCHEN_ENGINE_HOST": t.Endpoint,
	}
}
