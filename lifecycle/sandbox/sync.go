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

	"golang.org/x/sync/errgroup"
)

// chunk is how many files of one directory are looked at by one goroutine.
const chunk = 256

// Sync makes dir hold exactly the files given. Unchanged ones keep their inode
// and are not read: a copy has its source's size and modification time, and two
// that agree in both are taken to be the same. Paths for which keep is true
// (what the tool itself wrote, such as its cache) are left alone; keep may be nil.
// Errors: *LeftoverError when something is in the way that only the runner's root
// can remove; all else is done by then.
//
// Copies are reflinks where the file system has them. They are never hard links:
// the runner's root would write through one into the project.
func Sync(dir string, files []File, keep func(path string) bool) error {
	want, err := layout(files)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the sandbox: %w", err)
	}
	s := &syncer{root: dir, keep: keep}
	s.group.SetLimit(runtime.GOMAXPROCS(0))
	err = s.folder(want, "", false)
	if err = errors.Join(err, s.group.Wait()); err != nil {
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
	root  string
	keep  func(string) bool
	group errgroup.Group

	mu      sync.Mutex
	left    []string
	leftErr error
}

// start does a part of the work beside the rest if a goroutine is free.
func (s *syncer) start(f func() error) error {
	if s.group.TryGo(f) {
		return nil
	}
	return f()
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

func (s *syncer) local(rel string) string { return filepath.Join(s.root, filepath.FromSlash(rel)) }

// folder brings one directory into line: what is there is kept, replaced or
// removed, what is missing is made. fresh means that the directory is not there.
func (s *syncer) folder(want *folder, rel string, fresh bool) error {
	var folders map[string]bool
	var files map[string]*attributes
	if fresh {
		if err := makeDir(s.local(rel)); err != nil {
			return s.blocked(path.Dir(rel), err)
		}
	} else {
		entries, err := scan(s.local(rel))
		if err != nil {
			return s.blocked(rel, err)
		}
		folders, files = make(map[string]bool, len(want.folders)), make(map[string]*attributes, len(want.files))
		for i := range entries {
			switch e := &entries[i]; {
			case !s.stays(want, rel, e):
			case e.typ.IsDir():
				folders[e.name] = true
			default:
				files[e.name] = &e.attributes
			}
		}
	}
	for name, f := range want.folders {
		if err := s.start(func() error { return s.folder(f, path.Join(rel, name), !folders[name]) }); err != nil {
			return err
		}
	}
	return s.files(want, rel, files)
}

// files puts a folder's files into their places.
func (s *syncer) files(want *folder, rel string, have map[string]*attributes) error {
	names := make([]string, 0, len(want.files))
	for name := range want.files {
		names = append(names, name)
	}
	dir := s.local(rel)
	for part := range slices.Chunk(names, chunk) {
		err := s.start(func() error {
			for _, name := range part {
				if err := put(dir, name, want.files[name], have[name]); err != nil {
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

// stays tells whether what is in a directory of the sandbox belongs there; what
// does not is removed.
func (s *syncer) stays(want *folder, rel string, e *entry) bool {
	switch {
	case want.folders[e.name] != nil:
		// A link that the runner put in a directory's place must not lead us out.
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
	r := path.Join(rel, e.name)
	if err := os.RemoveAll(s.local(r)); err != nil {
		s.leftover(r, err)
	}
	return false
}
