package publish

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"math"
	"os"
	"path"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A compressed layer may unpack to maxLayer bytes, and to maxRatio times its own size beyond: what holds more pretends
// to.
const (
	maxLayer = 16 << 30
	maxRatio = 250
)

// maxWindow is how much memory unpacking may take.
const maxWindow = 128 << 20

// layer is a compressed layer in a file. It is a v1.Layer.
type layer struct {
	path           string
	digest, diffID v1.Hash
	size           int64
	form           types.MediaType
}

func (l *layer) Digest() (v1.Hash, error)            { return l.digest, nil }
func (l *layer) DiffID() (v1.Hash, error)            { return l.diffID, nil }
func (l *layer) Size() (int64, error)                { return l.size, nil }
func (l *layer) MediaType() (types.MediaType, error) { return l.form, nil }
func (l *layer) Compressed() (io.ReadCloser, error)  { return os.Open(l.path) }
func (l *layer) Uncompressed() (_ io.ReadCloser, err error) {
	f, err := os.Open(l.path)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{z, f}, nil
}

// compress writes a layer's tar, which fill writes, to a file in dir.
func compress(dir string, fill func(io.Writer) error) (_ *layer, err error) {
	f, err := os.CreateTemp(dir, "layer-*.tar.gz")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	digest, diffID := sha256.New(), sha256.New()
	file := bufio.NewWriterSize(io.MultiWriter(f, digest), 1<<20)
	z := gzip.NewWriter(file)
	err = fill(io.MultiWriter(z, diffID))
	if err = errors.Join(err, z.Close(), file.Flush()); err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return &layer{path: f.Name(), digest: sum(digest), diffID: sum(diffID), size: st.Size(),
		form: types.DockerLayer}, nil
}

func sum(h hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(h.Sum(nil))}
}

// unpacked reads a layer's tar, which some engines keep compressed, until ctx ends.
func unpacked(ctx context.Context, packed *io.SectionReader) (r io.Reader, err error) {
	b := bufio.NewReaderSize(packed, 1<<20)
	head, err := b.Peek(4)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		if r, err = gzip.NewReader(b); err != nil {
			return nil, err
		}
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		if r, err = zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWindow)); err != nil {
			return nil, err
		}
	default:
		r = b
	}
	return &bounded{ctx, r, maxLayer + maxRatio*packed.Size()}, nil
}

// bounded is a reader that fails where a bound is passed, and when its context ends.
type bounded struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := context.Cause(b.ctx); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errors.New("it unpacks to much more than it has")
	}
	return n, err
}

// squash makes one layer of several, with what is there in the end.
func squash(ctx context.Context, dir string, layers []*layer) (*layer, error) {
	files := newTree()
	for _, l := range layers {
		files.layer++
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
