package sandbox

import (
	"io/fs"
	"time"
)

// attributes are what tells a changed file from an unchanged one.
type attributes struct {
	size     int64
	modified time.Time
	mode     fs.FileMode
}

func attributesOf(st fs.FileInfo) attributes {
	return attributes{size: st.Size(), modified: st.ModTime(), mode: st.Mode().Perm()}
}

func (a *attributes) equal(b *attributes) bool {
	return a.size == b.size && a.mode == b.mode && a.modified.Equal(b.modified)
}

// entry is one thing in a directory.
type entry struct {
	name string
	// typ has the type's bits only.
	typ fs.FileMode
	attributes
}
