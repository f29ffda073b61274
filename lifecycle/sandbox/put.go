package sandbox

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// sourceError is about the file to copy, not about the copy.
type sourceError struct{ error }

// Unwrap gives the cause.
func (e *sourceError) Unwrap() error { return e.error }

// put makes the file name in d what f says, and reports whether it had to. have are the
// attributes of the regular file that is there, or nil; old is what was put there last.
func put(d *os.Root, name string, f *File, have *attributes, old record) (changed bool, err error) {
	want, source, err := f.wanted()
	if err != nil {
		return false, &sourceError{err}
	}
	if have != nil && have.mode == want.mode && old.source == source && old.copy == have.stamp && source != (stamp{}) {
		f.copied = old
		return false, nil
	}
	if f.Source == "" {
		f.copied.source = source
		f.copied.copy, err = replace(d, name, bytes.NewReader(f.Data), want.mode, nil)
	} else {
		err = f.copy(d, name, want.mode)
	}
	if err != nil {
		f.copied = record{}
	}
	return true, err
}

// wanted are the attributes that a file is to have in a sandbox, and what its source is known by.
func (f *File) wanted() (want attributes, source stamp, err error) {
	if f.Source == "" {
		want.mode, source = 0o644, digestStamp(sha256.Sum256(f.Data))
	} else {
		if f.seen != nil {
			want = *f.seen
		} else if want, err = attributesAt(f.Source); err != nil {
			return want, source, err
		}
		if source, err = identify(f.Source, want); err != nil {
			return want, source, err
		}
	}
	if f.Mode != 0 {
		want.mode = f.Mode.Perm()
	}
	return want, source, nil
}

// copy copies a source, which may have changed since Tree saw it.
func (f *File) copy(d *os.Root, name string, mode fs.FileMode) error {
	now := time.Now()
	in, _, err := OpenRegular(f.Source)
	if err != nil {
		return &sourceError{err}
	}
	defer in.Close()
	from, err := attributesIn(in)
	if err != nil {
		return &sourceError{err}
	}
	source, err := identify(f.Source, from)
	if err != nil {
		return &sourceError{err}
	}
	modified := from.time()
	// Between two files this is the kernel's own copy, which shares blocks where the file system can.
	f.copied.copy, err = replace(d, name, in, mode, &modified)
	f.copied.source = source.certain(now)
	return err
}

// attempts is how often a file is written anew while the runner puts another one there.
const attempts = 3

// replace writes a file anew and returns its stamp. The old one, whatever owner it has and
// whatever it is, is unlinked first and never opened. modified may be nil.
func replace(d *os.Root, name string, content io.Reader, mode fs.FileMode, modified *time.Time) (stamp, error) {
	var out *os.File
	for i := 1; out == nil; i++ {
		err := d.Remove(name)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			out, err = d.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		}
		if err != nil && (i == attempts || !errors.Is(err, fs.ErrExist)) {
			return stamp{}, err
		}
	}
	_, err := io.Copy(out, content)
	if err == nil {
		err = out.Chmod(mode) // by the handle: the name may be another file's by now
	}
	if err == nil && modified != nil {
		if err = setTime(out, d, name, *modified); errors.Is(err, fs.ErrNotExist) {
			err = nil // the runner has removed it, which the next Sync sees
		}
	}
	now, statErr := attributesIn(out)
	return now.stamp, errors.Join(err, statErr, out.Close())
}

// WriteFile replaces a file as a whole, making its directory: a reader, or a crash, sees the old content or the new one
// and nothing in between. It is for places that only this user can write.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(tmp, bytes.NewReader(data))
	err = errors.Join(err, tmp.Chmod(mode), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}
