package ansible

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/mattn/go-shellwords"

	"github.com/galley-kitchen/galley/internal/process"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// connectionPlugin is Ansible's connection to a runner, through this process.
//
//go:embed connection.py
var connectionPlugin []byte

// hostPlay runs ansible-playbook of this machine against the runner.
type hostPlay struct {
	program string
	dir     string
	args    []string
	env     []string
	work    string
	line    *connectionServer
}

// openHost lays a run from this machine out in a directory of its own: the runner
// can write to its sandbox, and nothing from there may run here.
func (a *Ansible) openHost(ctx context.Context, program string, r runner.Runner) (_ *hostPlay, err error) {
	dir, err := os.MkdirTemp("", "galley-") // a socket's path has to be short
	if err != nil {
		return nil, fmt.Errorf("make a directory for Ansible: %w", err)
	}
	h := &hostPlay{program: program, dir: dir, work: a.Root}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	l := &layout{root: dir, work: a.Root, carry: func(from string) (string, error) {
		_, err := os.Stat(from)
		return from, err
	}}
	if err := a.fill(l, "galley"); err != nil {
		return nil, err
	}
	l.files = append(l.files, sandbox.File{Path: "connection_plugins/galley.py", Data: connectionPlugin})
	if err := sandbox.Fill(dir, l.files); err != nil {
		return nil, err
	}
	if l.galaxy != "" {
		l.galaxy = filepath.Join(a.StateDir, galaxyDir, l.digest)
		l.roles[len(l.roles)-1] = filepath.Join(l.galaxy, "roles")
	}
	flags, err := shellwords.Parse(a.instance.Provisioner.Ansible.ExtraFlags)
	if err != nil {
		return nil, fmt.Errorf("provisioner.ansible_extra_flags: %w", err)
	}
	h.args = append(append(a.arguments(l), flags...), l.playbook)
	socket := filepath.Join(dir, "s")
	h.env = append(h.env, a.Environ...)
	for k, v := range a.Env(a.instance.Provisioner) {
		h.env = append(h.env, k+"="+v)
	}
	for k, v := range a.environment(l) {
		h.env = append(h.env, k+"="+v)
	}
	h.env = append(h.env, "ANSIBLE_CONNECTION_PLUGINS="+filepath.Join(dir, "connection_plugins"), "GALLEY_SOCKET="+socket)
	if sudo, err := a.hasSudo(ctx, r); err != nil {
		return nil, err
	} else if !sudo {
		h.env = append(h.env, "ANSIBLE_BECOME_METHOD=su")
	}
	if err := a.install(ctx, h, l); err != nil {
		return nil, err
	}
	h.line, err = serveConnection(ctx, socket, r)
	return h, err
}

// hasSudo reports whether the runner has sudo; without it there is su.
func (a *Ansible) hasSudo(ctx context.Context, r runner.Runner) (bool, error) {
	code, err := r.Exec(ctx, runner.Command{Argv: runner.Shell("command -v sudo > /dev/null")})
	return code == 0, err
}

// install installs requirements on this machine, once for each content of them.
func (a *Ansible) install(ctx context.Context, h *hostPlay, l *layout) error {
	if l.galaxy == "" {
		return nil
	}
	done := filepath.Join(l.galaxy, ".done")
	if ok, err := isThere(done); ok || err != nil {
		return err
	}
	for _, args := range a.galaxy(l) {
		cmd := process.Command(ctx, playGrace, filepath.Join(filepath.Dir(h.program), "ansible-galaxy"), args...)
		cmd.Dir, cmd.Env = h.work, h.env
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("install %s with ansible-galaxy: %w\n%s", l.requirements, err, out.Bytes())
		}
	}
	return sandbox.WriteFile(done, nil, 0o600)
}

// playGrace is how long Ansible may take to end after an interrupt.
const playGrace = 10 * time.Second

// play runs the playbook once and returns its exit code.
func (h *hostPlay) play(ctx context.Context, out runner.Output) (int, error) {
	cmd := process.Command(ctx, playGrace, h.program, h.args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = h.work, h.env, out.Stdout, out.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return -1, context.Cause(ctx)
	case errors.As(err, &exit):
		return exit.ExitCode(), nil
	case err != nil:
		return -1, fmt.Errorf("run %s: %w", h.program, err)
	default:
		return 0, nil
	}
}

func (h *hostPlay) close() error { return errors.Join(h.line.close(), os.RemoveAll(h.dir)) }
