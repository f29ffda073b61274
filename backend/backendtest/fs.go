package backendtest

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// errReadOnly is what a write to a read-only mount gives.
var errReadOnly = errors.New("read-only file system")

// file is a node of a fake file system. Paths are kept by whoever holds it.
type file struct {
	mode     fs.FileMode // type and permission bits
	uid, gid int
	data     []byte // never changed in place, so that copies may share it
	target   string // of a symbolic link
	// read and write make it a device.
	read  func() []byte
	write func([]byte)
}

func directory() file { return file{mode: fs.ModeDir | 0o755} }

func regular(content string) file { return file{mode: 0o644, data: []byte(content)} }

func symlink(target string) file { return file{mode: fs.ModeSymlink | 0o777, target: target} }

func device(read func() []byte, write func([]byte)) file {
	return file{mode: fs.ModeDevice | fs.ModeCharDevice | 0o666, read: read, write: write}
}

// fileSystem is something that can be mounted. Paths are absolute and clean, and
// "/" is its root. No method follows a link in the last element.
type fileSystem interface {
	get(name string) (file, error)
	// put makes or replaces a file; its directory must exist.
	put(name string, f file) error
	// remove removes a file or a directory with all that it holds.
	remove(name string) error
	list(name string) ([]string, error)
}

// memFS is a file system in memory.
type memFS struct {
	mu    sync.Mutex
	files map[string]file
}

func newMemFS() *memFS { return &memFS{files: map[string]file{"/": directory()}} }

// clone returns an independent copy.
func (m *memFS) clone() *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memFS{files: maps.Clone(m.files)}
}

// add puts files with the directories that they need.
func (m *memFS) add(name string, f file) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if _, ok := m.files[dir]; !ok {
			m.files[dir] = directory()
		}
		if dir == "/" {
			break
		}
	}
	m.files[name] = f
}

// subtree returns a copy of a directory as a file system of its own, empty if
// there is no such directory.
func (m *memFS) subtree(dir string) *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	sub := newMemFS()
	if root, ok := m.files[dir]; ok && root.mode.IsDir() {
		sub.files["/"] = root
	}
	for name, f := range m.files {
		if rest, ok := strings.CutPrefix(name, strings.TrimSuffix(dir, "/")+"/"); ok && rest != "" {
			sub.files["/"+rest] = f
		}
	}
	return sub
}

func (m *memFS) get(name string) (file, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.files[name]
	if !ok {
		return file{}, fs.ErrNotExist
	}
	return f, nil
}

func (m *memFS) put(name string, f file) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if dir, ok := m.files[path.Dir(name)]; !ok || !dir.mode.IsDir() {
		return fs.ErrNotExist
	}
	m.files[name] = f
	return nil
}

func (m *memFS) remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.files[name]; !ok {
		return fs.ErrNotExist
	}
	maps.DeleteFunc(m.files, func(other string, _ file) bool { return other == name || strings.HasPrefix(other, name+"/") })
	return nil
}

func (m *memFS) list(name string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.files[name]; !ok {
		return nil, fs.ErrNotExist
	}
	var names []string
	for other := range m.files {
		if other != "/" && path.Dir(other) == name {
			names = append(names, path.Base(other))
		}
	}
	slices.Sort(names)
	return names, nil
}

// hostFS is a directory or a file of the real host. Its files belong to root, as
// far as the fake is concerned.
type hostFS struct{ root string }

func (h hostFS) real(name string) string { return filepath.Join(h.root, filepath.FromSlash(name)) }

func (h hostFS) get(name string) (file, error) {
	info, err := os.Lstat(h.real(name))
	if err != nil {
		return file{}, err
	}
	f := file{mode: info.Mode()}
	switch {
	case info.Mode().IsRegular():
		f.data, err = os.ReadFile(h.real(name))
	case info.Mode()&fs.ModeSymlink != 0:
		f.target, err = os.Readlink(h.real(name))
	}
	return f, err
}

func (h hostFS) put(name string, f file) error {
	real := h.real(name)
	switch {
	case f.mode.IsDir():
		if err := os.Mkdir(real, f.mode.Perm()); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return os.Chmod(real, f.mode.Perm())
	case f.mode&fs.ModeSymlink != 0:
		if err := os.Remove(real); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return os.Symlink(f.target, real)
	default:
		if err := os.WriteFile(real, f.data, f.mode.Perm()); err != nil {
			return err
		}
		return os.Chmod(real, f.mode.Perm())
	}
}

func (h hostFS) remove(name string) error { return os.RemoveAll(h.real(name)) }

func (h hostFS) list(name string) ([]string, error) {
	entries, err := os.ReadDir(h.real(name))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}
