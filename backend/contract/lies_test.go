package contract_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/backend/spec"
)

// sabotageVar names the lie that the child of TestContractCatchesLies has to tell.
const sabotageVar = "GALLEY_CONTRACT_SABOTAGE"

// liar is a fake that says that all is well, and breaks one promise, or none.
type liar struct {
	*fake.Engine
	specs *sync.Map // what containers were made by, by ID
	lie   lie
}

// lie changes what is asked of the fake, or what it answers.
type lie struct {
	// caught is the subtest that must fail.
	caught string
	create func(*backend.ContainerSpec)
	exec   func(*backend.ExecSpec)
	// code takes the place of exit codes.
	code func(int) int
	// before is done to a container ahead of the call: "CopyTo" or "RemoveContainer".
	before func(f *fake.Engine, verb, id, path string) error
	// detached execs go on when their context ends.
	detached bool
}

func lies() map[string]lie {
	return map[string]lie{
		"an exec's exit code is always 0": {caught: "exec/exit-code", code: func(int) int { return 0 }},
		"an exec's environment is lost":   {caught: "exec/env", exec: func(e *backend.ExecSpec) { e.Env = nil }},
		"an exec's user is lost":          {caught: "exec/user", exec: func(e *backend.ExecSpec) { e.User = "" }},
		"streams are mixed": {caught: "exec/streams-apart",
			exec: func(e *backend.ExecSpec) { e.Stderr = e.Stdout }},
		"a cancelled exec goes on": {caught: "exec/cancelled", detached: true},
		"a feature is left out": {caught: "feature/hostname",
			create: func(s *backend.ContainerSpec) { s.Hostname = "" }},
		"read-only binds are writable": {caught: "volume/bind-read-only", create: func(s *backend.ContainerSpec) {
			for i := range s.Mounts {
				s.Mounts[i].ReadOnly = false
			}
		}},
		"anonymous volumes stay": {caught: "volume/anonymous-removed", create: func(s *backend.ContainerSpec) {
			for i, m := range s.Mounts {
				if m.Type == spec.MountVolume && m.Source == "" {
					s.Mounts[i].Source = "kept-" + s.Name
				}
			}
		}},
		"missing directories are made": {caught: "copy/to-missing-directory",
			before: func(f *fake.Engine, verb, id, path string) error {
				if verb != "CopyTo" {
					return nil
				}
				return f.WriteFile(id, path+"/made", nil)
			}},
		"removal asks before it kills": {caught: "container/remove-at-once",
			before: func(f *fake.Engine, verb, id, _ string) error {
				if verb != "RemoveContainer" {
					return nil
				}
				// What the trap of PID 1 does.
				return f.WriteFile(id, "/shared/asked", []byte("asked\n"))
			}},
	}
}

func (l liar) CreateContainer(ctx context.Context, s backend.ContainerSpec) (backend.Container, error) {
	if l.lie.create != nil {
		l.lie.create(&s)
	}
	c, err := l.Engine.CreateContainer(ctx, s)
	if err == nil {
		l.specs.Store(c.ID, s)
	}
	return c, err
}

// ContainerLogs lets PID 1 say that it has set its traps.
func (l liar) ContainerLogs(ctx context.Context, id string, o backend.LogOptions) error {
	if err := l.Engine.ContainerLogs(ctx, id, o); err != nil {
		return err
	}
	_, err := io.WriteString(o.Stdout, "ready\n")
	return err
}

func (l liar) Exec(ctx context.Context, id string, e backend.ExecSpec) (int, error) {
	if l.lie.exec != nil {
		l.lie.exec(&e)
	}
	if l.lie.detached {
		return l.execDetached(ctx, id, e)
	}
	code, err := l.Engine.Exec(ctx, id, e)
	if l.lie.code != nil {
		code = l.lie.code(code)
	}
	return code, err
}

func (l liar) execDetached(ctx context.Context, id string, e backend.ExecSpec) (int, error) {
	type answer struct {
		code int
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		code, err := l.Engine.Exec(context.WithoutCancel(ctx), id, e)
		answered <- answer{code, err}
	}()
	select {
	case a := <-answered:
		return a.code, a.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (l liar) CopyTo(ctx context.Context, id, dir string, tar io.Reader) error {
	if l.lie.before != nil {
		if err := l.lie.before(l.Engine, "CopyTo", id, dir); err != nil {
			return err
		}
	}
	return l.Engine.CopyTo(ctx, id, dir, tar)
}

func (l liar) RemoveContainer(ctx context.Context, id string) error {
	if l.lie.before != nil {
		if err := l.lie.before(l.Engine, "RemoveContainer", id, ""); err != nil {
			return l.Engine.RemoveContainer(ctx, id)
		}
	}
	return l.Engine.RemoveContainer(ctx, id)
}

// TestContractCatchesLies: the contract fails for an engine that breaks a promise and reports success. Since a failing
// subtest fails its parent, each runs in a process of its own.
func TestContractCatchesLies(t *testing.T) {
	for name, l := range lies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSabotagedFake$/^"+l.caught+"$",
				"-test.v")
			child.Env = append(os.Environ(), sabotageVar+"="+name)
			out, err := child.CombinedOutput()
			var failed *exec.ExitError
			require.ErrorAs(t, err, &failed, "the contract was content:\n%s", out)
			require.True(t, bytes.Contains(out, []byte("--- FAIL: TestSabotagedFake/"+l.caught)), "%s", out)
		})
	}
}

func TestSabotagedFake(t *testing.T) {
	name := os.Getenv(sabotageVar)
	l, ok := lies()[name]
	if !ok {
		t.Skip("it runs as the child of TestContractCatchesLies only, since it has to fail")
	}
	run(t, onFake(l))
}
