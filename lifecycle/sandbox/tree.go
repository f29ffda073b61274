package sandbox

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Tree lists the files below a directory as sandbox files under the prefix to, in
// order. Symbolic links are followed, as a copy would; a link that leads nowhere
// is left out. skip may be nil; it gets paths relative to from, and is called from
// several goroutines.
func Tree(from, to string, skip func(rel string, dir bool) bool) ([]File, error) {
	t := &tree{skip: skip}
	if to = path.Clean(to); to != "." {
		t.to = to + "/"
	}
	t.group.SetLimit(runtime.GOMAXPROCS(0))
	st, err := os.Stat(from)
	if err != nil {
		return nil, err
	}
	return t.walk(from, "", []fs.FileInfo{st})
}

type tree struct {
	to    string
	skip  func(string, bool) bool
	group errgroup.Group
}

// part is what one entry of a directory comes to.
type part struct {
	files []File
	err   error
}

// walk lists one directory; above are the directories that it lies in.
func (t *tree) walk(dir, rel string, above []fs.FileInfo) ([]File, error) {
	entries, err := scan(dir)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	below := map[int]*part{}
	var wait sync.WaitGroup
	for i := range entries {
		if !entries[i].typ.IsRegular() {
			below[i] = t.start(&wait, dir, rel, entries[i], above)
		}
	}
	wait.Wait()
	size := len(entries)
	for _, p := range below {
		size += len(p.files)
	}
	files := make([]File, 0, size)
	paths, sources := joined(t.to+rel, entries), joined(dir+string(filepath.Separator), entries)
	for i := range entries {
		switch p := below[i]; {
		case p != nil && p.err != nil:
			return nil, p.err
		case p != nil:
			files = append(files, p.files...)
		case t.skip == nil || !t.skip(paths[i][len(t.to):], false):
			files = append(files, File{Path: paths[i], Source: sources[i], seen: &entries[i].attributes})
		}
	}
	return files, nil
}

// start lists what is no regular file, a directory beside the rest if a goroutine is
// free. The part is good after the wait.
func (t *tree) start(wait *sync.WaitGroup, dir, rel string, e entry, above []fs.FileInfo) *part {
	p := &part{}
	f := func() { p.files, p.err = t.other(dir+string(filepath.Separator)+e.name, rel+e.name, e.typ, above) }
	if !e.typ.IsDir() {
		f()
		return p
	}
	wait.Add(1)
	if !t.group.TryGo(func() error { defer wait.Done(); f(); return nil }) {
		f()
		wait.Done()
	}
	return p
}

// joined puts a prefix in front of each name. All of it is in one piece of memory,
// which is made much faster than many small ones.
func joined(prefix string, entries []entry) []string {
	size := 0
	for i := range entries {
		size += len(prefix) + len(entries[i].name)
	}
	var b strings.Builder
	b.Grow(size)
	for i := range entries {
		b.WriteString(prefix)
		b.WriteString(entries[i].name)
	}
	all := b.String()
	paths := make([]string, len(entries))
	for i := range entries {
		n := len(prefix) + len(entries[i].name)
		paths[i], all = all[:n], all[n:]
	}
	return paths
}

// other lists what is no regular file at first sight: a directory, or a link to
// whatever it leads to.
func (t *tree) other(p, rel string, typ fs.FileMode, above []fs.FileInfo) ([]File, error) {
	link := typ&fs.ModeSymlink != 0
	if !link && !typ.IsDir() {
		return nil, nil // a socket and the like is nothing to copy
	}
	st, err := os.Stat(p)
	if err != nil {
		if link {
			return nil, nil
		}
		return nil, err
	}
	switch {
	case t.skip != nil && t.skip(rel, st.IsDir()), link && loops(st, above):
		return nil, nil
	case st.IsDir():
		return t.walk(p, rel+"/", append(slices.Clip(above), st))
	case st.Mode().IsRegular():
		seen := attributesOf(st)
		return []File{{Path: t.to + rel, Source: p, seen: &seen}}, nil
	}
	return nil, nil
}

// loops tells whether a directory is one of those it lies in, by way of a link.
func loops(st fs.FileInfo, above []fs.FileInfo) bool {
	for _, a := range above {
		if os.SameFile(a, st) {
			return true
		}
	}
	return false
}
