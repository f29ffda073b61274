package sandbox

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// stamp is what tells a changed file from an unchanged one without reading it: which file it is, and when it was
// changed last. Times are in nanoseconds since 1970: there are many of these, and a time.Time is three times as large.
type stamp struct {
	// device and inode are which file this is. Copying or moving another one to its
	// path, or switching a link above it, changes them.
	device, inode uint64
	// changed is when the system last noted a change of content or attributes. Unlike modified, it cannot be set back.
	changed        int64
	modified, size int64
}

// attributes are a file's stamp and its permissions.
type attributes struct {
	stamp
	mode fs.FileMode
}

// time is when the content was changed.
func (a *attributes) time() time.Time { return time.Unix(0, a.modified) }

// entry is one thing in a directory.
type entry struct {
	name string
	// typ has the type's bits only.
	typ fs.FileMode
	attributes
}

// scan lists a directory that was opened, in no particular order, and closes it.
func scan(f *os.File, err error) ([]entry, error) {
	if err != nil {
		return nil, err
	}
	entries, err := entriesOf(f)
	return entries, errors.Join(err, f.Close())
}

// OpenRegular opens a file for reading, and nothing else: no directory, and no pipe or
// device, which would block or act when it is opened.
func OpenRegular(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|nonBlock, 0)
	if err != nil {
		return nil, nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: path, Err: errNotRegular}
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, st, nil
}

// errNotRegular says that something is a directory, a pipe, a device or a socket.
var errNotRegular = errors.New("not a regular file")
