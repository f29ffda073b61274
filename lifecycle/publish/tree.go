package publish

import (
	"archive/tar"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// The names by which a layer says what it removes from those below.
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// maxNodes is how many paths an image may have, some 200 bytes of memory each.
const maxNodes = 5_000_000

// maxLinks is how many symbolic links a path may lead through, as in Linux.
const maxLinks = 40

// tree is the files of an image, without what is in them.
type tree struct {
	root  *node
	count int
	layer int // the number of the one that is being added
}

// node is a path of a tree.
type node struct {
	attributes
	children map[string]*node
	// layer is the last one that speaks of it or of something in it, and from the one that has its entry.
	layer, from int
	// changed is when it was, in seconds since 1970.
	changed int64
}

// attributes are those by which a changed directory is told from one in which something else changed.
type attributes struct {
	kind     byte
	link     string
	mode     int64
	uid, gid int
	xattrs   map[string]string
}

func attributesOf(h *tar.Header) attributes {
	a := attributes{kind: h.Typeflag, mode: h.Mode & 0o7777, uid: h.Uid, gid: h.Gid, xattrs: xattrs(h)}
	if h.Typeflag == tar.TypeSymlink {
		a.link = h.Linkname
	}
	return a
}

// same reports whether a directory is as it was.
func (a attributes) same(b attributes) bool {
	return a.kind == b.kind && a.mode == b.mode && a.uid == b.uid && a.gid == b.gid && maps.Equal(a.xattrs, b.xattrs)
}

// xattrPrefix is how tar headers name extended attributes.
const xattrPrefix = "SCHILY.xattr."

// hostXattrs are the beginnings of those attributes that are the engine's host's: the label that SELinux gave a file,
// and notes of the file systems in which engines keep layers.
var hostXattrs = []string{"security.selinux", "user.overlay.", "trusted.overlay.", "user.fuseoverlayfs.",
	"user.containers."}

// xattrs are a file's extended attributes, but for those of the engine's host.
func xattrs(h *tar.Header) map[string]string {
	var list map[string]string
	for name, value := range h.PAXRecords {
		attribute, ok := strings.CutPrefix(name, xattrPrefix)
		if ok && !slices.ContainsFunc(hostXattrs, func(p string) bool { return strings.HasPrefix(attribute, p) }) {
			if list == nil {
				list = map[string]string{}
			}
			list[name] = value
		}
	}
	return list
}

func newTree() *tree {
	return &tree{root: &node{attributes: attributes{kind: tar.TypeDir, mode: 0o755}}}
}

// add adds an entry of the layer that was begun last.
func (t *tree) add(h *tar.Header) error {
	name := clean(h.Name)
	if name == "" {
		return nil
	}
	dir, base := path.Split(name)
	switch {
	case base == opaque:
		if n := t.at(strings.TrimSuffix(dir, "/")); n != nil {
			t.hide(n)
		}
	case strings.HasPrefix(base, whiteout):
		if parent := t.at(strings.TrimSuffix(dir, "/")); parent != nil {
			t.hideChild(parent, strings.TrimPrefix(base, whiteout))
		}
	default:
		n := t.root
		for part := range strings.SplitSeq(name, "/") {
			child := n.children[part]
			if child == nil {
				if t.count++; t.count > maxNodes {
					return fmt.Errorf("the image has more than %d files", maxNodes)
				}
				child = &node{attributes: attributes{kind: tar.TypeDir, mode: 0o755}}
				if n.children == nil {
					n.children = map[string]*node{}
				}
				n.children[part] = child
			}
			child.layer = t.layer
			n = child
		}
		if h.Typeflag != tar.TypeDir {
			n.children = nil
		}
		n.attributes, n.from, n.changed = attributesOf(h), t.layer, h.ModTime.Unix()
	}
	return nil
}

// hide removes what is below a directory and came with an earlier layer.
func (t *tree) hide(n *node) {
	for name := range n.children {
		t.hideChild(n, name)
	}
}

func (t *tree) hideChild(parent *node, name string) {
	n := parent.children[name]
	switch {
	case n == nil:
	case n.layer < t.layer:
		delete(parent.children, name)
	default:
		t.hide(n)
	}
}

// at finds the node of a path, without following links, nil when there is none.
func (t *tree) at(name string) *node {
	n := t.root
	if name == "" {
		return n
	}
	for part := range strings.SplitSeq(name, "/") {
		if n = n.children[part]; n == nil {
			return nil
		}
	}
	return n
}

// resolve is a path without the symbolic links that it leads through. What is not there stays as it is written.
func (t *tree) resolve(name string) string {
	done, rest := "", clean(name)
	for links := 0; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		next := path.Join(done, part)
		n := t.at(next)
		if n == nil || n.kind != tar.TypeSymlink || links == maxLinks {
			done = next
			continue
		}
		links++
		to := n.link
		if !path.IsAbs(to) {
			to = path.Join("/", done, to)
		}
		done, rest = "", clean(path.Join(to, rest))
	}
	return done
}
