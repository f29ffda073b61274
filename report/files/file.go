// Package files is what reports and logs write on this machine, and how: for whom the files are readable, and which
// links are followed.
package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// fileMode is that of reports and logs: they may tell what only this user may know. A file that is there already keeps
// its mode.
const fileMode = 0o600

// file is one that is written, below a directory that is held open: no link leads out of it.
type file struct {
	root *os.Root
	name string // below root
}

// locate finds the place of a file, and makes missing directories. An absolute path that the user gave may be a link,
// and is followed once, here; a relative one must not lead out of the working directory by a link, which may have come
// with a cloned repository. With within (a project's directory), the path comes from the project's own files: it must
// stay within, and nothing of it may be a link that leads out.
func locate(path, within string) (file, error) {
	if within == "" {
		given := path
		target, err := filepath.EvalSymlinks(path)
		switch {
		case err == nil:
			path = target
		case !errors.Is(err, fs.ErrNotExist):
			return file{}, err
		case isLink(path):
			return file{}, errors.New("it is a link to a file that is not there")
		}
		if err := linkedOut(given); err != nil {
			return file{}, err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return file{}, err
		}
		root, err := os.OpenRoot(filepath.Dir(path))
		return file{root, filepath.Base(path)}, err
	}
	within, err := filepath.Abs(within)
	if err != nil {
		return file{}, err
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(within, path)
	}
	name, err := filepath.Rel(within, path)
	if err != nil || !filepath.IsLocal(name) {
		return file{}, errors.New("it is outside of the project, and the project's own settings name it; " +
			"name it on the command line, or in your own settings")
	}
	root, err := os.OpenRoot(within)
	if err != nil {
		return file{}, err
	}
	p := file{root, name}
	if err := p.root.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return file{}, errors.Join(err, root.Close())
	}
	return p, nil
}

// linkedOut refuses a relative path without ".." that links lead out of the working directory.
func linkedOut(path string) error {
	if !filepath.IsLocal(path) {
		return nil
	}
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	if here, err = filepath.EvalSymlinks(here); err != nil {
		return err
	}
	// Of a path that is not there whole, the part that is decides.
	for p := path; p != "."; p = filepath.Dir(p) {
		target, err := filepath.EvalSymlinks(filepath.Join(here, p))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if rel, err := filepath.Rel(here, target); err != nil || !filepath.IsLocal(rel) {
			return fmt.Errorf("%s is a link that leads out of this directory, to %s; name that path if you mean it", p, target)
		}
		return nil
	}
	return nil
}

func isLink(path string) bool {
	st, err := os.Lstat(path)
	return err == nil && st.Mode()&fs.ModeSymlink != 0
}

func (p file) close() error { return p.root.Close() }

// open opens the file for appending, and makes it where it is missing. With truncate it is emptied. Errors: it is a
// link, or not an ordinary file.
func (p file) open(truncate bool) (*os.File, error) {
	st, err := p.root.Lstat(p.name)
	if err == nil && !st.Mode().IsRegular() {
		return nil, notOrdinary(p.name, st)
	}
	f, err := p.root.OpenFile(p.name, os.O_CREATE|os.O_RDWR|os.O_APPEND, fileMode)
	if err != nil {
		return nil, err
	}
	now, err := f.Stat()
	switch {
	case err != nil:
	case !now.Mode().IsRegular() || st != nil && !os.SameFile(st, now):
		err = errors.New(p.name + " was exchanged while it was opened")
	case truncate:
		err = f.Truncate(0)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func notOrdinary(name string, st fs.FileInfo) error {
	if st.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%s is a symbolic link, which is not followed; remove it", name)
	}
	return fmt.Errorf("%s is not an ordinary file; remove it", name)
}

// part is the name of the file that is put in the place of another when it is whole.
func (p file) part() string { return p.name + ".part" }

// create makes the part anew. What is there of that name, a link too, is removed.
func (p file) create() (*os.File, error) {
	if err := p.root.Remove(p.part()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return p.root.OpenFile(p.part(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
}

// replace puts the part in the place of the file, with the mode that the file had.
func (p file) replace(part *os.File) error {
	if st, err := p.root.Lstat(p.name); err == nil && st.Mode().IsRegular() {
		if err := part.Chmod(st.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := part.Close(); err != nil {
		return err
	}
	return p.root.Rename(p.part(), p.name)
}

// discard removes the part.
func (p file) discard() error { return p.root.Remove(p.part()) }

// Open opens a file for appending, and makes it, with its directory, where it is missing. A pipe or a device is opened
// as it is, when the user named it.
func Open(path, within string, truncate bool) (*os.File, error) {
	if st, err := os.Stat(path); within == "" && err == nil && !st.Mode().IsRegular() && !st.IsDir() {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return nil, unwritable(path, err)
		}
		return f, nil
	}
	p, err := locate(path, within)
	if err != nil {
		return nil, unwritable(path, err)
	}
	f, err := p.open(truncate)
	if err := errors.Join(err, p.close()); err != nil {
		return nil, unwritable(path, err)
	}
	return f, nil
}
