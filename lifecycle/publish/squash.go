package publish

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"path"
	"slices"
	"time"
)

// squash makes one layer of several, with what is there in the end.
func squash(ctx context.Context, dir string, layers []*layer) (*layer, error) {
	files := newTree()
	for _, l := range layers {
		files.next()
		if err := l.each(ctx, func(h *tar.Header, _ io.Reader) error { return files.add(h) }); err != nil {
			return nil, err
		}
	}
	return compress(dir, func(w io.Writer) error {
		out := tar.NewWriter(w)
		if err := writeDirs(out, files.root, ""); err != nil {
			return err
		}
		for i, l := range layers {
			s := squashed{ctx: ctx, files: files, out: out, from: l, number: i + 1, moved: map[string]string{}}
			if err := l.each(ctx, s.add); err != nil {
				return err
			}
		}
		return out.Close()
	})
}

// each gives each entry of a layer to do.
func (l *layer) each(ctx context.Context, do func(*tar.Header, io.Reader) error) (err error) {
	r, err := l.Uncompressed()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return eachEntry(&bounded{ctx, r, math.MaxInt64}, do) // it is galley's own
}

// writeDirs writes all directories below a node, each before what is in it.
func writeDirs(out *tar.Writer, n *node, at string) error {
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		child, name := n.children[name], path.Join(at, name)
		if child.kind != tar.TypeDir {
			continue
		}
		h := &tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: child.mode, Uid: child.uid, Gid: child.gid,
			ModTime: time.Unix(child.changed, 0), PAXRecords: child.xattrs, Format: tar.FormatPAX}
		if err := out.WriteHeader(h); err != nil {
			return err
		}
		if err := writeDirs(out, child, name); err != nil {
			return err
		}
	}
	return nil
}

// squashed adds the files of one layer that are still there in the end.
type squashed struct {
	ctx    context.Context
	files  *tree
	out    *tar.Writer
	from   *layer
	number int
	// moved are names for files that have hard links, and that a later layer took away under their own names.
	moved map[string]string
}

func (s squashed) add(h *tar.Header, data io.Reader) error {
	name := clean(h.Name)
	if h.Typeflag == tar.TypeDir || !s.stays(name) {
		return nil
	}
	plain := plainHeader(h, name)
	if h.Typeflag != tar.TypeLink || s.stays(plain.Linkname) {
		return writeEntry(s.out, plain, data)
	}
	if to, ok := s.moved[plain.Linkname]; ok {
		plain.Linkname = to
		return writeEntry(s.out, plain, data)
	}
	s.moved[plain.Linkname] = name
	found := false
	err := s.from.each(s.ctx, func(h *tar.Header, data io.Reader) error {
		if found || clean(h.Name) != plain.Linkname || h.Typeflag != tar.TypeReg {
			return nil
		}
		found = true
		return writeEntry(s.out, plainHeader(h, name), data)
	})
	if err == nil && !found {
		err = fmt.Errorf("%s is a hard link to %s, which is not in its layer", name, plain.Linkname)
	}
	return err
}

// stays reports whether what a path is in the end came with this layer.
func (s squashed) stays(name string) bool {
	n := s.files.at(name)
	return n != nil && n.from == s.number
}
