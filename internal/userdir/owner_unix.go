//go:build !windows

package userdir

import (
	"io/fs"
	"syscall"
)

// ownerOf is the number of the user to whom a file belongs, or -1 where that is not known.
func ownerOf(st fs.FileInfo) int {
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		return int(sys.Uid)
	}
	return -1
}

func loose(st fs.FileInfo, bits fs.FileMode) bool { return st.Mode().Perm()&bits != 0 }
