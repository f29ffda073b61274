package sandbox

import (
	"io/fs"
	"os"
)

// attributesIn returns what Windows has told with the directory already.
func attributesIn(_ *os.File, d fs.DirEntry) *attributes {
	st, err := d.Info()
	if err != nil || !st.Mode().IsRegular() {
		return nil
	}
	return attributesOf(st)
}
