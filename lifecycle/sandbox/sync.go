package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// chunk is how many files of one directory are compared by one goroutine.
const chunk = 256

// Sync makes dir hold exactly the files given. Unchanged ones keep their inode and are not read: galley remembers
// beside dir which file a copy was made from, and when the system last noted a change of either. Paths for which keep
// is true (what the tool itself wrote, such as its cache) are left alone; keep may be nil. The directory that holds dir
// must be one that no runner can write to. Errors: *LeftoverError when something is in the way that only the runner's
// root can remove; all else is done by then.
//
// Copies are reflinks where the file system has them. They are never hard links:
// the runner's root would write through one into the project.
func Sync(dir string, files []File, keep func(path string) bool) error {
	return fill(dir, files, keep, true)
}

// Fill is Sync for a new directory that is filled once: nothing is remembered.
func Fill(dir string, files []File) error { return fill(dir, files, nil, false) }

func fill(dir string, files []File, keep func(path string) bool, remember bool) (err error) {
	want, err := layout(files)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the sandbox: %w", err)
	}
	parent, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return fmt.Errorf("make the sandbox: %w", err)
	}
	defer parent.Close()
	name := filepath.Base(dir)
	root, err := openDir(parent, name)
	if err != nil {
		return fmt.Errorf("make the sandbox: %w", err)
	}
	s := &syncer{workers: newWorkers(), keep: keep}
	if remember {
		if s.old, err = loadIndex(parent, name); err != nil {
			return errors.Join(fmt.Errorf("see what the sandbox holds: %w", err), root.Close())
		}
	}
	s.folder(want, root, "", false)
	err = errors.Join(s.err, root.Close())
	if remember && (s.changed.Load() || int(s.kept.Load()) != len(s.old)) {
		err = errors.Join(err, saveIndex(parent, name, want))
	}
	if err != nil {
		return fmt.Errorf("make the sandbox: %w", err)
	}
	if len(s.left) > 0 {
		slices.Sort(s.left)
		return &LeftoverError{Dir: dir, Paths: slices.Compact(s.left), Err: s.leftErr}
	}
	return nil
}

// workers do parts of a walk beside the rest, as far as there are processors for them.
type workers chan struct{}

func newWorkers() workers { return make(workers, runtime.GOMAXPROCS(0)) }

// do calls f, in a goroutine of its own if one is free. wait ends after it.
func (w workers) do(wait *sync.WaitGroup, f func()) {
	select {
	case w <- struct{}{}:
		wait.Go(func() {
			defer func() { <-w }()
			f()
		})
	default:
		f()
	}
}

// syncer is one Sync.
type syncer struct {
	workers workers
	keep    func(string) bool
	old     index
	// kept counts the files that were right; changed tells of others.
	kept    atomic.Int64
	changed atomic.Bool
	// failed is set with err, the first error: then the rest is not done.
	failed atomic.Bool

	mu      sync.Mutex
	err     error
	left    []string
	leftErr error
}

// fail notes the first error.
func (s *syncer) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && s.err == nil {
		s.err = err
		s.failed.Store(true)
	}
}

// leftover notes what this user may not remove or write.
func (s *syncer) leftover(rel string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = append(s.left, rel)
	if s.leftErr == nil {
		s.leftErr = err
	}
}

// blocked notes an error. When this user may not write in a directory below the sandbox,
// that one is left over. what is in the directory rel, or is that itself.
func (s *syncer) blocked(rel, what string, err error) {
	var source *sourceError
	if rel == "" || !errors.Is(err, fs.ErrPermission) || errors.As(err, &source) {
		s.fail(fmt.Errorf("%s: %w", cmp.Or(what, "."), err))
		return
	}
	s.leftover(rel, err)
}

// folder brings one directory into line: what is there is kept, replaced or removed,
// what is missing is made. fresh means that there is nothing in it.
func (s *syncer) folder(want *folder, d *os.Root, rel string, fresh bool) {
	var folders map[string]fs.FileMode
	var files map[string]*attributes
	if !fresh {
		entries, err := scan(d.Open("."))
		if err != nil {
			s.blocked(rel, rel, err)
			return
		}
		folders, files = make(map[string]fs.FileMode, len(want.folders)), make(map[string]*attributes, len(want.files))
		for i := range entries {
			switch e := &entries[i]; {
			case !s.stays(want, d, rel, e):
			case e.typ.IsDir():
				folders[e.name] = e.mode
			default:
				files[e.name] = &e.attributes
			}
		}
	}
	var wait sync.WaitGroup
	defer wait.Wait()
	for name, f := range want.folders {
		mode, there := folders[name]
		at := path.Join(rel, name)
		below, err := s.enter(d, name, f.mode, mode, there)
		switch {
		case err != nil && there:
			s.blocked(at, at, err)
		case err != nil:
			s.blocked(rel, at, err)
		default:
			s.workers.do(&wait, func() {
				s.folder(f, below, at, !there)
				s.fail(below.Close())
			})
		}
	}
	for part := range slices.Chunk(slices.Collect(maps.Keys(want.files)), chunk) {
		s.workers.do(&wait, func() { s.files(want, d, rel, part, files) })
	}
}

// enter opens a directory of the sandbox, makes it if it is not there, and gives it its permissions.
func (s *syncer) enter(d *os.Root, name string, mode, have fs.FileMode, there bool) (*os.Root, error) {
	if !there {
		if err := d.Mkdir(name, 0o700); err != nil {
			return nil, err
		}
	}
	below, err := openDir(d, name)
	if err != nil || there && have == mode {
		return below, err
	}
	if err := chmodDir(below, mode); err != nil {
		return nil, errors.Join(err, below.Close())
	}
	return below, nil
}

// files puts some of a folder's files into their places.
func (s *syncer) files(want *folder, d *os.Root, rel string, names []string, have map[string]*attributes) {
	for _, name := range names {
		if s.failed.Load() {
			return
		}
		at := path.Join(rel, name)
		changed, err := put(d, name, want.files[name], have[name], s.old[at])
		if changed {
			s.changed.Store(true)
		} else {
			s.kept.Add(1)
		}
		if err != nil {
			s.blocked(rel, at, err)
		}
	}
}

// stays reports whether what is in a directory of the sandbox belongs there; what does not is removed.
func (s *syncer) stays(want *folder, d *os.Root, rel string, e *entry) bool {
	switch {
	case want.folders[e.name] != nil:
		if e.typ.IsDir() {
			return true
		}
	case want.files[e.name] != nil:
		if e.typ.IsRegular() {
			return true
		}
	case s.keep != nil && s.keep(path.Join(rel, e.name)):
		return true
	}
	if err := d.RemoveAll(e.name); err != nil {
		s.leftover(path.Join(rel, e.name), err)
	}
	return false
}
