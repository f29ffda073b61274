//go:build unix

package lifecycle

import (
	"io/fs"
	"syscall"
)

// inodeOf is the number of a file on its file system.
func inodeOf(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Ino) //nolint:unconvert // it is narrower on some systems
	}
	return 0
}
