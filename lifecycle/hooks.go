package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sort"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/hostexec"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// withHooks does a phase between its hooks: pre before it, post after it when it
// went well, finally in any case. A hook that fails fails the phase.
func (w *worker) withHooks(ctx context.Context, p Phase, act func() error) (err error) {
	defer func() {
		ctx, cancel := cleanupContext(ctx)
		defer cancel()
		err = errors.Join(err, w.hooks(ctx, "finally_"+string(p)))
	}()
	if err := w.hooks(ctx, "pre_"+string(p)); err != nil {
		return err
	}
	if err := act(); err != nil {
		return err
	}
	return w.hooks(ctx, "post_"+string(p))
}

func (w *worker) hooks(ctx context.Context, name string) error {
	for _, h := range w.inst.Hooks[name] {
		if err := w.hook(ctx, h); err != nil {
			return fmt.Errorf("lifecycle hook %s: %w", name, err)
		}
	}
	return nil
}

func (w *worker) hook(ctx context.Context, h config.Hook) error {
	if h.Local != "" {
		return w.localHook(ctx, h)
	}
	if w.container == nil {
		if h.Skippable {
			w.notice(LevelInfo, "skipped a remote hook: there is no runner")
			return nil
		}
		return errors.New("a remote hook needs a runner, and there is none at this point\nAdd `skippable: true` to pass over it, or use a later hook")
	}
	err := w.remoteHook(ctx, h)
	if err != nil && h.Skippable && ctx.Err() == nil {
		w.notice(LevelWarn, fmt.Sprintf("passed over a skippable hook that failed: %v", err))
		return nil
	}
	return err
}

func (w *worker) localHook(ctx context.Context, h config.Hook) error {
	dir := w.run.o.Project.Root
	if h.Cwd != "" {
		dir = h.Cwd
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(w.run.o.Project.Root, dir)
		}
	}
	set := w.hookEnv()
	maps.Copy(set, h.Environment)
	env := slices.Clone(w.run.o.Environ)
	for k, v := range set {
		env = append(env, k+"="+v)
	}
	sort.Strings(env[len(w.run.o.Environ):])
	stdout, stderr, flush := w.output()
	defer flush()
	code, err := hostexec.Run(ctx, hostexec.Command{Line: h.Local, Dir: dir, Env: env, User: h.User,
		Stdout: stdout, Stderr: stderr, Timeout: h.Timeout})
	if err != nil {
		return err
	}
	if code != 0 {
		return &runner.ExitError{What: fmt.Sprintf("%q", h.Local), Code: code}
	}
	return nil
}

// hookEnv are the variables that Test Kitchen documents for hooks.
func (w *worker) hookEnv() map[string]string {
	return map[string]string{
		"KITCHEN_INSTANCE_NAME": w.inst.Name, "KITCHEN_SUITE_NAME": w.inst.Suite, "KITCHEN_PLATFORM_NAME": w.inst.Platform,
		"KITCHEN_INSTANCE_HOSTNAME": w.inst.Driver.Hostname, "KITCHEN_CONTAINER_NAME": containerName(w.run.o.Project, w.inst.Name),
	}
}

func (w *worker) remoteHook(ctx context.Context, h config.Hook) error {
	stdout, stderr, flush := w.output()
	defer flush()
	code, err := w.access(sandbox.Dir{}).Exec(ctx, runner.Command{Argv: runner.Shell(h.Remote), Env: h.Environment,
		User: h.User, WorkDir: h.Cwd, Stdout: stdout, Stderr: stderr})
	if err != nil {
		return err
	}
	if code != 0 {
		return &runner.ExitError{What: fmt.Sprintf("%q in the runner", h.Remote), Code: code}
	}
	return nil
}
