package changes

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/backend"
)

// Source gives the files of containers. It is a part of backend.Containers.
type Source interface {
	Exec(ctx context.Context, id string, e backend.ExecSpec) (exitCode int, err error)
	CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error)
}

// A call costs about as much as reading some megabytes, and there may be thousands of paths in a few directories. So
// directories are read as a whole as long as that is likely to be quicker than asking for what is still wanted in them.
const (
	perWish   = 16 << 20
	perStream = 256 << 20
	// maxRead bounds what is read of a container in all, and maxCalls the calls.
	maxRead  = 4 << 30
	maxCalls = 5000
	// parallel is how many streams are read at once.
	parallel = 4
	// maxSum is the size of the largest file of which the content is compared. A larger one that has kept its size and
	// its time counts as the same.
	maxSum = 64 << 20
	// maxText is the size of the largest file of which the text is kept, and maxTexts that of all together.
	maxText  = 64 << 10
	maxTexts = 32 << 20
)

// wish is a path of which the entry is wanted, with the digest of its content, and its text, or without.
type wish struct {
	path      string
	sum, text bool
}

// node is a path that is wanted, or leads to some that are.
type node struct {
	path     string
	wish     *wish
	children map[string]*node
}

func (n *node) child(name string) *node {
	if n.children[name] == nil {
		if n.children == nil {
			n.children = map[string]*node{}
		}
		n.children[name] = &node{path: path.Join(n.path, name)}
	}
	return n.children[name]
}

// unseen are the wishes at and below a node that have no entry yet.
func (r *reader) unseen(n *node) map[string]wish {
	r.mu.Lock()
	defer r.mu.Unlock()
	left := map[string]wish{}
	var collect func(n *node)
	collect = func(n *node) {
		if n.wish != nil && r.found[n.path] == nil {
			left[n.path] = *n.wish
		}
		for _, c := range n.children {
			collect(c)
		}
	}
	collect(n)
	return left
}

// reader reads entries of a container.
type reader struct {
	source Source
	id     string
	mu     sync.Mutex
	found  map[string]*Entry
	bytes  int64
	calls  int
	// texts are the bytes of the texts that are kept.
	texts int64
}

// read finds the entries at paths. One that is not there any more, or that cannot be read within the bounds, has none.
func read(ctx context.Context, source Source, id string, wishes []wish) (map[string]*Entry, error) {
	r := &reader{source: source, id: id, found: map[string]*Entry{}}
	root := &node{path: "/"}
	for _, w := range wishes {
		n := root
		for _, name := range strings.Split(strings.TrimPrefix(w.path, "/"), "/") {
			n = n.child(name)
		}
		n.wish = &w
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, name := range slices.Sorted(maps.Keys(root.children)) {
		g.Go(func() error { return r.visit(ctx, root.children[name]) })
	}
	return r.found, g.Wait()
}

// visit reads what is wanted at and below a node: by the smallest directory that has all of it, then by those in it.
func (r *reader) visit(ctx context.Context, n *node) error {
	for n.wish == nil && len(n.children) == 1 {
		only := slices.Collect(maps.Values(n.children))[0]
		if len(only.children) == 0 {
			break // engines differ in what they give for a link that is named, and not for one in a directory
		}
		n = only
	}
	left := r.unseen(n)
	if len(left) == 0 {
		return nil
	}
	if whole, err := r.stream(ctx, n.path, left); whole || err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		if err := r.visit(ctx, n.children[name]); err != nil {
			return err
		}
	}
	return nil
}

// stream reads what is at a path until nothing is left to find, or it takes too long. whole reports whether all that is
// there was seen, so that what is left is nowhere.
func (r *reader) stream(ctx context.Context, from string, left map[string]wish) (whole bool, err error) {
	limit := min(int64(len(left))*perWish, perStream)
	if left[from].sum {
		limit += maxSum
	}
	r.mu.Lock()
	spent := r.bytes+limit > maxRead || r.calls >= maxCalls
	r.calls++
	r.mu.Unlock()
	if spent {
		return true, nil
	}
	used, err := walk(ctx, r.source, r.id, from, limit, func(p string, h *tar.Header, content io.Reader) (more bool) {
		whole = h == nil
		w, ok := left[p]
		if whole || !ok {
			return true
		}
		e := entryOf(h)
		if w.sum && e.Type == File && e.Size >= 0 && e.Size <= maxSum {
			sum := sha256.New()
			var text bytes.Buffer
			to := io.Writer(sum)
			if w.text && r.keepText(e.Size) {
				to = io.MultiWriter(sum, &text)
			}
			if _, err := io.Copy(to, content); err != nil {
				return false
			}
			e.Text = text.Bytes()
			e.sum = (*[sha256.Size]byte)(sum.Sum(nil))
		}
		delete(left, p)
		r.mu.Lock()
		defer r.mu.Unlock()
		if h.Typeflag == tar.TypeLink {
			if same := r.found[path.Join(path.Dir(from), h.Linkname)]; same != nil {
				e.Size, e.sum, e.Text = same.Size, same.sum, same.Text
			}
		}
		r.found[p] = &e
		return len(left) > 0
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes += used
	return whole, err
}

// keepText reports whether a text of so many bytes may be kept.
func (r *reader) keepText(size int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if size > maxText || r.texts+size > maxTexts {
		return false
	}
	r.texts += size
	return true
}

// below counts what is in a directory.
func below(ctx context.Context, source Source, id, dir string) (Total, error) {
	t := Total{More: true}
	_, err := walk(ctx, source, id, dir, perStream, func(p string, h *tar.Header, _ io.Reader) bool {
		if h == nil {
			t.More = false
		} else if p != dir {
			e := entryOf(h)
			t.add(&e)
		}
		return true
	})
	return t, err
}

// walk hands the entries at and below a path over until visit is content, and then a nil header when that was all of
// them. It reads no more than limit bytes, and tells how many it read. What cannot be read is none.
func walk(ctx context.Context, source Source, id, from string, limit int64,
	visit func(p string, h *tar.Header, content io.Reader) (more bool)) (used int64, err error) {
	stream, err := source.CopyFrom(ctx, id, from)
	switch {
	case errors.Is(err, backend.ErrNotFound), errors.Is(err, backend.ErrUnsupported), errors.Is(err, backend.ErrInvalid):
		return 0, nil
	case err != nil:
		return 0, err
	}
	defer stream.Close()
	bounded := &io.LimitedReader{R: stream, N: limit}
	for t := tar.NewReader(bounded); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) && bounded.N > 0 {
			visit(from, nil, nil)
		}
		if err != nil {
			return limit - bounded.N, ctx.Err() // what a stream that ends too early has not shown is asked for again
		}
		p := path.Join(path.Dir(from), path.Clean("/"+h.Name))
		if p != from && !within(p, from) {
			continue
		}
		if !visit(p, h, t) {
			return limit - bounded.N, nil
		}
	}
}
