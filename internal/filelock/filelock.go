// Package filelock lets processes take turns by a lock on a file. A lock ends with the process that holds it, so a
// killed one never blocks the next.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// retry is how often a lock that is held elsewhere is tried again: the operating system does not notify that it is
// free.
const retry = 100 * time.Millisecond

// ErrLink is a lock file that is a symbolic link, by which an attacker may want another file to be made or truncated.
var ErrLink = errors.New("it is a symbolic link")

// Options say what processes that wait learn of each other.
type Options struct {
	// Owner is what a process that waits learns about this one, such as its number and command. Empty writes no note.
	Owner string
	// Waiting is called once when the lock is held elsewhere, with the note of its holder, or "another galley". It may
	// be nil.
	Waiting func(holder string)
	// NoWait fails with a *HeldError in place of waiting.
	NoWait bool
}

// HeldError is a lock that another process holds, and that is not waited for.
type HeldError struct{ Holder string }

// Error names the holder.
func (e *HeldError) Error() string { return "it is in use by " + e.Holder }

// Lock is a lock that is held.
type Lock struct{ file *flock.Flock }

// Acquire takes the lock of the file at path, making the file (0600) and its directory (0700) where they are missing,
// and waits for its holder. Errors: ErrLink, *HeldError, that of ctx, and those of the file system.
func Acquire(ctx context.Context, path string, o Options) (*Lock, error) {
	l, got, err := try(path)
	if err == nil && !got {
		if o.NoWait {
			return nil, &HeldError{holder(path)}
		}
		if o.Waiting != nil {
			o.Waiting(holder(path))
		}
		got, err = l.TryLockContext(ctx, retry)
	}
	if err != nil || !got {
		return nil, failed(path, err)
	}
	if o.Owner != "" {
		if err := writeNote(path+note, o.Owner); err != nil {
			return nil, errors.Join(failed(path, err), l.Unlock())
		}
	}
	return &Lock{l}, nil
}

// Make takes the lock of a file that no other process has yet, as Acquire does. Errors: ErrLink and those of the file
// system.
func Make(path string) (*Lock, error) {
	l, got, err := try(path)
	if err != nil || !got {
		return nil, failed(path, err)
	}
	return &Lock{l}, nil
}

// try makes the file of a lock where it is missing, and takes the lock unless it is held.
func try(path string) (l *flock.Flock, got bool, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, false, err
	}
	l = flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow), flock.SetPermissions(0o600))
	got, err = l.TryLock()
	return l, got, err
}

// Try takes the lock of a file that exists, unless it is held elsewhere: then the lock is nil. Errors: ErrLink and
// those of the file system.
func Try(path string) (*Lock, error) {
	l := flock.New(path, flock.SetFlag(os.O_RDWR|noFollow))
	got, err := l.TryLock()
	if err != nil {
		return nil, failed(path, err)
	}
	if !got {
		return nil, nil
	}
	return &Lock{l}, nil
}

// Release gives the lock back. The file stays.
func (l *Lock) Release() error { return l.file.Unlock() }

// note is the end of the name of the file beside the lock that tells of its holder.
const note = ".owner"

func writeNote(path, owner string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC|noFollow, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(owner)
	return errors.Join(err, f.Close())
}

// holder is what the present holder of a lock wrote about itself.
func holder(path string) string {
	f, err := os.OpenFile(path+note, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return "another galley"
	}
	defer f.Close()
	data := make([]byte, 1<<10)
	n, _ := f.Read(data) // a note that cannot be read is as good as none
	if text := strings.TrimSpace(string(data[:n])); text != "" {
		return text
	}
	return "another galley"
}

func failed(path string, err error) error {
	if st, statErr := os.Lstat(path); statErr == nil && st.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("take the lock %s: %w; remove it", path, ErrLink)
	}
	if err == nil {
		err = errHeld
	}
	return fmt.Errorf("take the lock %s: %w", path, err)
}

// errHeld is a lock that another process holds, and that is not waited for.
var errHeld = errors.New("another process holds it")
