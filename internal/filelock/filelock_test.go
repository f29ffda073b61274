package filelock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAcquire(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "lock")
	first, err := Acquire(t.Context(), path, Options{Owner: "galley converge (42)"})
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		for _, file := range []string{path, path + note} {
			st, err := os.Stat(file)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), st.Mode())
		}
	}
	busy, err := Try(path)
	require.NoError(t, err)
	require.Nil(t, busy)

	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	_, err = Acquire(ctx, path, Options{Waiting: func(holder string) {
		require.Equal(t, "galley converge (42)", holder)
		cancel(stop)
	}})
	require.ErrorIs(t, err, context.Canceled)

	told := 0
	second, err := Acquire(t.Context(), path, Options{Waiting: func(string) {
		told++
		require.NoError(t, first.Release())
	}})
	require.NoError(t, err)
	require.Equal(t, 1, told)
	require.NoError(t, second.Release())

	third, err := Try(path)
	require.NoError(t, err)
	require.NoError(t, third.Release())
}

// TestLinks: a link in place of the lock or of its note changes nothing elsewhere.
func TestLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	for _, dangling := range []bool{true, false} {
		for _, name := range []string{"lock", "lock" + note} {
			dir, target := t.TempDir(), filepath.Join(t.TempDir(), "target")
			if !dangling {
				require.NoError(t, os.WriteFile(target, []byte("kept"), 0o600))
			}
			require.NoError(t, os.Symlink(target, filepath.Join(dir, name)))
			path := filepath.Join(dir, "lock")
			_, err := Acquire(t.Context(), path, Options{Owner: "me"})
			require.Error(t, err)
			if name == "lock" {
				require.ErrorIs(t, err, ErrLink)
				_, err = Try(path)
				require.ErrorIs(t, err, ErrLink)
			}
			data, err := os.ReadFile(target)
			if dangling {
				require.ErrorIs(t, err, os.ErrNotExist)
			} else {
				require.Equal(t, "kept", string(data))
			}
		}
	}
}
