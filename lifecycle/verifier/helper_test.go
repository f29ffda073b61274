package verifier

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// kitchen is a project with a sandbox, and this machine in the runner's place: what
// the runner would see at box.Remote is box.Local.
type kitchen struct {
	t       *testing.T
	project project.Project
	box     sandbox.Dir
	out     bytes.Buffer
	// argv are the commands that were run; downloads what was fetched.
	argv      [][]string
	env       map[string]string
	downloads map[string]string
	// early are the cases that were told while tests ran.
	early []result.TestCase
	path  string
	// lacks is a command that the runner has not, whatever this machine has.
	lacks string
}

func newKitchen(t *testing.T, files map[string]string) *kitchen {
	t.Helper()
	root := t.TempDir()
	b := &kitchen{t: t, downloads: map[string]string{}}
	b.project = project.Project{Root: root, TestBase: filepath.Join(root, "test", "integration")}
	local := filepath.Join(t.TempDir(), "box")
	b.box = sandbox.Dir{Local: local, Remote: local}
	b.path = filepath.Join(root, ".tools")
	for name, text := range files {
		b.write(name, text)
	}
	return b
}

func (b *kitchen) write(name, text string) {
	b.t.Helper()
	path := filepath.Join(b.project.Root, filepath.FromSlash(name))
	require.NoError(b.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(b.t, os.WriteFile(path, []byte(text), 0o755))
}

// needShell skips where scripts for runners cannot be run.
func needShell(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("runners' scripts need a POSIX shell")
	}
}

func (b *kitchen) Sync(context.Context) error { return nil }

func (*kitchen) Reboots() func(context.Context) error { return nil }

func (b *kitchen) Download(_ context.Context, from, to string) error {
	b.downloads[filepath.Base(from)] = to
	return nil
}

// Exec runs the command with a PATH of the project's .tools and the plainest of this machine's programs.
func (b *kitchen) Exec(ctx context.Context, c runner.Command) (int, error) {
	b.argv, b.env = append(b.argv, c.Argv), c.Env
	require.Equal(b.t, "sh", c.Argv[0])
	if b.lacks != "" && c.Argv[len(c.Argv)-1] == "command -v "+b.lacks {
		return 127, nil
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", c.Argv[1:]...)
	cmd.Env = []string{"PATH=" + b.path + ":/usr/bin:/bin", "STAND=" + b.project.Root}
	for k, v := range c.Env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	var one sync.Mutex // an engine delivers the two streams one after the other
	cmd.Stdout, cmd.Stderr = inTurn{&one, c.Stdout}, inTurn{&one, c.Stderr}
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// inTurn is a writer that others of its mutex wait for.
type inTurn struct {
	one *sync.Mutex
	to  io.Writer
}

func (w inTurn) Write(p []byte) (int, error) {
	w.one.Lock()
	defer w.one.Unlock()
	if w.to == nil {
		return len(p), nil
	}
	return w.to.Write(p)
}

// verify prepares and verifies an instance.
func (b *kitchen) verify(i config.Instance) ([]result.TestCase, error) {
	b.t.Helper()
	v, err := New(b.project, i)
	require.NoError(b.t, err)
	if err := v.Prepare(b.t.Context(), b.box); err != nil {
		return nil, err
	}
	var out io.Writer = &b.out
	b.early = nil
	rest, err := v.Verify(b.t.Context(), runner.Run{Runner: b, Sandbox: b.box,
		Target: runner.Target{ContainerID: "abc", Endpoint: "unix:///engine.sock",
			ClientEnv: map[string]string{"DOCKER_HOST": "unix:///engine.sock"}},
		Out: runner.Output{Stdout: out, Stderr: out, Case: func(c result.TestCase) { b.early = append(b.early, c) }}})
	return append(slices.Clone(b.early), rest...), err
}

func instance(kind config.VerifierKind) config.Instance {
	return config.Instance{Name: "default-linux", Suite: "default", Platform: "linux",
		Verifier: config.Verifier{Name: string(kind), NameSet: true, Kind: kind}}
}

// sandboxed are the files in the sandbox.
func (b *kitchen) sandboxed() []string {
	b.t.Helper()
	files, err := sandbox.Tree(b.box.Local, "", nil)
	require.NoError(b.t, err)
	var list []string
	for _, f := range files {
		list = append(list, f.Path)
	}
	return list
}

// privateDir is the directory that InSpec on this machine gets.
var privateDir = regexp.MustCompile(`/[^\s"]*/galley-inspec-\d+`)

// generic takes what differs from machine to machine out of a text.
func (b *kitchen) generic(text string) string {
	text = privateDir.ReplaceAllString(text, "PRIVATE")
	return strings.NewReplacer(b.box.Local, "BOX", b.project.Root, "PROJECT").Replace(text)
}
