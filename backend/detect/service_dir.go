package detect

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

const (
	// serviceDirs is what the names of private services' directories begin with.
	serviceDirs = "galley-podman-"
	// serviceLock is the file in such a directory that its galley holds a lock on.
	serviceLock = "lock"
)

// serviceDir is the directory of a private service's socket. Its lock ends with
// the process that made it, however that ends.
type serviceDir struct {
	path string
	lock *flock.Flock
}

// makeServiceDir makes a directory in parent, and removes those that galleys which
// were killed left there.
func makeServiceDir(parent string) (*serviceDir, error) {
	removeStale(parent)
	path, err := os.MkdirTemp(parent, serviceDirs)
	if err != nil {
		return nil, err
	}
	// It gets its name when it is locked: nobody may find it free before.
	fresh := filepath.Join(path, serviceLock+".new")
	d := &serviceDir{path: path, lock: flock.New(fresh)}
	if _, err := d.lock.TryLock(); err != nil {
		return nil, errors.Join(err, d.remove())
	}
	if err := os.Rename(fresh, filepath.Join(path, serviceLock)); err != nil {
		return nil, errors.Join(err, d.remove())
	}
	return d, nil
}

// remove removes the directory with all that is in it.
func (d *serviceDir) remove() error {
	return errors.Join(os.RemoveAll(d.path), d.lock.Unlock())
}

// removeStale removes the directories in parent that nobody holds. One that cannot
// be removed is another user's, or the next galley's to try.
func removeStale(parent string) {
	locks, _ := filepath.Glob(filepath.Join(parent, serviceDirs+"*", serviceLock))
	for _, path := range locks {
		d := &serviceDir{path: filepath.Dir(path), lock: flock.New(path)}
		if free, err := d.lock.TryLock(); err == nil && free {
			_ = d.remove()
		}
	}
}
