package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/hostexec"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// hooks runs the hooks of a name, such as pre_converge, as a step of the phase. A hook that fails fails the step.
func (i *instanceRun) hooks(ctx context.Context, name string) error {
	list := i.inst.Hooks[name]
	if len(list) == 0 {
		return nil
	}
	return i.step(Step(name), func() error {
		for _, h := range list {
			if err := i.hook(ctx, h); err != nil {
				return fmt.Errorf("lifecycle hook %s: %w", name, err)
			}
		}
		return nil
	})
}

func (i *instanceRun) hook(ctx context.Context, h config.Hook) error {
	if h.Local != "" {
		return i.localHook(ctx, h)
	}
	if i.container == nil {
		if h.Skippable {
			i.notice(LevelInfo, "skipped a remote hook: there is no runner")
			return nil
		}
		return errors.New("a remote hook needs a runner, and there is none at this point\n" +
			"Add `skippable: true` to pass over it, or use a later hook")
	}
	err := i.remoteHook(ctx, h)
	if err != nil && h.Skippable && ctx.Err() == nil {
		i.notice(LevelWarn, fmt.Sprintf("passed over a skippable hook that failed: %v", err))
		return nil
	}
	return err
}

func (i *instanceRun) localHook(ctx context.Context, h config.Hook) error {
	p := i.run.project()
	stdout, stderr, flush := i.output()
	defer flush()
	code, err := hostexec.Run(ctx, hostexec.Command{Line: h.Local, Dir: p.Abs(h.Cwd),
		Env: p.EnvironWith(i.hookEnv(), h.Environment), User: h.User,
		Stdout: stdout, Stderr: stderr, Timeout: h.Timeout})
	if err == nil && code != 0 {
		return &runner.ExitError{What: fmt.Sprintf("%q", h.Local), Code: code, OnHost: true}
	}
	return err
}

// hookEnv are the variables that Test Kitchen documents for hooks.
func (i *instanceRun) hookEnv() map[string]string {
	return map[string]string{
		"KITCHEN_INSTANCE_NAME": i.inst.Name, "KITCHEN_SUITE_NAME": i.inst.Suite, "KITCHEN_PLATFORM_NAME": i.inst.Platform,
		"KITCHEN_INSTANCE_HOSTNAME": i.inst.Driver.Hostname,
		"KITCHEN_CONTAINER_NAME":    containerName(i.run.o.Project, i.inst.Name),
	}
}

func (i *instanceRun) remoteHook(ctx context.Context, h config.Hook) error {
	ctx, cancel := runner.Within(ctx, h.Timeout, h.Remote)
	defer cancel()
	stdout, stderr, flush := i.output()
	defer flush()
	code, err := i.live().Exec(ctx, runner.Command{Argv: runner.Shell(h.Remote), Env: h.Environment,
		User: h.User, WorkDir: h.Cwd, Stdout: stdout, Stderr: stderr})
	if err != nil && ctx.Err() != nil {
		return interrupted(err, context.Cause(ctx))
	}
	return runner.Succeeded(fmt.Sprintf("%q in the runner", h.Remote), code, err)
}
