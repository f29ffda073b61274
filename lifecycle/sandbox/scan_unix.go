//go:build !windows

package sandbox

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// scan lists a directory in no particular order. It looks at what is there by the
// directory's handle: that spares the system the way through all directories
// above, for each file.
func scan(dir string) ([]entry, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	entries, fd := make([]entry, 0, len(names)), int(f.Fd())
	var st unix.Stat_t
	for _, name := range names {
		if unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
			continue // gone again
		}
		entries = append(entries, entry{name, typeOf(uint32(st.Mode)), //nolint:unconvert // it is a uint16 on macOS
			attributes{size: st.Size, modified: st.Mtim.Nano(), mode: fs.FileMode(st.Mode & 0o777)}})
	}
	return entries, errors.Join(err, f.Close())
}

// typeOf is a file's type in Go's terms.
func typeOf(mode uint32) fs.FileMode {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return 0
	case unix.S_IFDIR:
		return fs.ModeDir
	case unix.S_IFLNK:
		return fs.ModeSymlink
	default:
		return fs.ModeIrregular
	}
}
