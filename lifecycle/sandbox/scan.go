package sandbox

import (
	"io/fs"
	"time"
)

// attributes are what tells a changed file from an unchanged one.
type attributes struct {
	size int64
	// modified is in nanoseconds since 1970: there are many of these, and a
	// time.Time is three times as large.
	modified int64
	mode     fs.FileMode
}

func attributesOf(st fs.FileInfo) attributes {
	return attributes{size: st.Size(), modified: st.ModTime().UnixNano(), mode: st.Mode().Perm()}
}

// time is when the content was changed.
func (a *attributes) time() time.Time { return time.Unix(0, a.modified) }

// entry is one thing in a directory.
type entry struct {
	name string
	// typ has the type's bits only.
	typ fs.FileMode
	attributes
}
