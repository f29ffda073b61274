package watch

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/cli/attach"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle"
)

// stage is a loop whose phases, files and clock are the test's.
type stage struct {
	*loop
	files   chan string
	settled chan time.Time
	// acts has each action that begins; it ends when something is sent to ends.
	acts chan lifecycle.Action
	ends chan bool
	done chan error
}

func newStage(ctx context.Context, phase lifecycle.Phase, typed io.Reader) *stage {
	s := &stage{files: make(chan string), settled: make(chan time.Time), acts: make(chan lifecycle.Action),
		ends: make(chan bool), done: make(chan error, 1)}
	s.loop = &loop{phase: phase, events: s.files, out: io.Discard, settle: func() <-chan time.Time { return s.settled },
		touched: func(path string) scope { return map[string]scope{"test": tests, "recipe": sandbox}[path] },
		act: func(ctx context.Context, a lifecycle.Action) (bool, error) {
			s.acts <- a
			select {
			case ok := <-s.ends:
				return ok, nil
			case <-ctx.Done():
				return false, context.Cause(ctx)
			}
		}}
	if typed != nil {
		s.keys = &attach.Keyboard{In: typed}
		s.raw = func() (func(), error) { return func() {}, nil }
	}
	go func() { s.done <- s.watch(ctx) }()
	return s
}

// did has the next actions end, the last of them as ok says.
func (s *stage) did(t *testing.T, ok bool, actions ...lifecycle.Action) {
	t.Helper()
	for n, want := range actions {
		require.Equal(t, want, <-s.acts)
		s.ends <- ok || n < len(actions)-1
	}
}

// saved tells of changes that settle.
func (s *stage) saved(paths ...string) {
	for _, p := range paths {
		s.files <- p
	}
	s.settled <- time.Time{}
}

// The shortest sufficient phases run again, and only when something that counts has changed.
func TestWatch(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	s := newStage(ctx, lifecycle.PhaseVerify, nil)
	s.did(t, true, "converge", "verify")
	s.saved("test")
	s.did(t, true, "verify")
	s.saved("README", "test", "recipe", "test")
	s.did(t, false, "converge") // it fails: nothing to verify
	s.saved("recipe")
	require.Equal(t, lifecycle.Action("converge"), <-s.acts)
	s.files <- "test" // while phases run
	s.ends <- true
	s.did(t, true, "verify")
	s.settled <- time.Time{}
	s.did(t, true, "verify")
	cause := errors.New("interrupted")
	cancel(cause)
	require.ErrorIs(t, <-s.done, cause)
}

// Without verify, tests do not count.
func TestWatchConverge(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	s := newStage(ctx, lifecycle.PhaseConverge, nil)
	s.did(t, true, "converge")
	s.files <- "test"
	s.saved("recipe")
	s.did(t, true, "converge")
	s.saved("recipe")
	require.Equal(t, lifecycle.Action("converge"), <-s.acts)
	cancel(errors.New("interrupted"))
	require.Error(t, <-s.done)
}

func TestWatchKeys(t *testing.T) {
	typed, keys := io.Pipe()
	s := newStage(t.Context(), lifecycle.PhaseVerify, typed)
	logins := make(chan string, 1)
	s.login = func(_ context.Context, in io.Reader) error {
		text := make([]byte, 4)
		_, err := io.ReadFull(in, text)
		logins <- string(text)
		return errors.Join(err, cmdutil.ExitCode(1))
	}
	press := func(text string) {
		_, err := keys.Write([]byte(text))
		require.NoError(t, err)
	}
	s.did(t, true, "converge", "verify")
	press("xr")
	s.settled <- time.Time{}
	s.did(t, true, "converge", "verify")
	press("lexit")
	require.Equal(t, "exit", <-logins)
	press("q")
	require.NoError(t, <-s.done)

	for key, want := range map[string]error{"\x04": nil, "": nil, "\x03": cmdutil.ExitCode(cmdutil.ExitInterrupted)} {
		s := newStage(t.Context(), lifecycle.PhaseVerify, strings.NewReader(key))
		s.did(t, true, "converge", "verify")
		require.Equal(t, want, <-s.done)
	}
}

func TestTouched(t *testing.T) {
	root := t.TempDir()
	p := &tree{root: root, tests: filepath.Join(root, "test", "integration"), suites: []string{"web"},
		written: []string{filepath.Join(root, "out")}, seen: map[string][sha256.Size]byte{}}
	write := func(name, text string) string {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for name, want := range map[string]scope{
		"recipes/default.rb": sandbox, "kitchen.yml": sandbox, ".kitchen.local.yml": sandbox, "out/junit.xml": nothing,
		"test/integration/web/bats/a.bats": tests, "test/integration/web/a_test.rb": tests,
		"test/integration/web/controls/a.rb": tests, "test/integration/web/default.yml": sandbox,
		"test/integration/web/data_bags/a/b.json": sandbox, "test/integration/helpers/bats/x.bash": tests,
		"test/integration/db/bats/a.bats": nothing, "test/integration/data_bags/a/b.json": sandbox,
	} {
		path := write(name, "1")
		require.Equal(t, want, p.touched(path), name)
		require.Equal(t, nothing, p.touched(path), "%s is as it was", name)
		write(name, "2")
		require.Equal(t, want, p.touched(path), name)
		require.NoError(t, os.Remove(path))
		require.Equal(t, want, p.touched(path), "%s is gone", name)
	}
	require.Equal(t, nothing, p.touched(filepath.Join(root, "recipes")), "a directory")
	require.Equal(t, sandbox, p.touched(""))
}

// The system tells of files, also of those in directories that are new, and not of what begins with a dot.
func TestFiles(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, ".git"), 0o755))
	f, err := watchFiles(t.Context(), root)
	require.NoError(t, err)
	defer f.Close()
	write := func(name string) {
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte("x"), 0o600))
	}
	comes := func(name string) {
		t.Helper()
		for path := range f.events {
			if path == filepath.Join(root, name) {
				return
			}
			require.NotContains(t, path, ".git")
			require.NotContains(t, path, ".swp")
		}
	}
	write(".git/index")
	write(".a.swp")
	write("a")
	comes("a")
	write("new/deep/b")
	comes("new/deep/b")
	write("new/deep/b")
	comes("new/deep/b")
	write(".kitchen.local.yml")
	comes(".kitchen.local.yml")
}
