//go:build !windows

package sandbox

import (
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// attributesIn looks at a file of an open directory. It reports whether it is a
// regular one.
func attributesIn(dir *os.File, d fs.DirEntry, a *attributes) bool {
	var st unix.Stat_t
	if err := unix.Fstatat(int(dir.Fd()), d.Name(), &st, unix.AT_SYMLINK_NOFOLLOW); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return false
	}
	sec, nsec := st.Mtim.Unix()
	*a = attributes{size: st.Size, modified: time.Unix(sec, nsec), mode: fs.FileMode(st.Mode & 0o777)}
	return true
}
