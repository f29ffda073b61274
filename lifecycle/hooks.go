package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/hostexec"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// hooks runs the hooks of a name, such as pre_converge, as a step of the phase. A hook that fails fails the step.
func (i *instanceRun) hooks(ctx context.Context, name string) error {
	list := i.inst.Hooks[name]
	if i.phase == PhaseCreate && i.isReused() { // the checkpoint has what the others did in the runner
		list = slices.DeleteFunc(slices.Clone(list), func(h config.Hook) bool { return h.Local == "" })
	}
	return i.runHooks(ctx, Step(name), "lifecycle hook "+name, list)
}

// runHooks runs hooks as a step of the phase. what is how errors call them.
func (i *instanceRun) runHooks(ctx context.Context, s Step, what string, list []config.Hook) error {
	if len(list) == 0 {
		return nil
	}
	if i.peers != nil {
		list = i.peers.Hooks(i.inst, list)
	}
	return i.step(s, func() error {
		for _, h := range list {
			if err := i.hook(ctx, h); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
		}
		return nil
	})
}

func (i *instanceRun) hook(ctx context.Context, hook config.Hook) error {
	switch {
	case hook.Fault != nil:
		return i.makeFault(ctx, *hook.Fault)
	case hook.Local != "":
		return i.localHook(ctx, hook)
	case i.container == nil && hook.Skippable:
		i.notice(LevelInfo, "skipped a remote hook: there is no runner")
		return nil
	case i.container == nil:
		return errors.New("a remote hook needs a runner, and there is none at this point\n" +
			"Add `skippable: true` to pass over it, or use a later hook")
	}
	err := i.remoteHook(ctx, hook)
	if err != nil && hook.Skippable && ctx.Err() == nil {
		i.notice(LevelWarn, fmt.Sprintf("passed over a skippable hook that failed: %v", err))
		return nil
	}
	return err
}

// localHook runs a command of this machine, with the variables that Test Kitchen documents for hooks.
func (i *instanceRun) localHook(ctx context.Context, hook config.Hook) error {
	p := i.run.project()
	env := map[string]string{
		"KITCHEN_INSTANCE_NAME": i.inst.Name, "KITCHEN_SUITE_NAME": i.inst.Suite, "KITCHEN_PLATFORM_NAME": i.inst.Platform,
		"KITCHEN_INSTANCE_HOSTNAME": i.inst.Driver.Hostname,
		"KITCHEN_CONTAINER_NAME":    containerName(i.run.o.Project, i.inst.Name),
	}
	stdout, stderr, flush := i.output()
	defer flush()
	code, err := hostexec.Run(ctx, hostexec.Command{Line: hook.Local, Dir: p.Abs(hook.Cwd),
		Env: p.EnvironWith(env, hook.Environment), User: hook.User,
		Stdout: stdout, Stderr: stderr, Timeout: hook.Timeout})
	if err == nil && code != 0 {
		return &runner.ExitError{What: fmt.Sprintf("%q", hook.Local), Code: code, OnHost: true}
	}
	return err
}

// remoteHook runs a command in the runner.
func (i *instanceRun) remoteHook(ctx context.Context, hook config.Hook) error {
	ctx, cancel := runner.Within(ctx, hook.Timeout, hook.Remote)
	defer cancel()
	stdout, stderr, flush := i.output()
	defer flush()
	code, err := i.live().Exec(ctx, runner.Command{Argv: runner.Shell(hook.Remote), Env: hook.Environment,
		User: hook.User, WorkDir: hook.Cwd, Stdout: stdout, Stderr: stderr})
	if err != nil && ctx.Err() != nil {
		return interrupted(err, context.Cause(ctx))
	}
	return runner.Succeeded(fmt.Sprintf("%q in the runner", hook.Remote), code, err)
}
