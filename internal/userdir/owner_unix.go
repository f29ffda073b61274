//go:build !windows

package userdir

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedByUserOr reports whether a file belongs to this user or to another one.
func ownedByUserOr(st fs.FileInfo, uid int) bool {
	sys, ok := st.Sys().(*syscall.Stat_t)
	return ok && (int(sys.Uid) == os.Getuid() || int(sys.Uid) == uid)
}

func loose(st fs.FileInfo, bits fs.FileMode) bool { return st.Mode().Perm()&bits != 0 }
