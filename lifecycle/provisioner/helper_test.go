package provisioner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/keys"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// bed is a project with a kitchen.yml in a temporary directory.
type bed struct {
	t         *testing.T
	root      string
	box       sandbox.Dir
	project   Options
	said      []string
	instances []config.Instance
}

// platform ends the kitchen.yml of most tests.
const platform = "driver: {name: dokken}\nplatforms: [name: debian-12]\nsuites: [name: default]\n"

// newBed lays out files and loads their kitchen.yml.
func newBed(t *testing.T, files map[string]string) *bed {
	t.Helper()
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	require.NoError(t, sandbox.WriteFile(filepath.Join(cache, "galley", "validation.pem"), []byte("a key\n"), 0o600))
	b := &bed{t: t, root: t.TempDir()}
	b.box = sandbox.Dir{Local: filepath.Join(t.TempDir(), "kitchen"), Remote: "/opt/kitchen"}
	b.write(files)
	conf, err := kitchen.Load(t.Context(), kitchen.Options{Dir: b.root, Env: noEnv})
	require.NoError(t, err)
	list, diags := keys.Resolve(conf, keys.ResolveOptions{Env: noEnv})
	for _, d := range diags {
		require.NotEqual(t, kitchen.SeverityError, d.Severity, d.String())
	}
	b.instances = list
	b.project = Options{Project: project.Project{Root: b.root, TestBase: filepath.Join(b.root, "test", "integration"),
		StateDir: filepath.Join(b.root, ".kitchen", "galley")},
		Resolver: &Resolver{}, Notify: func(s string) { b.said = append(b.said, s) }}
	return b
}

func noEnv(string) (string, bool) { return "", false }

func (b *bed) write(files map[string]string) {
	b.t.Helper()
	for name, text := range files {
		path := filepath.Join(b.root, filepath.FromSlash(name))
		require.NoError(b.t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(b.t, os.WriteFile(path, []byte(text), 0o755))
	}
}

// provisioner is that of the first instance.
func (b *bed) provisioner() Provisioner {
	b.t.Helper()
	p, err := New(b.project, b.instances[0])
	require.NoError(b.t, err)
	return p
}

// prepare fills the sandbox and returns its files.
func (b *bed) prepare() map[string]string {
	b.t.Helper()
	require.NoError(b.t, b.provisioner().Prepare(b.t.Context(), b.box))
	return tree(b.t, b.box.Local)
}

// tree is all files below a directory.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	list, err := sandbox.Tree(dir, "", nil)
	require.NoError(t, err)
	files := map[string]string{}
	for _, f := range list {
		text, err := os.ReadFile(f.Source)
		require.NoError(t, err)
		files[f.Path] = string(text)
	}
	return files
}

// here makes the sandbox's place in the runner its place on this machine, where localRunner runs commands.
func (b *bed) here() localRunner {
	if runtime.GOOS == "windows" {
		b.t.Skip("commands of runners want a POSIX shell")
	}
	b.box.Remote = b.box.Local
	return localRunner{dir: b.t.TempDir()}
}

// converge prepares and converges on this machine.
func (b *bed) converge(r runner.Runner) (Summary, string, error) {
	b.t.Helper()
	p := b.provisioner()
	require.NoError(b.t, p.Prepare(b.t.Context(), b.box))
	var out lockedBuffer
	s, err := p.Converge(b.t.Context(),
		runner.Run{Runner: r, Sandbox: b.box, Out: runner.Output{Stdout: &out, Stderr: &out}})
	return s, out.String(), err
}

// localRunner is a runner that is this machine.
type localRunner struct{ dir string }

func (r localRunner) Exec(ctx context.Context, c runner.Command) (int, error) {
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = r.dir, c.Stdin, c.Stdout, c.Stderr
	if c.WorkDir != "" {
		cmd.Dir = c.WorkDir
	}
	cmd.Env = os.Environ()
	for k, v := range c.Env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

func (localRunner) Sync(context.Context) error           { return nil }
func (localRunner) Reboots() func(context.Context) error { return nil }

func (localRunner) Download(context.Context, string, string) error {
	return errors.New("provisioners do not download")
}

// scripted is a runner whose script prints and ends as it is told, run by run.
type scripted struct {
	runs []scriptedRun
	// others answers commands that are not the sandbox's script.
	others func(c runner.Command) int
	calls  [][]string
	env    map[string]string // of the last run
}

type scriptedRun struct {
	stdout string
	code   int
}

func (s *scripted) Exec(_ context.Context, c runner.Command) (int, error) {
	s.calls = append(s.calls, c.Argv)
	if len(c.Argv) != 2 || !strings.HasSuffix(c.Argv[1], "/"+converge.RunCommand) {
		if s.others == nil {
			return -1, fmt.Errorf("no test expects %q", c.Argv)
		}
		return s.others(c), nil
	}
	if len(s.runs) == 0 {
		return -1, errors.New("one run too many")
	}
	run := s.runs[0]
	s.runs, s.env = s.runs[1:], c.Env
	_, err := io.WriteString(c.Stdout, run.stdout)
	return run.code, err
}

func (*scripted) Sync(context.Context) error                     { return nil }
func (*scripted) Download(context.Context, string, string) error { return nil }
func (*scripted) Reboots() func(context.Context) error           { return nil }

// writeBox makes a file in the sandbox, as the tool would.
func (b *bed) writeBox(name string) {
	b.t.Helper()
	require.NoError(b.t, writeFile(filepath.Join(b.box.Local, name), ""))
}

func writeFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o755)
}

// relocate makes a script look below root for what it wants below /opt and /hab.
func relocate(script, root string) string {
	for _, dir := range []string{"opt/chef", "opt/cinc", "hab/pkgs", "proc/mounts"} {
		script = strings.ReplaceAll(script, " /"+dir, " "+root+"/"+dir)
	}
	return script
}

// lockedBuffer is a buffer that two streams may write to.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}
