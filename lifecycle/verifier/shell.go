package verifier

import (
	"context"
	"os"
	"path/filepath"
	"sort"
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

// Prepare copies the suite's test files, which a remote command may want.
func (s *shell) Prepare(_ context.Context, box sandbox.Dir) error {
	if !s.instance.Verifier.Shell.Remote {
		return nil
	}
	dir := filepath.Join(s.project.TestBase, s.instance.Suite)
	if _, err := os.Stat(dir); err != nil {
		return sandbox.Sync(box.Local, nil, nil)
	}
	files, err := sandbox.Tree(dir, "", nil)
	if err != nil {
		return err
	}
	return sandbox.Sync(box.Local, files, nil)
}

func (s *shell) Verify(ctx context.Context, r runner.Runner, t Target, _ sandbox.Dir, out runner.Output) ([]result.TestCase, error) {
	c := s.instance.Verifier.Shell
	if c.Sleep > 0 {
		select {
		case <-time.After(c.Sleep):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	line := c.Command
	if p := s.instance.Verifier.CommandPrefix; p != "" {
		line = p + " " + line
	}
	start := time.Now()
	var code int
	var err error
	if c.Remote {
		if err := r.Publish(ctx); err != nil {
			return nil, err
		}
		code, err = r.Exec(ctx, runner.Command{Argv: runner.Shell(line), Env: s.remoteEnv(t), Stdout: out.Stdout, Stderr: out.Stderr})
	} else {
		dir := c.Cwd
		if dir == "" {
			dir = s.project.Root
		}
		code, err = hostexec.Run(ctx, hostexec.Command{Line: line, Dir: dir, Env: s.localEnv(t),
			Stdout: out.Stdout, Stderr: out.Stderr, Timeout: c.Timeout})
	}
	if err != nil {
		return nil, err
	}
	test := result.TestCase{Title: line, Outcome: result.Passed, Duration: time.Since(start)}
	if code != 0 {
		exit := &runner.ExitError{What: "the verifier's command", Code: code}
		test.Outcome, test.Message = result.Failed, exit.Error()
		return []result.TestCase{test}, exit
	}
	return []result.TestCase{test}, nil
}

// instanceEnv are the variables that Test Kitchen documents for the command.
func (s *shell) instanceEnv(t Target) map[string]string {
	env := map[string]string{
		"KITCHEN_INSTANCE": s.instance.Name, "KITCHEN_SUITE": s.instance.Suite, "KITCHEN_PLATFORM": s.instance.Platform,
		"KITCHEN_INSTANCE_NAME": t.ContainerName, "KITCHEN_CONTAINER_ID": t.ContainerID,
		"KITCHEN_HOSTNAME": t.Hostname, "KITCHEN_ENGINE_HOST": t.Endpoint,
	}
	for k, v := range t.State {
		env["KITCHEN_"+strings.ToUpper(k)] = v
	}
	return env
}

func (s *shell) remoteEnv(t Target) map[string]string {
	env := s.instanceEnv(t)
	for k, v := range s.instance.Verifier.Env {
		env[k] = v
	}
	return env
}

func (s *shell) localEnv(t Target) []string {
	set := s.remoteEnv(t)
	for k, v := range s.instance.Verifier.Shell.Env {
		set[k] = v
	}
	env := append([]string(nil), s.project.Environ...)
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		env = append(env, k+"="+set[k])
	}
	return env
}
