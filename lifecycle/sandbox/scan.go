package sandbox

import (
	"errors"
	"io/fs"
	"os"
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

func (a attributes) equal(b attributes) bool {
	return a.size == b.size && a.mode == b.mode && a.modified.Equal(b.modified)
}

// entry is one thing in a directory.
type entry struct {
	name string
	// typ has the type's bits only.
	typ fs.FileMode
	// attributes are those of a regular file; nil when it was not asked for or is
	// gone again.
	attributes *attributes
}

// scan lists a directory in no particular order. Of regular files for which look
// is true it gets the attributes as well, by the directory's handle: that spares
// the system the way through all directories above, for each file.
func scan(dir string, look func(name string) bool) ([]entry, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	list, err := f.ReadDir(-1)
	out, seen := make([]entry, len(list)), make([]attributes, len(list))
	for i, d := range list {
		e := &out[i]
		e.name, e.typ = d.Name(), d.Type()
		if e.typ.IsRegular() && look(e.name) && attributesIn(f, d, &seen[i]) {
			e.attributes = &seen[i]
		}
	}
	return out, errors.Join(err, f.Close())
}
