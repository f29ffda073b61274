package testbed

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TempDir returns a fresh directory that belongs to the engine's user, for sandboxes and
// bind mounts: unlike t.TempDir, it can be reached by rootless engines, which run as
// another user than the test may. It is removed at the end of the test.
func (e Engine) TempDir(t testing.TB) string {
	t.Helper()
	base := filepath.Join(enginesDir(), "tmp")
	dir, err := os.MkdirTemp(base, strings.Map(fileNameRune, t.Name())+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if e.Rootless && os.Getuid() == 0 && runtime.GOOS == "linux" {
		if err := os.Chown(dir, UserID, UserID); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// UserID is the user and group that engines.sh runs rootless engines as.
const UserID = 29213

func fileNameRune(r rune) rune {
	if r == '/' || r == ' ' {
		return '-'
	}
	return r
}
