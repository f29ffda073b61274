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
func within[T any](d Dir, name string, f func(root *os.Root, name string) (T, error)) (found T, err error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return found, fmt.Errorf("%q is not a name in %s", name, Name)
	}
	root, err := os.OpenRoot(d.project)
	if err != nil {
		return found, err
	}
	defer root.Close()
	found, err = f(root, path.Join(Name, name))
	if err != nil {
		if link := leavesProject(root, path.Join(Name, name)); link != "" {
			return found, fmt.Errorf("%s is a link that leads nowhere or out of the project, and galley does not follow it\n"+
				"Replace it by a directory, or remove it: %w", filepath.Join(d.project, link), err)
		}
	}
	return found, err
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
	_, err := within(d, name, func(root *os.Root, name string) (struct{}, error) { return struct{}{}, f(root, name) })
	return err
}

// ReadFile returns the content of a file. Errors: fs.ErrNotExist.
func (d Dir) ReadFile(name string) ([]byte, error) { return within(d, name, (*os.Root).ReadFile) }

// Stat describes a file. Errors: fs.ErrNotExist.
func (d Dir) Stat(name string) (fs.FileInfo, error) { return within(d, name, (*os.Root).Stat) }

// WriteFile replaces a file as a whole, making its directory: a reader, or a crash,
// sees the old content or the new one and nothing in between. Only the user may read it.
func (d Dir) WriteFile(name string, data []byte) error {
	return d.WriteStream(name, func(f *os.File) error {
		_, err := f.Write(data)
		return err
	})
}

// Open opens a file for reading; the caller closes it. Errors: fs.ErrNotExist.
func (d Dir) Open(name string) (*os.File, error) { return within(d, name, (*os.Root).Open) }

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

// Rename gives a file another name, in place of what had that name.
func (d Dir) Rename(from, to string) error {
	return d.change(from, func(root *os.Root, from string) error { return root.Rename(from, path.Join(Name, to)) })
}

// MkdirAll makes a directory and those above it. It has just that mode, where it may have it.
func (d Dir) MkdirAll(name string, mode fs.FileMode) error {
	return d.change(name, func(root *os.Root, name string) error {
		err := root.MkdirAll(path.Dir(name), 0o700)
		if err == nil {
			err = root.MkdirAll(name, mode)
		}
		if err != nil {
			return err
		}
		if err = root.Chmod(name, mode); errors.Is(err, fs.ErrPermission) {
			return nil
		}
		return err
	})
}

// Remove removes a file; absent is success.
func (d Dir) Remove(name string) error {
	return d.change(name, func(root *os.Root, name string) error {
		err := root.Remove(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// RemoveAll removes a directory with all that is in it; absent is success.
func (d Dir) RemoveAll(name string) error {
	return d.change(name, (*os.Root).RemoveAll)
}

// Names lists what is directly in a directory, sorted; an absent one holds nothing.
func (d Dir) Names(name string) (list []string, err error) {
	entries, err := d.entries(name)
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list, err
}

func (d Dir) entries(name string) ([]fs.DirEntry, error) {
	return within(d, name, func(root *os.Root, name string) ([]fs.DirEntry, error) {
		list, err := fs.ReadDir(root.FS(), name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return list, err
	})
}
