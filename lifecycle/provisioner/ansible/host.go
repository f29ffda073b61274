package ansible

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/mattn/go-shellwords"

	"github.com/galley-kitchen/galley/internal/userdir"
	"github.com/galley-kitchen/galley/lifecycle/hostexec"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// connectionPlugin is Ansible's connection to a runner, through this process.
//
//go:embed connection.py
var connectionPlugin []byte

// connection is its name. Under the names of the others that act on this machine it
// takes their place too, also for actions that ask for one of them by name.
const connection = "galley"

// forcedFile holds the variables that no playbook, inventory or flag can overrule: it is
// the last of the extra variables.
const forcedFile = "galley_forced.json"

// hostPlay runs ansible-playbook of this machine against the runner.
type hostPlay struct {
	program string
	dir     string
	args    []string
	// second are further arguments of the second run.
	second []string
	env    []string
	work   string
	server *connectionServer
}

// openHost lays a run from this machine out in a private directory: the runner can write
// to its sandbox, and nothing from there may run here.
func (a Ansible) openHost(ctx context.Context, program string, r runner.Runner) (_ *hostPlay, err error) {
	dir, err := userdir.MkdirTemp("galley-") // a socket's path has to be short
	if err != nil {
		return nil, fmt.Errorf("prepare Ansible: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	l, err := a.layout(filepath.ToSlash(dir), connection, 0o600)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{connection, "local"} {
		l.files = append(l.files, sandbox.File{Path: "connection_plugins/" + name + ".py", Data: connectionPlugin})
	}
	l.files = append(l.files, sandbox.File{Path: forcedFile,
		Data: []byte(`{"ansible_connection": "` + connection + `"}` + "\n")})
	if err := sandbox.Fill(dir, l.files); err != nil {
		return nil, err
	}
	if l.requirements.digest != "" {
		l.requirements.dir = filepath.Join(a.StateDir, galaxyDir, l.requirements.digest)
	}
	flags, err := shellwords.Parse(a.Provisioner.Ansible.ExtraFlags)
	if err != nil {
		return nil, fmt.Errorf("provisioner.ansible_extra_flags: %w", err)
	}
	h := &hostPlay{program: program, dir: dir, work: filepath.FromSlash(l.work), second: a.secondArguments()}
	h.args = append(append([]string{program}, a.arguments(l)...),
		append(flags, "-e", "@"+filepath.Join(dir, forcedFile), l.playbook)...)
	socket := filepath.Join(dir, "s")
	own := map[string]string{"ANSIBLE_CONNECTION_PLUGINS": filepath.Join(dir, "connection_plugins"),
		"GALLEY_SOCKET": socket, "GALLEY_ON_HOST": "1"}
	if sudo, err := hasSudo(ctx, r); err != nil {
		return nil, err
	} else if !sudo {
		own["ANSIBLE_BECOME_METHOD"] = "su"
	}
	h.env = a.EnvironWith(a.environment(l), a.Env(), own)
	if err := a.install(ctx, h, l.requirements); err != nil {
		return nil, err
	}
	h.server, err = serveConnection(ctx, socket, r)
	return h, err
}

// hasSudo reports whether the runner has sudo; without it there is su.
func hasSudo(ctx context.Context, r runner.Runner) (bool, error) {
	code, err := r.Exec(ctx, runner.Command{Argv: runner.Shell("command -v sudo > /dev/null")})
	return code == 0, err
}

// install installs requirements on this machine, once for each content of them.
func (a Ansible) install(ctx context.Context, h *hostPlay, r requirements) error {
	if r.digest == "" {
		return nil
	}
	done := filepath.Join(r.dir, ".done")
	if _, err := os.Stat(done); err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, args := range a.galaxy(r) {
		var out bytes.Buffer
		code, err := hostexec.Run(ctx, hostexec.Command{Argv: append([]string{filepath.Join(filepath.Dir(h.program),
			"ansible-galaxy")}, args...),
			Dir: h.work, Env: h.env, Stdout: &out, Stderr: &out})
		if err == nil && code != 0 {
			err = &runner.ExitError{What: "ansible-galaxy", Code: code, OnHost: true}
		}
		if err != nil {
			return fmt.Errorf("install what requirements_path names: %w\n%s", err, out.Bytes())
		}
	}
	return sandbox.WriteFile(done, nil, 0o600)
}

// play runs the playbook once and returns its exit code.
func (h *hostPlay) play(ctx context.Context, second bool, out runner.Output) (int, error) {
	argv := h.args
	if second {
		argv = slices.Insert(slices.Clone(argv), 1, h.second...)
	}
	return hostexec.Run(ctx, hostexec.Command{Argv: argv, Dir: h.work, Env: h.env,
		Stdout: out.Stdout, Stderr: out.Stderr})
}

func (h *hostPlay) close() error { return errors.Join(h.server.close(), os.RemoveAll(h.dir)) }
