package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// exchange swaps pairs of names for each other without pause, as a program in a runner
// can, until the test has what it needs. It returns how often it did.
func exchange(dir string, stop <-chan struct{}, pairs ...[2]string) (count int) {
	for {
		for _, p := range pairs {
			if unix.Renameat2(unix.AT_FDCWD, filepath.Join(dir, p[0]), unix.AT_FDCWD, filepath.Join(dir, p[1]),
				unix.RENAME_EXCHANGE) == nil {
				count++
			}
		}
		select {
		case <-stop:
			return count
		default:
		}
	}
}

// state is all that can be seen of the files below a directory.
func state(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, text := range read(t, dir) {
		st := stat(t, filepath.Join(dir, name))
		all[name] = fmt.Sprint(text, st.Mode(), st.ModTime(), st.Size())
	}
	for _, d := range []string{".", "sub"} {
		all[d+"/"] = stat(t, filepath.Join(dir, d)).Mode().String()
	}
	return all
}

// TestSyncWhileTheRunnerSwapsItsParts: whatever a runner puts in the place of a directory or file between two steps of
// galley's, nothing outside of the sandbox is written, removed, or given other permissions, and nothing blocks.
func TestSyncWhileTheRunnerSwapsItsParts(t *testing.T) {
	const rounds = 60
	for _, tc := range []struct {
		name  string
		traps func(t *testing.T, box, victim string)
		pairs [][2]string
	}{
		{"directory for a link", func(t *testing.T, box, victim string) {
			require.NoError(t, os.Symlink(victim, filepath.Join(box, "trap")))
		}, [][2]string{{"data", "trap"}}},
		{"directory below for a link", func(t *testing.T, box, victim string) {
			require.NoError(t, os.Symlink(filepath.Join(victim, "sub"), filepath.Join(box, "data", "trap")))
		}, [][2]string{{"data/sub", "data/trap"}}},
		{"directory for a link up", func(t *testing.T, box, victim string) {
			require.NoError(t, os.Symlink("../victim", filepath.Join(box, "trap")))
		}, [][2]string{{"data", "trap"}}},
		{"file for a link", func(t *testing.T, box, victim string) {
			require.NoError(t, os.Symlink(filepath.Join(victim, "a"), filepath.Join(box, "data", "trap")))
		}, [][2]string{{"data/a", "data/trap"}}},
		{"directory for a pipe", func(t *testing.T, box, victim string) {
			require.NoError(t, unix.Mkfifo(filepath.Join(box, "trap"), 0o666))
		}, [][2]string{{"data", "trap"}}},
		{"file for a pipe", func(t *testing.T, box, victim string) {
			require.NoError(t, unix.Mkfifo(filepath.Join(box, "data", "trap"), 0o666))
		}, [][2]string{{"data/a", "data/trap"}}},
		{"file for a directory", func(t *testing.T, box, victim string) {
			write(t, box, map[string]string{"data/trap/x": "1"})
		}, [][2]string{{"data/a", "data/trap"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			top := t.TempDir()
			box, victim := filepath.Join(top, "box"), filepath.Join(top, "victim")
			write(t, victim, map[string]string{"a": "mine", "b": "mine", "sub/a": "mine", "precious": "mine"})
			require.NoError(t, os.Chmod(filepath.Join(victim, "a"), 0o600))
			require.NoError(t, os.Chmod(victim, 0o700))
			before := state(t, victim)
			ours := func(name string) bool { return name == "trap" || name == "data/trap" }
			var swaps, done int
			deadline := time.Now().Add(time.Minute)
			for i := 0; i < rounds && time.Now().Before(deadline); i++ {
				// Content, permissions and what is to go differ each time.
				files := []File{{Path: "data/a", Data: fmt.Appendf(nil, "a %d", i), Mode: 0o644},
					{Path: "data/sub/a", Data: []byte("1")},
					{Path: fmt.Sprintf("data/sub/f%d", i%7), Data: []byte("1"), Mode: 0o600},
					{Path: "data", Dir: true, Mode: 0o755 - os.FileMode(i%2)*0o055}}
				require.NoError(t, Sync(box, files, nil))
				tc.traps(t, box, victim)
				stop := make(chan struct{})
				var wait sync.WaitGroup
				wait.Go(func() { swaps += exchange(box, stop, tc.pairs...) })
				files[0].Data = append(files[0].Data, '!')
				err := Sync(box, files, ours)
				if i%5 == 0 {
					err = Sync(box, nil, nil)
				}
				close(stop)
				wait.Wait()
				if err == nil {
					done++
				}
				require.Equal(t, before, state(t, victim), "round %d", i)
				require.NoError(t, os.RemoveAll(box))
			}
			require.Positive(t, swaps)
			t.Logf("%d swaps, %d of %d calls succeeded", swaps, done, rounds)
		})
	}
}
