package detect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/galley-kitchen/galley/internal/filelock"
	"github.com/galley-kitchen/galley/internal/userdir"
)

const (
	// serviceDirs is what the names of private services' directories begin with.
	serviceDirs = "galley-podman-"
	// serviceLock is the file in such a directory that its galley holds a lock on.
	serviceLock = "lock"
	// maxServiceParent is how long the path of the parent may be: that of a socket may have 104 bytes on macOS, and
	// what comes behind the parent takes 40.
	maxServiceParent = 60
)

// serviceDir is the directory of a private service's socket. Its lock ends with the process that made it, however that
// ends.
type serviceDir struct {
	path string
	lock *filelock.Lock
}

// serviceParent is a directory for the directories of private services: one in which no other user can exchange what is
// ours, with a path that is short enough.
func serviceParent(h Host) (string, error) {
	tried := []error{}
	for _, dir := range []string{userdir.Runtime(h.Getenv), os.TempDir(), "/tmp"} {
		if dir == "" {
			continue
		}
		err := userdir.Temporary(dir)
		if err == nil && len(dir) > maxServiceParent {
			err = fmt.Errorf("the path %s is too long for a socket in it", dir)
		}
		if err == nil {
			return dir, nil
		}
		tried = append(tried, err)
	}
	return "", fmt.Errorf("there is no place for the socket: %w", errors.Join(tried...))
}

// makeServiceDir makes a directory in parent, and removes those that galleys which were killed left there.
func makeServiceDir(ctx context.Context, parent string) (*serviceDir, error) {
	removeStale(parent)
	path, err := os.MkdirTemp(parent, serviceDirs)
	if err != nil {
		return nil, err
	}
	// The lock gets its name when it is held: no process may find it free before.
	fresh := filepath.Join(path, serviceLock+".new")
	lock, err := filelock.Acquire(ctx, fresh, filelock.Options{})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	d := &serviceDir{path: path, lock: lock}
	if err := os.Rename(fresh, filepath.Join(path, serviceLock)); err != nil {
		return nil, errors.Join(err, d.remove())
	}
	return d, nil
}

// remove removes the directory with all that is in it.
func (d *serviceDir) remove() error {
	return errors.Join(os.RemoveAll(d.path), d.lock.Release())
}

// removeStale removes the directories in parent that no process holds. It touches only directories that belong to this
// user and that no other user can enter; the parent may be /tmp, where others can prepare directories of that name.
// What cannot be removed is the next galley's to try.
func removeStale(parent string) {
	dirs, _ := filepath.Glob(filepath.Join(parent, serviceDirs+"*"))
	for _, path := range dirs {
		if userdir.Owned(path) != nil {
			continue
		}
		if lock, err := filelock.Try(filepath.Join(path, serviceLock)); err == nil && lock != nil {
			_ = (&serviceDir{path: path, lock: lock}).remove()
		}
	}
}
