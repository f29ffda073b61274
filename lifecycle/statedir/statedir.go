// Package statedir reads and writes what galley remembers of a project, below its directory .kitchen/galley.
//
// The directory may come with a cloned repository, so nothing in it is trusted: no
// operation follows a symbolic link out of the project.
package statedir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/internal/names"
)

// Name is where the directory is in a project.
const Name = ".kitchen/galley"

// unfinished is what the name of a file begins with that is being written, and
// unfinishedAge how old one must be to be sure that its writer was killed.
const (
	unfinished    = ".new-"
	unfinishedAge = time.Hour
)

// Dir is the state directory of one project. The zero value is not usable.
type Dir struct {
	project string
	// BeforeWrite is called before each change with what is changed, and may refuse it.
	// It is nil but in tests, where a process that was killed changes nothing any more.
	BeforeWrite func(name string) error
}

// Of returns the state directory of the project at a path. It touches nothing.
func Of(project string) Dir { return Dir{project: project} }

// Path is the path of something in the directory; its name has slashes.
func (d Dir) Path(name string) string {
	return filepath.Join(d.project, filepath.FromSlash(Name), filepath.FromSlash(name))
}

// within calls f with the project's root handle and the name there of something in the directory.
func (d Dir) within(name string, f func(root *os.Root, name string) error) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("%q is not a name in %s", name, Name)
	}
	root, err := os.OpenRoot(d.project)
	if err != nil {
		return err
	}
	defer root.Close()
	err = f(root, path.Join(Name, name))
	if err != nil {
		if link := leavesProject(root, path.Join(Name, name)); link != "" {
			return fmt.Errorf("%s is a link that leads nowhere or out of the project, and galley does not follow it\n"+
				"Replace it by a directory, or remove it: %w", filepath.Join(d.project, link), err)
		}
	}
	return err
}

// leavesProject is the first part of a name that is a symbolic link and cannot be followed within root.
func leavesProject(root *os.Root, name string) string {
	part := ""
	for _, elem := range strings.Split(name, "/") {
		part = path.Join(part, elem)
		st, err := root.Lstat(part)
		if err != nil {
			return ""
		}
		if st.Mode()&fs.ModeSymlink != 0 {
			if _, err := root.Stat(part); err != nil {
				return part
			}
		}
	}
	return ""
}

func (d Dir) change(name string, f func(root *os.Root, name string) error) error {
	if d.BeforeWrite != nil {
		if err := d.BeforeWrite(name); err != nil {
			return err
		}
	}
	return d.within(name, f)
}

// ReadFile returns the content of a file. Errors: fs.ErrNotExist.
func (d Dir) ReadFile(name string) (data []byte, err error) {
	err = d.within(name, func(root *os.Root, name string) error {
		data, err = root.ReadFile(name)
		return err
	})
	return data, err
}

// Stat describes a file. Errors: fs.ErrNotExist.
func (d Dir) Stat(name string) (info fs.FileInfo, err error) {
	err = d.within(name, func(root *os.Root, name string) error {
		info, err = root.Stat(name)
		return err
	})
	return info, err
}

// WriteFile replaces a file as a whole, making its directory: a reader, or a crash,
// sees the old content or the new one and nothing in between. Only the user may read it.
func (d Dir) WriteFile(name string, data []byte) error {
	return d.WriteFileFunc(name, func(fs.FileInfo) ([]byte, error) { return data, nil })
}

// WriteFileFunc is WriteFile for a content that depends on the file it will be in.
func (d Dir) WriteFileFunc(name string, content func(fs.FileInfo) ([]byte, error)) error {
	return d.WriteStream(name, func(f *os.File) error { return fill(f, content) })
}

// Open opens a file for reading; the caller closes it. Errors: fs.ErrNotExist.
func (d Dir) Open(name string) (f *os.File, err error) {
	err = d.within(name, func(root *os.Root, name string) error {
		f, err = root.Open(name)
		return err
	})
	return f, err
}

// WriteStream is WriteFile for a content that write writes into the file.
func (d Dir) WriteStream(name string, write func(*os.File) error) error {
	return d.change(name, func(root *os.Root, name string) error {
		if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
			return err
		}
		temporary := path.Join(path.Dir(name), unfinished+names.Random(8))
		f, err := root.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if err = errors.Join(write(f), f.Close()); err == nil {
			err = root.Rename(temporary, name)
		}
		if err != nil {
			return errors.Join(err, root.Remove(temporary))
		}
		return nil
	})
}

// Tidy removes files that writers which were killed left in the directory, and refuses one in which something is a link
// that leads out of the project: not all of it is used through this package.
func (d Dir) Tidy() error {
	entries, err := d.entries(".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch {
		case e.Type()&fs.ModeSymlink != 0:
			if _, err := d.Stat(e.Name()); err != nil {
				return err
			}
		case strings.HasPrefix(e.Name(), unfinished) && e.Type().IsRegular():
			st, err := e.Info()
			if err != nil || time.Since(st.ModTime()) < unfinishedAge {
				continue // it has just got its name, or is about to
			}
			if err := d.Remove(e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

func fill(f *os.File, content func(fs.FileInfo) ([]byte, error)) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	data, err := content(info)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return err
}

// Rename gives a file another name, in place of what had that name.
func (d Dir) Rename(from, to string) error {
	return d.change(from, func(root *os.Root, from string) error { return root.Rename(from, path.Join(Name, to)) })
}

// MkdirAll makes a directory and those above it. It has just that mode, where it may have it.
func (d Dir) MkdirAll(name string, mode fs.FileMode) error {
	return d.change(name, func(root *os.Root, name string) error {
		if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
			return err
		}
		if err := root.MkdirAll(name, mode); err != nil {
			return err
		}
		if err := root.Chmod(name, mode); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
		return nil
	})
}

// Remove removes a file; absent is success.
func (d Dir) Remove(name string) error {
	return d.change(name, func(root *os.Root, name string) error {
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// RemoveAll removes a directory with all that is in it; absent is success.
func (d Dir) RemoveAll(name string) error {
	return d.change(name, func(root *os.Root, name string) error { return root.RemoveAll(name) })
}

// Names lists what is directly in a directory, sorted; an absent one holds nothing.
func (d Dir) Names(name string) (list []string, err error) {
	entries, err := d.entries(name)
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list, err
}

func (d Dir) entries(name string) (list []fs.DirEntry, err error) {
	err = d.within(name, func(root *os.Root, name string) error {
		list, err = fs.ReadDir(root.FS(), name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return list, err
}
