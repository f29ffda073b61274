package lifecycle

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/galley-kitchen/galley/internal/filelock"
	"github.com/galley-kitchen/galley/internal/userdir"
)

// lock takes the file lock at path, waiting for its holder if there is one;
// waiting is called once, with what the holder wrote about itself. The lock ends
// with unlock or with the process, so a killed galley never blocks the next one.
func lock(ctx context.Context, path, owner string, waiting func(holder string)) (unlock func() error, err error) {
	l, err := filelock.Acquire(ctx, path, filelock.Options{Owner: owner, Waiting: waiting})
	if err != nil {
		return nil, err
	}
	return l.Release, nil
}

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
