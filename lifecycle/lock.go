package lifecycle

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/galley-kitchen/galley/internal/userdir"
)

// sharedLockDir is where this user's locks for things shared by all projects are. A user without a home that can be
// written to and that is the user's alone, as CI has them, gets them in the project: a build that two projects then do
// at once is done twice, and comes to the same.
func sharedLockDir(p Project) string {
	if dir, err := userdir.Cache("galley", "locks"); err == nil && writable(dir) {
		return dir
	}
	return filepath.Join(p.StateDir(), "locks")
}

// writable reports whether files can be made in a directory.
func writable(dir string) bool {
	f, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return false
	}
	return errors.Join(f.Close(), os.Remove(f.Name())) == nil
}
