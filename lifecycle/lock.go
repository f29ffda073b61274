package lifecycle

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/filelock"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/internal/userdir"
	"github.com/galley-kitchen/galley/lifecycle/label"
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

// helperLease is how long what a run makes for itself is left alone where its lock cannot be seen. Labels do not
// change, so it is long enough for all that a run does with it.
const helperLease = 6 * time.Hour

// lockID names the directory of locks for those who see it. It is empty where it cannot be had.
func lockID(p Project) string {
	path := filepath.Join(sharedLockDir(p), "id")
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err == nil {
		_, err = f.WriteString(names.Random(16))
		if errors.Join(err, f.Close()) != nil {
			return ""
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(data)
}

// leaseEnds is when what a run has made may be removed by anybody, zero when that was not said.
func leaseEnds(l backend.Labels) time.Time {
	end, err := time.Parse(time.RFC3339, l[label.Lease])
	if err != nil {
		return time.Time{}
	}
	return end
}

// isLiving reports whether the galley of a run lives, by the labels of what it made: by its lock where that can be
// seen, else as long as the lease lasts. The lock that a killed one left is removed.
func isLiving(p Project, l backend.Labels) bool {
	if at := l[label.Locks]; at != "" && at != lockID(p) {
		return time.Now().Before(leaseEnds(l))
	}
	if l[label.Run] == "" {
		return false
	}
	path := runLock(p, l[label.Run])
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
