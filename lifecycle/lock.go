package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// lockRetry is how often a taken lock is tried again.
const lockRetry = 100 * time.Millisecond

// lock takes the file lock at path, waiting for its holder if there is one;
// waiting is called once, with what the holder wrote about itself. The lock ends
// with unlock or with the process, so a killed galley never blocks the next one.
func lock(ctx context.Context, path, owner string, waiting func(holder string)) (unlock func() error, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("take the lock: %w", err)
	}
	l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	got, err := l.TryLock()
	if err == nil && !got {
		waiting(holder(path))
		got, err = l.TryLockContext(ctx, lockRetry)
	}
	if err != nil || !got {
		return nil, fmt.Errorf("take the lock %s: %w", path, err)
	}
	note := path + ".owner"
	if err := os.WriteFile(note, []byte(owner), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("take the lock: %w", err), l.Unlock())
	}
	return l.Unlock, nil
}

// holder is what the present holder of a lock wrote about itself.
func holder(path string) string {
	data, err := os.ReadFile(path + ".owner")
	if err != nil || len(data) == 0 {
		return "another galley"
	}
	return strings.TrimSpace(string(data))
}

// sharedLockDir is where this user's locks for things shared by all projects are. A
// user without a home that can be written to, as CI has them, gets them in the
// project: a build that two projects then do at once is done twice, and comes to
// the same.
func sharedLockDir(p Project) string {
	if cache, err := os.UserCacheDir(); err == nil {
		if dir := filepath.Join(cache, "galley", "locks"); writable(dir) {
			return dir
		}
	}
	return filepath.Join(p.StateDir(), "locks")
}

// writable makes a directory and tells whether files can be made there.
func writable(dir string) bool {
	if os.MkdirAll(dir, 0o700) != nil {
		return false
	}
	f, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return false
	}
	return errors.Join(f.Close(), os.Remove(f.Name())) == nil
}
