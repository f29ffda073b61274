package fake

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// File is what a path of a container holds.
type File struct {
	// Mode has the permissions, and the type: a directory, a symbolic link or a file.
	Mode     fs.FileMode
	UID, GID int
	Data     []byte
	// Link is the target of a symbolic link. The fake itself follows none.
	Link string
}

// Directory is a directory of root's.
func Directory() File { return File{Mode: fs.ModeDir | 0o755} }

func regular(text string) File { return File{Mode: 0o644, Data: []byte(text)} }

// tree holds files by their cleaned absolute paths. "/" need not be there.
type tree map[string]File

// add puts a file at a path, with the directories above it, and takes away what is in the way.
func (t tree) add(name string, f File) {
	for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
		if !t[dir].Mode.IsDir() {
			t[dir] = Directory()
		}
	}
	if t[name].Mode.IsDir() && !f.Mode.IsDir() {
		t.remove(name)
	}
	t[name] = f
}

func (t tree) remove(name string) {
	maps.DeleteFunc(t, func(other string, _ File) bool { return engine.Below(name, other) })
}

// sub returns what is at a path and below it, as a tree of its own.
func (t tree) sub(dir string) tree {
	part := tree{}
	for name, f := range t {
		if engine.Below(dir, name) && name != dir {
			part[path.Join("/", strings.TrimPrefix(name, dir))] = f
		}
	}
	return part
}

// mount is a part of a container's paths. Its files are a tree, or a directory or file of this machine.
type mount struct {
	target   string
	tree     tree
	host     string
	readOnly bool
	volume   string // its name
	nameless bool   // the volume's name is its ID
}

// at returns the mount that holds a path, and the path within it.
func (c *container) at(name string) (mount, string) {
	name = path.Clean("/" + name)
	for _, m := range slices.Backward(c.mounts) {
		if engine.Below(m.target, name) {
			return m, path.Join("/", strings.TrimPrefix(name, m.target))
		}
	}
	return c.mounts[0], name // which is at "/"
}

// get returns the file at a path.
func (c *container) get(name string) (File, error) {
	m, within := c.at(name)
	if m.host != "" {
		at := filepath.Join(m.host, within)
		info, err := os.Stat(at)
		if err != nil {
			return File{}, err
		}
		f := File{Mode: info.Mode()}
		if !info.IsDir() {
			f.Data, err = os.ReadFile(at)
		}
		return f, err
	}
	if within == "/" {
		return Directory(), nil
	} else if f, ok := m.tree[within]; ok {
		return f, nil
	}
	return File{}, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// put makes or replaces a file.
func (c *container) put(name string, f File) error {
	m, within := c.at(name)
	at := filepath.Join(m.host, within)
	switch {
	case m.readOnly:
		return fmt.Errorf("%s: read-only file system", name)
	case m.host == "":
		m.tree.add(within, f)
		return nil
	case f.Mode.IsDir():
		return os.MkdirAll(at, f.Mode.Perm())
	}
	return os.WriteFile(at, f.Data, f.Mode.Perm())
}

// remove removes a path, which need not be there, with all below it.
func (c *container) remove(name string) error {
	m, within := c.at(name)
	switch {
	case m.readOnly:
		return fmt.Errorf("%s: read-only file system", name)
	case m.host != "":
		return os.RemoveAll(filepath.Join(m.host, within))
	}
	m.tree.remove(within)
	return nil
}

// list returns the paths at and below a path, relative to it and sorted, so that the first is ".". What is mounted
// below it, and what a directory of this machine has, is left out.
func (c *container) list(name string) ([]string, error) {
	if _, err := c.get(name); err != nil {
		return nil, err
	}
	m, within := c.at(name)
	names := []string{"."}
	for _, other := range slices.Sorted(maps.Keys(m.tree.sub(within))) {
		names = append(names, other[1:])
	}
	return names, nil
}

// readTar reads a stream to its end. Its files have the cleaned names of the stream.
func readTar(r io.Reader) (tree, error) {
	entries := tree{}
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		f := File{Mode: h.FileInfo().Mode(), UID: h.Uid, GID: h.Gid, Link: h.Linkname}
		if f.Data, err = io.ReadAll(tr); err != nil {
			return nil, err
		}
		entries[path.Clean(h.Name)] = f
	}
}

// pack writes what is at a path, with all that is below it, as a tar stream.
func (c *container) pack(w io.Writer, name string) error {
	names, err := c.list(name)
	if err != nil {
		return err
	}
	tw := tar.NewWriter(w)
	for _, n := range names {
		f, err := c.get(path.Join(name, n))
		if err != nil {
			return err
		}
		h := &tar.Header{Name: path.Join(path.Base(name), n), Mode: int64(f.Mode.Perm()), Uid: f.UID, Gid: f.GID,
			ModTime: time.Unix(0, 0), Typeflag: tar.TypeReg, Size: int64(len(f.Data)), Linkname: f.Link}
		switch {
		case f.Mode.IsDir():
			h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
		case f.Mode&fs.ModeSymlink != 0:
			h.Typeflag = tar.TypeSymlink
		}
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		if _, err := tw.Write(f.Data); err != nil {
			return err
		}
	}
	return tw.Close()
}

// with runs do on a container under the lock.
func with[T any](f *Engine, idOrName string, do func(c *container) (T, error)) (T, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.find(idOrName)
	if err != nil {
		var none T
		return none, err
	}
	return do(c)
}

// withContainer is with for what has no result.
func (f *Engine) withContainer(idOrName string, do func(c *container) error) error {
	_, err := with(f, idOrName, func(c *container) (struct{}, error) { return struct{}{}, do(c) })
	return err
}

// Stat returns a file of a container, for hooks and assertions. It is no call.
func (f *Engine) Stat(id, name string) (File, error) {
	return with(f, id, func(c *container) (File, error) { return c.get(name) })
}

// ReadFile returns the content of a file of a container. It is no call.
func (f *Engine) ReadFile(id, name string) ([]byte, error) {
	file, err := f.Stat(id, name)
	return file.Data, err
}

// PutFile makes or replaces a file, a directory or a link of a container, with the
// directories that it needs. It is no call.
func (f *Engine) PutFile(id, name string, file File) error {
	return f.withContainer(id, func(c *container) error { return c.put(name, file) })
}

// WriteFile is PutFile for a regular file of root's. It is no call.
func (f *Engine) WriteFile(id, name string, data []byte) error {
	return f.PutFile(id, name, regular(string(data)))
}

// RemoveFile removes a path of a container and all below it. It is no call.
func (f *Engine) RemoveFile(id, name string) error {
	return f.withContainer(id, func(c *container) error { return c.remove(name) })
}

// ListFiles returns the paths at and below one of a container, relative to it and sorted. It is no call.
func (f *Engine) ListFiles(id, name string) ([]string, error) {
	return with(f, id, func(c *container) ([]string, error) { return c.list(name) })
}
