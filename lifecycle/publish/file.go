package publish

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/galley-kitchen/galley/internal/filelock"
	"github.com/galley-kitchen/galley/internal/names"
)

// Format is a form of a file with an image.
type Format string

// The formats.
const (
	// FormatDocker is that of `docker save`, which every engine loads.
	FormatDocker Format = "docker"
	// FormatOCI is an OCI image layout in a tar.
	FormatOCI Format = "oci"
)

// ParseFormat reads a format from the command line.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case FormatDocker, FormatOCI:
		return f, nil
	}
	return "", fmt.Errorf("--format %q: write docker or oci", s)
}

// Write writes an image with its names as a tar. One for FormatOCI was made with Source.OCI.
func (f Format) Write(w io.Writer, img v1.Image, tags []name.Tag) error {
	if f == FormatOCI {
		return writeLayout(w, img, tags)
	}
	named := map[name.Reference]v1.Image{}
	for _, tag := range tags {
		named[tag] = img
	}
	if len(tags) == 0 { // the archive has a digest in place of a name, which engines pass over
		digest, err := img.Digest()
		if err != nil {
			return err
		}
		ref, err := name.NewDigest("localhost/galley@" + digest.String())
		if err != nil {
			return err
		}
		named[ref] = img
	}
	return tarball.MultiRefWrite(named, w)
}

// writeLayout writes an OCI image layout.
func writeLayout(w io.Writer, img v1.Image, tags []name.Tag) error {
	entries := make([]mutate.IndexAddendum, max(len(tags), 1))
	for n := range entries {
		entries[n].Add = img
	}
	for n, tag := range tags {
		entries[n].Annotations = map[string]string{"org.opencontainers.image.ref.name": tag.Name()}
	}
	index, err := mutate.AppendManifests(empty.Index, entries...).RawManifest()
	if err != nil {
		return err
	}
	manifest, err := img.RawManifest()
	if err != nil {
		return err
	}
	blobs, err := blobsOf(img)
	if err != nil {
		return err
	}
	out := tar.NewWriter(w)
	put := func(name string, content v1.Layer) error {
		size, err := content.Size()
		if err != nil {
			return err
		}
		r, err := content.Compressed()
		if err != nil {
			return err
		}
		defer r.Close()
		return writeEntry(out, &tar.Header{Name: name, Mode: 0o644, Size: size}, r)
	}
	// A layer of package static is the library's way to hold bytes; these are no layers of the image.
	if err := put("oci-layout", static.NewLayer([]byte(`{"imageLayoutVersion":"1.0.0"}`), types.OCILayer)); err != nil {
		return err
	}
	if err := put("index.json", static.NewLayer(index, types.OCIImageIndex)); err != nil {
		return err
	}
	written := map[v1.Hash]bool{}
	for _, l := range append([]v1.Layer{static.NewLayer(manifest, types.OCIManifestSchema1)}, blobs...) {
		digest, err := l.Digest()
		if err == nil && !written[digest] {
			err = put("blobs/"+digest.Algorithm+"/"+digest.Hex, l)
		}
		if err != nil {
			return err
		}
		written[digest] = true
	}
	return out.Close()
}

// SaveFile writes a file that is there as a whole or not at all. Only its owner may read it, as with docker save. What
// is no regular file, such as a pipe, is written to as it is. Files of galleys that were killed while they wrote the
// same one are removed.
func SaveFile(path string, write func(io.Writer) error) (err error) {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(write(f), f.Close()); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		return nil
	}
	dir, prefix := filepath.Dir(path), "."+filepath.Base(path)+".galley-"
	if err := removeParts(dir, prefix); err != nil {
		return err
	}
	part := filepath.Join(dir, prefix+names.Random(8))
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part))
		}
	}()
	lock, err := filelock.Try(part)
	if err != nil || lock == nil {
		return errors.Join(fmt.Errorf("lock %s", part), err, f.Close())
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	err = write(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(part, path)
}

// removeParts removes the files with a prefix that no process holds.
func removeParts(dir, prefix string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrPermission) { // one in which files can be made but not listed
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) || !e.Type().IsRegular() {
			continue
		}
		part := filepath.Join(dir, e.Name())
		lock, err := filelock.Try(part)
		if err != nil || lock == nil {
			continue // another user's, or one that is written just now
		}
		if err := errors.Join(os.Remove(part), lock.Release()); err != nil {
			return fmt.Errorf("remove what is left of a file: %w", err)
		}
	}
	return nil
}
