//go:build !windows

package detect

import (
	"fmt"
	"os"
	"syscall"
)

// ownerOf is the number of the user to whom a file belongs; a link is not followed.
func ownerOf(path string) (int, error) {
	st, err := os.Lstat(path)
	if err != nil {
		return 0, err
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, fmt.Errorf("the owner of %s is not known", path)
	}
	return int(sys.Uid), nil
}
