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

// machineLockDir is where this user's locks for things shared by all projects are.
func machineLockDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a place for locks: %w", err)
	}
	return filepath.Join(dir, "galley", "locks"), nil
}
