package sandbox

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/lifecycle/project"
)

// Tree lists the files below a directory as sandbox files under the prefix to, in order, and those directories that are
// empty or have other permissions than most. Symbolic links are followed, as a copy would; a link that leads nowhere,
// or to a directory that it lies in, is left out. So are .git and .kitchen wherever they are, unless from is one
// itself: no list ever holds what galley makes. skip may be nil; it gets paths relative to from, and is called from
// several goroutines.
func Tree(from, to string, skip func(rel string, dir bool) bool) ([]File, error) {
	files, _, err := TreeTold(from, to, skip)
	return files, err
}

// TreeTold is Tree, and returns the paths of the pipes, devices, sockets and links to
// nowhere that it leaves out, for copies of what kitchen.yml names.
func TreeTold(from, to string, skip func(rel string, dir bool) bool) (files []File, skipped []string, err error) {
	return list(from, to, &tree{skip: skip, follow: true})
}

// Entries lists what is below a directory as it is: symbolic links stay links, and every
// directory has an entry. What Tree leaves out is left out here as well. Pipes, devices
// and sockets are skipped, and told with their paths. skip is as of Tree.
func Entries(from, to string, skip func(rel string, dir bool) bool) (files []File, skipped []string, err error) {
	return list(from, to, &tree{skip: skip})
}

type tree struct {
	workers workers
	to      string
	skip    func(string, bool) bool
	follow  bool
	// hidden reports whether a link may not lead to a path.
	hidden func(string) bool

	mu      sync.Mutex
	skipped []string
}

func list(from, to string, t *tree) (files []File, skipped []string, err error) {
	t.workers = newWorkers()
	if to = path.Clean(to); to != "." {
		t.to = to + "/"
	}
	st, err := os.Stat(from)
	if err != nil {
		return nil, nil, err
	}
	above, err := t.ancestors(from)
	if err != nil {
		return nil, nil, err
	}
	files, err = t.directory(from, "", st, above)
	slices.Sort(t.skipped)
	return files, t.skipped, err
}

// directory lists a directory with what is in it, and itself where that says more. One
// of which all was skipped is not wanted.
func (t *tree) directory(dir, rel string, st fs.FileInfo, above []fs.FileInfo) ([]File, error) {
	if t.follow {
		above = append(slices.Clip(above), st)
	}
	prefix := rel
	if rel != "" {
		prefix += "/"
	}
	files, entries, err := t.walk(dir, prefix, above)
	p := path.Clean(t.to + rel)
	unwanted := len(files) == 0 && entries > 0 && t.skip != nil
	// Windows knows of no permissions of directories.
	plain := len(files) > 0 && (st.Mode().Perm() == defaultDirMode || runtime.GOOS == "windows")
	if err != nil || p == "." || t.follow && (unwanted || plain) {
		return files, err
	}
	return slices.Insert(files, 0, File{Path: p, Dir: true, Mode: st.Mode().Perm()}), nil
}

// ancestors are the directories that from lies in, in truth. They also say where links
// may not lead: into a .git or .kitchen that from is not in.
func (t *tree) ancestors(from string) ([]fs.FileInfo, error) {
	if !t.follow {
		return nil, nil
	}
	dir, err := filepath.Abs(from)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	in := dir
	t.hidden = func(p string) bool {
		for ; p != filepath.Dir(p); p = filepath.Dir(p) {
			if own(filepath.Dir(p), filepath.Base(p)) && !project.Within(p, in) {
				return true
			}
		}
		return false
	}
	var above []fs.FileInfo
	for up := filepath.Dir(dir); up != dir; up = filepath.Dir(dir) {
		dir = up
		st, err := os.Stat(dir)
		if err != nil {
			return nil, err
		}
		above = append(above, st)
	}
	return above, nil
}

// own reports whether the directory name in dir is not to be sent: the repository's, or galley's own.
func own(dir, name string) bool {
	return strings.EqualFold(name, ".git") || strings.EqualFold(name, ".kitchen") ||
		name == "galley" && strings.EqualFold(filepath.Base(dir), ".kitchen")
}

// walk lists what is in one directory, and tells how many entries that has; above are
// the directory and those that it lies in.
func (t *tree) walk(dir, rel string, above []fs.FileInfo) ([]File, int, error) {
	entries, err := scan(os.Open(dir))
	if err != nil {
		return nil, 0, err
	}
	entries = slices.DeleteFunc(entries, func(e entry) bool { return own(dir, e.name) })
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	lists, errs := make([][]File, len(entries)), make([]error, len(entries))
	var wait sync.WaitGroup
	for i := range entries {
		e := &entries[i]
		p, at := dir+string(filepath.Separator)+e.name, rel+e.name
		switch {
		case e.typ.IsDir():
			t.workers.do(&wait, func() { lists[i], errs[i] = t.other(p, at, e, above) })
		case !e.typ.IsRegular():
			lists[i], errs[i] = t.other(p, at, e, above)
		case t.skip == nil || !t.skip(at, false):
			lists[i] = []File{{Path: t.to + at, Source: p, seen: &e.attributes}}
		}
	}
	wait.Wait()
	return slices.Concat(lists...), len(entries), errors.Join(errs...)
}

// other lists what is no regular file at first sight: a directory, or a link and what it leads to.
func (t *tree) other(p, rel string, e *entry, above []fs.FileInfo) ([]File, error) {
	link := e.typ&fs.ModeSymlink != 0
	switch {
	case !link && !e.typ.IsDir():
		t.tell(rel)
		return nil, nil
	case link && !t.follow:
		target, err := os.Readlink(p)
		return []File{{Path: t.to + rel, Link: filepath.ToSlash(target)}}, err
	}
	st, err := os.Stat(p)
	if err != nil {
		if link {
			t.tell(rel)
			return nil, nil
		}
		return nil, err
	}
	switch {
	case t.skip != nil && t.skip(rel, st.IsDir()):
		return nil, nil
	case link && t.loops(p, st, above):
		if !st.IsDir() {
			t.tell(rel)
		}
		return nil, nil
	case st.IsDir():
		return t.directory(p, rel, st, above)
	case st.Mode().IsRegular():
		seen, err := attributesAt(p)
		return []File{{Path: t.to + rel, Source: p, seen: &seen}}, err
	}
	t.tell(rel)
	return nil, nil
}

// tell notes what is skipped.
func (t *tree) tell(rel string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skipped = append(t.skipped, t.to+rel)
}

// loops reports whether a link leads to a directory that it lies in, or to what is not to be sent.
func (t *tree) loops(p string, st fs.FileInfo, above []fs.FileInfo) bool {
	for _, a := range above {
		if st.IsDir() && os.SameFile(a, st) {
			return true
		}
	}
	to, err := filepath.EvalSymlinks(p)
	return err == nil && t.hidden(to)
}
