package sandbox

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// sourceError is about the file to copy, not about the copy.
type sourceError struct{ error }

// Unwrap gives the cause.
func (e *sourceError) Unwrap() error { return e.error }

// put makes the file name in dir what f says. have are the attributes of the
// regular file that is there, or nil.
func put(dir, name string, f *File, have *attributes) error {
	if f.Source == "" {
		return putData(filepath.Join(dir, name), f, have)
	}
	var want attributes
	if f.seen != nil {
		want = *f.seen
	} else {
		st, err := os.Stat(f.Source)
		if err != nil {
			return &sourceError{err}
		}
		want = attributesOf(st)
	}
	if f.Mode != 0 {
		want.mode = f.Mode
	}
	if have != nil && *have == want {
		return nil
	}
	to := filepath.Join(dir, name)
	in, err := os.Open(f.Source)
	if err != nil {
		return &sourceError{err}
	}
	defer in.Close()
	if err := replace(to, in, want.mode); err != nil {
		return err
	}
	return os.Chtimes(to, want.time(), want.time())
}

func putData(to string, f *File, have *attributes) error {
	mode := f.Mode
	if mode == 0 {
		mode = 0o644
	}
	if have != nil && have.size == int64(len(f.Data)) && have.mode == mode {
		if old, err := os.ReadFile(to); err == nil && bytes.Equal(old, f.Data) {
			return nil
		}
	}
	return replace(to, bytes.NewReader(f.Data), mode)
}

// replace writes a file anew; the old one, whoever owns it, is unlinked first.
func replace(to string, from io.Reader, mode fs.FileMode) error {
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	// Between two files this is the kernel's own copy, which shares blocks where
	// the file system can.
	_, err = io.Copy(out, from)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Chmod(to, mode) // the umask may have taken something away
}

// makeDir makes a directory that every user of the runner may enter, as in a runner
// to which the files are sent, whatever this user's umask is: to a remapped root, or a
// user that the image names, this user's directories are somebody else's.
func makeDir(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return os.Chmod(dir, 0o755)
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
