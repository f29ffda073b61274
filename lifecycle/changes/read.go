package changes

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/lines"
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

// groups are wishes by the entry of a directory that they are at or below; that of the directory itself is in none.
func groups(dir string, wishes []wish) map[string][]wish {
	entries := map[string][]wish{}
	for _, w := range wishes {
		if w.path == dir {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(w.path[len(dir):], "/"), "/")
		entry := path.Join(dir, name)
		entries[entry] = append(entries[entry], w)
	}
	return entries
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
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	entries := groups("/", wishes)
	for _, entry := range slices.Sorted(maps.Keys(entries)) {
		g.Go(func() error { return r.visit(ctx, entry, entries[entry]) })
	}
	return r.found, g.Wait()
}

// visit reads what is wanted at and below a path: by the smallest directory that has all of it, then by those in it.
func (r *reader) visit(ctx context.Context, at string, wishes []wish) error {
	entries := groups(at, wishes)
	for entry, below := range entries {
		// Engines differ in what they give for a link that is named, and not for one in a directory.
		if len(below) == len(wishes) && len(groups(entry, below)) > 0 {
			return r.visit(ctx, entry, below)
		}
	}
	left := map[string]wish{} // those that have no entry yet
	r.mu.Lock()
	for _, w := range wishes {
		if r.found[w.path] == nil {
			left[w.path] = w
		}
	}
	r.mu.Unlock()
	if len(left) == 0 {
		return nil
	}
	if whole, err := r.stream(ctx, at, left); whole || err != nil {
		return err
	}
	for _, entry := range slices.Sorted(maps.Keys(entries)) {
		if err := r.visit(ctx, entry, entries[entry]); err != nil {
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

// readOwners asks a container who owns what is at paths, for engines whose copies do not tell. A container that does
// not run, or has no xargs and stat, leaves the owners unknown.
func readOwners(ctx context.Context, source Source, id string, found map[string]*Entry) error {
	paths := slices.Sorted(maps.Keys(found))
	for _, e := range found {
		e.UID, e.GID = -1, -1
	}
	if len(paths) == 0 {
		return nil
	}
	var owners []string
	out := &lines.Writer{Emit: func(line string) error {
		if len(owners) <= len(paths) {
			owners = append(owners, line)
		}
		return nil
	}}
	code, err := source.Exec(ctx, id, backend.ExecSpec{Command: []string{"xargs", "-0", "stat", "-c", "%u:%g"}, User: "0",
		Stdin: strings.NewReader(strings.Join(paths, "\x00") + "\x00"), Stdout: out})
	switch {
	case errors.Is(err, backend.ErrNotRunning), errors.Is(err, backend.ErrNotFound):
		return nil
	case err != nil:
		return err
	case code != 0 || len(owners) != len(paths): // something is gone meanwhile, and no line tells which
		return nil
	}
	for n, p := range paths {
		e := found[p]
		if _, err := fmt.Sscanf(owners[n], "%d:%d", &e.UID, &e.GID); err != nil {
			e.UID, e.GID = -1, -1
		}
	}
	return nil
}
