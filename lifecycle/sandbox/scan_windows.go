package sandbox

import (
	"io/fs"
	"os"
)

// attributesIn tells what Windows has told with the directory already. It reports
// whether it is a regular file.
func attributesIn(_ *os.File, d fs.DirEntry, a *attributes) bool {
	st, err := d.Info()
	if err != nil || !st.Mode().IsRegular() {
		return false
	}
	*a = attributesOf(st)
	return true
}
