package lifecycle

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/galley-kitchen/galley/internal/filelock"
	"github.com/galley-kitchen/galley/internal/names"
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

// runLock is the lock of a run that has made helpers, for as long as it lives.
func runLock(p Project, run string) string {
	return filepath.Join(sharedLockDir(p), "run-"+names.Digest(run)+".lock")
}

// declareLiving takes the run's lock, once. Where it cannot be had, helpers of the run may go with another's prune.
func (r *Run) declareLiving() {
	r.living.Do(func() {
		lock, err := filelock.Make(runLock(r.o.Project, r.id))
		if err == nil {
			r.lock = lock
		}
	})
}

// endLiving gives the run's lock back.
func (r *Run) endLiving() error {
	r.living.Do(func() {}) // none is taken from now on
	if r.lock == nil {
		return nil
	}
	return errors.Join(r.lock.Release(), os.Remove(runLock(r.o.Project, r.id)))
}

// isLiving reports whether the galley of a run lives, as far as galleys of this user on this machine go. The lock that a
// killed one left is removed.
func isLiving(p Project, run string) bool {
	if run == "" {
		return false
	}
	path := runLock(p, run)
	lock, err := filelock.Try(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false
	case err != nil || lock == nil:
		return true
	}
	return errors.Join(lock.Release(), os.Remove(path)) != nil
}

// writable reports whether files can be made in a directory.
func writable(dir string) bool {
	f, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return false
	}
	return errors.Join(f.Close(), os.Remove(f.Name())) == nil
}
