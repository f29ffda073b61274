// Package sandbox keeps the directory that an instance's runner sees in step with
// what it should hold.
package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
)

// File is one file that a sandbox should hold.
type File struct {
	// Path is where, relative to the sandbox and with slashes.
	Path string
	// Source is the file to copy; when it is empty, Data is the content.
	Source string
	Data   []byte
	// Mode is the file's permissions; 0 means the source's, or 0644.
	Mode fs.FileMode
}

// Dir is a sandbox: a directory on this machine, and where the runner sees it.
type Dir struct {
	Local, Remote string
}

// Sync makes dir hold exactly the files given. Unchanged ones keep their inode
// and are not read: a copy has its source's size and modification time, and two
// that agree in both are taken to be the same. Paths for which keep is true
// (what the tool itself wrote, such as its cache) are left alone; keep may be nil.
func Sync(dir string, files []File, keep func(path string) bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the sandbox: %w", err)
	}
	want := make(map[string]*File, len(files))
	parents := map[string]bool{".": true}
	for i := range files {
		p := path.Clean(files[i].Path)
		if p == "." || p == ".." || strings.HasPrefix(p, "../") || path.IsAbs(p) {
			return fmt.Errorf("make the sandbox: %q is not inside it", files[i].Path)
		}
		want[p] = &files[i]
		for d := path.Dir(p); !parents[d]; d = path.Dir(d) {
			parents[d] = true
		}
	}
	if err := prune(dir, want, parents, keep); err != nil {
		return err
	}
	for _, p := range sortedKeys(parents) {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(p)), 0o755); err != nil {
			return fmt.Errorf("make the sandbox: %w", err)
		}
	}
	for _, p := range sortedKeys(want) {
		if err := put(filepath.Join(dir, filepath.FromSlash(p)), want[p]); err != nil {
			return fmt.Errorf("put %s into the sandbox: %w", p, err)
		}
	}
	return nil
}

// prune removes what does not belong. A directory that holds something kept stays.
func prune(dir string, want map[string]*File, parents map[string]bool, keep func(string) bool) error {
	var extra []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if keep != nil && rel != "." && keep(rel) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			switch {
			case parents[rel]:
			case want[rel] != nil: // a file takes the directory's place
				extra = append(extra, p)
				return fs.SkipDir
			default:
				extra = append(extra, p)
				return fs.SkipDir
			}
			return nil
		}
		if want[rel] == nil || parents[rel] {
			extra = append(extra, p)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look through the sandbox: %w", err)
	}
	for _, p := range extra {
		if err := os.RemoveAll(p); err != nil {
			return &LeftoverError{Path: p, Err: err}
		}
	}
	return nil
}

// LeftoverError says that something in the sandbox cannot be removed from this
// side, usually because the container's root owns it.
type LeftoverError struct {
	Path string
	Err  error
}

// Error names the path.
func (e *LeftoverError) Error() string {
	return fmt.Sprintf("remove %s from the sandbox: %v", e.Path, e.Err)
}

// Unwrap gives the cause.
func (e *LeftoverError) Unwrap() error { return e.Err }

func put(to string, f *File) error {
	if f.Source == "" {
		return putData(to, f)
	}
	src, err := os.Stat(f.Source)
	if err != nil {
		return err
	}
	mode := f.Mode
	if mode == 0 {
		mode = src.Mode().Perm()
	}
	if old, err := os.Lstat(to); err == nil && old.Mode().IsRegular() && old.Size() == src.Size() &&
		old.ModTime().Equal(src.ModTime()) && old.Mode().Perm() == mode {
		return nil
	}
	in, err := os.Open(f.Source)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := replace(to, in, mode); err != nil {
		return err
	}
	return os.Chtimes(to, src.ModTime(), src.ModTime())
}

func putData(to string, f *File) error {
	mode := f.Mode
	if mode == 0 {
		mode = 0o644
	}
	if old, err := os.Lstat(to); err == nil && old.Mode().IsRegular() && old.Size() == int64(len(f.Data)) && old.Mode().Perm() == mode {
		if have, err := os.ReadFile(to); err == nil && bytes.Equal(have, f.Data) {
			return nil
		}
	}
	return replace(to, bytes.NewReader(f.Data), mode)
}

// replace writes a file anew; the old one, whoever owns it, is unlinked first.
func replace(to string, from io.Reader, mode fs.FileMode) error {
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &LeftoverError{Path: to, Err: err}
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, from)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Chmod(to, mode) // the umask may have taken something away
}

// Tree lists the files below a directory as sandbox files under the prefix to.
// Symbolic links are followed, as a copy would; a link that leads nowhere is
// left out. skip may be nil; it gets paths relative to from.
func Tree(from, to string, skip func(rel string, dir bool) bool) ([]File, error) {
	var files []File
	err := walk(from, "", skip, nil, func(rel, source string) {
		files = append(files, File{Path: path.Join(to, rel), Source: source})
	})
	return files, err
}

func walk(dir, rel string, skip func(string, bool) bool, above []fs.FileInfo, visit func(rel, source string)) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		p, r := filepath.Join(dir, e.Name()), path.Join(rel, e.Name())
		mode := e.Type()
		if mode&fs.ModeSymlink != 0 {
			st, err := os.Stat(p)
			if err != nil {
				continue
			}
			mode = st.Mode().Type()
		}
		if skip != nil && skip(r, mode.IsDir()) {
			continue
		}
		switch {
		case mode.IsDir():
			st, err := os.Stat(p)
			if err != nil {
				return err
			}
			if loops(st, above) {
				continue
			}
			if err := walk(p, r, skip, append(above, st), visit); err != nil {
				return err
			}
		case mode.IsRegular():
			visit(r, p)
		}
	}
	return nil
}

// loops tells whether a directory is one of those it lies in, by way of a link.
func loops(st fs.FileInfo, above []fs.FileInfo) bool {
	for _, a := range above {
		if os.SameFile(a, st) {
			return true
		}
	}
	return false
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// WriteFile replaces a file as a whole, making its directory: a reader, or a
// crash, sees the old content or the new one and nothing in between.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}
