//go:build linux

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/docker"
	"github.com/galley-kitchen/galley/backend/podman"
	"github.com/galley-kitchen/galley/e2e/testbed"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// built is the galley binary under test, built once for all tests of this package.
var built = sync.OnceValues(func() (string, error) {
	if bin := os.Getenv("GALLEY_TEST_BINARY"); bin != "" { // of machine.sh, where a build takes long
		return bin, nil
	}
	dir, err := os.MkdirTemp("", "galley-e2e-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "galley")
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", bin, "../cmd/galley")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // it runs in containers too
	out, err := build.CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return bin, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if bin, err := built(); err == nil && bin != os.Getenv("GALLEY_TEST_BINARY") {
		_ = os.RemoveAll(filepath.Dir(bin)) // a temporary directory that is needed no more
	}
	os.Exit(code)
}

// project is a directory with a kitchen.yml on one engine.
type project struct {
	t      *testing.T
	engine testbed.Engine
	dir    string
	// env is added to a small, fixed environment.
	env []string
	// user, when set, is the user that galley runs as, instead of the engine's own.
	user int
	// enter, when set, is the command that takes galley to where the project is.
	enter []string
}

// newProject lays out files in a directory that the engine's user owns.
func newProject(t *testing.T, e testbed.Engine, files map[string]string) *project {
	t.Helper()
	p := newDirectory(t, e, files)
	t.Cleanup(func() {
		r := p.galley("destroy", "-c")
		require.Zero(t, r.code, r.String())
	})
	return p
}

// newDirectory is newProject without what comes at the end: for who destroys, or has no kitchen.yml yet.
func newDirectory(t *testing.T, e testbed.Engine, files map[string]string) *project {
	t.Helper()
	p := &project{t: t, engine: e, dir: e.TempDir(t), env: []string{"GALLEY_HOST=" + e.Host}}
	for name, text := range files {
		p.write(name, text)
	}
	return p
}

func (p *project) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	require.NoError(p.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(p.t, os.WriteFile(path, []byte(text), 0o755))
	if p.asOther() {
		require.NoError(p.t, filepath.WalkDir(p.dir, func(path string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			st, err := os.Stat(p.dir)
			if err != nil {
				return err
			}
			owner := st.Sys().(*syscall.Stat_t)
			return os.Lchown(path, int(owner.Uid), int(owner.Gid))
		}))
	}
}

// asOther reports whether galley has to run as another user than the test: the one to whom the project's directory
// belongs.
func (p *project) asOther() bool { return (p.engine.Rootless || p.user != 0) && os.Getuid() == 0 }

// result is what a run of galley left.
type result struct {
	code           int
	stdout, stderr string
}

func (r result) String() string { return r.stdout + r.stderr }

func (p *project) command(ctx context.Context, args ...string) *exec.Cmd {
	p.t.Helper()
	bin, err := built()
	require.NoError(p.t, err)
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Dir = p.dir
	home := filepath.Join(p.dir, ".home")
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}, p.env...)
	if p.asOther() {
		st, err := os.Stat(p.dir)
		require.NoError(p.t, err)
		owner := st.Sys().(*syscall.Stat_t)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	if len(p.enter) > 0 {
		entered := exec.CommandContext(ctx, p.enter[0], append(slices.Clone(p.enter[1:]), cmd.Args...)...)
		entered.Env = cmd.Env
		return entered
	}
	return cmd
}

// galleyLimit is how long one run of galley may take.
const galleyLimit = 10 * time.Minute

// galley runs galley in the project.
func (p *project) galley(args ...string) result {
	p.t.Helper()
	// Cleanups run galley when the test's own context has ended. What waits for ever, since an engine's network is broken,
	// fails with what galley said.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.t.Context()), galleyLimit)
	defer cancel()
	cmd := p.command(ctx, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(p.t, err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// ok runs galley and wants exit code 0.
func (p *project) ok(args ...string) result {
	p.t.Helper()
	r := p.galley(args...)
	require.Zero(p.t, r.code, r.String())
	return r
}

// backend connects to the engine directly, to see what galley left there.
func (p *project) backend() backend.ContainerBackend {
	p.t.Helper()
	return connect(p.t, p.engine)
}

// connect opens an engine without galley. It is closed when the test ends.
func connect(t *testing.T, e testbed.Engine) backend.ContainerBackend {
	t.Helper()
	ep := backend.Endpoint{URI: e.Host, Kind: backend.Kind(e.Kind)}
	be, err := backend.Engines{docker.Engine(), podman.Engine()}.Open(ep)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, be.Close()) })
	return be
}

// runners lists the project's containers on the engine.
func (p *project) runners() []backend.Container {
	p.t.Helper()
	dir, err := filepath.EvalSymlinks(p.dir)
	require.NoError(p.t, err)
	list, err := p.backend().ListContainers(p.t.Context(), backend.Labels{label.ProjectDir: dir})
	require.NoError(p.t, err)
	return list
}

// requireNothingLeft wants no container of this project on the engine, of whatever role, and no volume that no
// container uses but those that were there before. A volume of another test may be without a container for a moment.
func (p *project) requireNothingLeft(before []string) {
	p.t.Helper()
	require.Empty(p.t, p.runners())
	var more []string
	require.Eventually(p.t, func() bool {
		more = slices.DeleteFunc(p.engine.UnusedVolumes(p.t), func(v string) bool { return slices.Contains(before, v) })
		return len(more) == 0
	}, 20*time.Second, 500*time.Millisecond)
	require.Empty(p.t, more, "volumes")
}

// list runs galley list --json.
func (p *project) list() map[string]listed {
	p.t.Helper()
	var rows []listed
	require.NoError(p.t, json.Unmarshal([]byte(p.ok("list", "--json").stdout), &rows))
	all := map[string]listed{}
	for _, r := range rows {
		all[r.Instance] = r
	}
	return all
}

type listed struct {
	Instance     string
	LastAction   *string `json:"last_action"`
	LastError    *string `json:"last_error"`
	FailedAction string  `json:"failed_action"`
	Runner       string
}
