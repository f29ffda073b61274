//go:build !windows

package sandbox

import (
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// nonBlock keeps the opening of a pipe from waiting for its other end.
const nonBlock = unix.O_NONBLOCK

// entriesOf lists an open directory. What is there is found by the directory's
// handle: that spares the system the way through all directories above, for each file.
func entriesOf(f *os.File) ([]entry, error) {
	names, err := f.Readdirnames(-1)
	entries, fd := make([]entry, 0, len(names)), int(f.Fd())
	var st unix.Stat_t
	for _, name := range names {
		if unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
			continue // gone again
		}
		kind := typeOf(uint32(st.Mode)) //nolint:unconvert // it is a uint16 on macOS
		entries = append(entries, entry{name, kind, attributesOf(&st)})
	}
	return entries, err
}

func attributesOf(st *unix.Stat_t) attributes {
	device := uint64(st.Dev) //nolint:unconvert // it is an int32 on macOS
	return attributes{
		stamp: stamp{device: device, inode: st.Ino, changed: st.Ctim.Nano(), modified: st.Mtim.Nano(), size: st.Size},
		mode:  fs.FileMode(st.Mode & 0o777),
	}
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
	case unix.S_IFIFO:
		return fs.ModeNamedPipe
	case unix.S_IFSOCK:
		return fs.ModeSocket
	default:
		return fs.ModeDevice
	}
}

// attributesAt are those of what a path leads to.
func attributesAt(path string) (attributes, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return attributes{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return attributesOf(&st), nil
}

// attributesIn are those of an open file.
func attributesIn(f *os.File) (attributes, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return attributes{}, &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	return attributesOf(&st), nil
}

// identify is what a source is known by at the next Sync.
func identify(_ string, seen attributes) (stamp, error) { return seen.stamp, nil }

// certain is a source's stamp if a later change certainly gives it another one: the system's clock for files stands
// still for some milliseconds, on some file systems for two seconds, and a change within that time of the last one
// cannot be seen. What is not certain has no stamp, so that the next Sync copies it once more.
func (s stamp) certain(now time.Time) stamp {
	step := 50 * time.Millisecond
	if s.changed%int64(time.Second) == 0 {
		step = 2 * time.Second
	}
	if now.UnixNano()-s.changed < int64(step) {
		return stamp{}
	}
	return s
}

// setTime sets when the open file name of d was modified. Should the name be another
// file's by now, that one in d gets the time.
func setTime(_ *os.File, d *os.Root, name string, t time.Time) error { return d.Chtimes(name, t, t) }

// chmodDir sets the permissions of an open directory.
func chmodDir(d *os.Root, mode fs.FileMode) error {
	f, err := d.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Chmod(mode)
}
