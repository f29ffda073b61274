package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// chunk is how many files of one directory are looked at by one goroutine.
const chunk = 256

// Sync makes dir hold exactly the files given. Unchanged ones keep their inode and are
// not read: galley remembers beside dir which file a copy was made from, and when the
// system last noted a change of either. Paths for which keep is true (what the tool
// itself wrote, such as its cache) are left alone; keep may be nil. The directory that
// holds dir must be one that no runner can write to.
// Errors: *LeftoverError when something is in the way that only the runner's root
// can remove; all else is done by then.
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
	s := &syncer{keep: keep}
	if remember {
		if s.old, err = loadIndex(parent, name); err != nil {
			return errors.Join(fmt.Errorf("see what the sandbox holds: %w", err), root.Close())
		}
	}
	s.group.SetLimit(runtime.GOMAXPROCS(0))
	top := newHandle(root)
	err = errors.Join(s.folder(want, top, "", false), top.done())
	err = errors.Join(err, s.group.Wait())
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

// syncer is one Sync.
type syncer struct {
	keep  func(string) bool
	old   index
	group errgroup.Group
	// kept counts the files that were right; changed tells of others.
	kept    atomic.Int64
	changed atomic.Bool

	mu      sync.Mutex
	left    []string
	leftErr error
}

// handle is an open directory that several goroutines use. The last one closes it.
type handle struct {
	*os.Root
	users atomic.Int32
}

func newHandle(d *os.Root) *handle {
	h := &handle{Root: d}
	h.users.Store(1)
	return h
}

// done ends one use.
func (h *handle) done() error {
	if h.users.Add(-1) == 0 {
		return h.Close()
	}
	return nil
}

// start does a part of the work on an open directory beside the rest if a goroutine is
// free.
func (s *syncer) start(d *handle, f func() error) error {
	d.users.Add(1)
	work := func() error { return errors.Join(f(), d.done()) }
	if s.group.TryGo(work) {
		return nil
	}
	return work()
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

// folder brings one directory into line: what is there is kept, replaced or removed,
// what is missing is made. fresh means that there is nothing in it.
func (s *syncer) folder(want *folder, d *handle, rel string, fresh bool) error {
	var folders map[string]fs.FileMode
	var files map[string]*attributes
	if !fresh {
		entries, err := scanRoot(d.Root)
		if err != nil {
			return s.blocked(rel, err)
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
	for name, f := range want.folders {
		mode, there := folders[name]
		below, err := s.enter(d, name, f.mode, mode, there)
		if err != nil {
			if err := s.blockedBelow(rel, name, there, err); err != nil {
				return err
			}
			continue
		}
		h := newHandle(below)
		err = s.start(h, func() error { return s.folder(f, h, path.Join(rel, name), !there) })
		if err := errors.Join(err, h.done()); err != nil {
			return err
		}
	}
	return s.files(want, d, rel, files)
}

// enter opens a directory of the sandbox, makes it if it is not there, and gives it its
// permissions.
func (s *syncer) enter(d *handle, name string, mode, have fs.FileMode, there bool) (*os.Root, error) {
	if !there {
		if err := d.Mkdir(name, 0o700); err != nil {
			return nil, err
		}
	}
	below, err := openDir(d.Root, name)
	if err != nil || there && have == mode {
		return below, err
	}
	if err := chmodDir(below, mode); err != nil {
		return nil, errors.Join(err, below.Close())
	}
	return below, nil
}

// blockedBelow is blocked for a directory that could not be made or opened.
func (s *syncer) blockedBelow(rel, name string, there bool, err error) error {
	if there {
		return s.blocked(path.Join(rel, name), err)
	}
	return s.blocked(rel, err)
}

// files puts a folder's files into their places.
func (s *syncer) files(want *folder, d *handle, rel string, have map[string]*attributes) error {
	names := make([]string, 0, len(want.files))
	for name := range want.files {
		names = append(names, name)
	}
	prefix := ""
	if rel != "" {
		prefix = rel + "/"
	}
	for part := range slices.Chunk(names, chunk) {
		err := s.start(d, func() error {
			for _, name := range part {
				changed, err := put(d.Root, name, want.files[name], have[name], s.old[prefix+name])
				if changed {
					s.changed.Store(true)
				} else {
					s.kept.Add(1)
				}
				if err != nil {
					if err := s.blocked(rel, err); err != nil {
						return fmt.Errorf("%s: %w", path.Join(rel, name), err)
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// blocked passes an error on, unless it is that this user may not write in a
// directory below the sandbox: that one is in the way.
func (s *syncer) blocked(rel string, err error) error {
	var source *sourceError
	if rel == "" || rel == "." || !errors.Is(err, fs.ErrPermission) || errors.As(err, &source) {
		return err
	}
	s.leftover(rel, err)
	return nil
}

// stays reports whether what is in a directory of the sandbox belongs there; what does
// not is removed.
func (s *syncer) stays(want *folder, d *handle, rel string, e *entry) bool {
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
