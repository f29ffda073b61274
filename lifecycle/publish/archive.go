package publish

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Bounds of what is read of an archive. An engine that lies may cost time and disk, but not memory without end.
const (
	maxMembers = 50_000
	maxJSON    = 16 << 20
	maxLayers  = 1_000
	// maxHops is how many links are followed; those of engines lead to a layer directly.
	maxHops = 8
)

// Archive is a tar file of images in the form of `docker save`. Its members are read where they lie in the file.
type Archive struct {
	file    *os.File
	members map[string]member
	images  []savedImage
}

// member is a file or a link of an archive.
type member struct {
	at, size int64
	link     string
}

// savedImage is an image of an archive.
type savedImage struct {
	config *v1.ConfigFile
	// layers are the names of their members, the lowest first.
	layers []string
}

// OpenArchive reads which images a file has. The caller closes the file, not before it is done with the archive.
func OpenArchive(file *os.File) (*Archive, error) {
	a := &Archive{file: file, members: map[string]member{}}
	if err := a.index(); err != nil {
		return nil, fmt.Errorf("read the engine's archive of the image: %w", err)
	}
	if err := a.readImages(); err != nil {
		return nil, fmt.Errorf("read the engine's archive of the image: %w", err)
	}
	return a, nil
}

// dir is where the file is.
func (a *Archive) dir() string { return filepath.Dir(a.file.Name()) }

// index finds out where in the file each member lies.
func (a *Archive) index() error {
	if _, err := a.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	for r := tar.NewReader(a.file); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(a.members) >= maxMembers {
			return fmt.Errorf("it has more than %d members", maxMembers)
		}
		name := clean(h.Name)
		switch h.Typeflag {
		case tar.TypeReg:
			at, err := a.file.Seek(0, io.SeekCurrent) // the reader reads no further than the header
			if err != nil {
				return err
			}
			a.members[name] = member{at: at, size: h.Size}
		case tar.TypeLink:
			a.members[name] = member{link: clean(h.Linkname)}
		case tar.TypeSymlink: // Docker before 25 links layers that occur twice
			a.members[name] = member{link: clean(path.Join(path.Dir(name), h.Linkname))}
		}
	}
}

// clean is a path of an archive without what may be before and behind it: "etc/hosts". The root is "".
func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// open reads a member, whose links stay inside of the archive.
func (a *Archive) open(name string) (*io.SectionReader, error) {
	m, ok := a.members[clean(name)]
	for hops := 0; ok && m.link != ""; hops++ {
		if hops == maxHops {
			return nil, fmt.Errorf("%q is a link that leads nowhere", name)
		}
		m, ok = a.members[m.link]
	}
	if !ok {
		return nil, fmt.Errorf("%q is missing", name)
	}
	return io.NewSectionReader(a.file, m.at, m.size), nil
}

// layer reads the tar of a layer, until ctx ends.
func (a *Archive) layer(ctx context.Context, name string) (io.Reader, error) {
	packed, err := a.open(name)
	if err != nil {
		return nil, err
	}
	return unpacked(ctx, packed)
}

func (a *Archive) readJSON(name string, to any) error {
	r, err := a.open(name)
	if err != nil {
		return err
	}
	if r.Size() > maxJSON {
		return fmt.Errorf("%q is larger than %d bytes", name, maxJSON)
	}
	if err := json.NewDecoder(r).Decode(to); err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	return nil
}

func (a *Archive) readImages() error {
	var list []struct {
		Config string
		Layers []string
	}
	if err := a.readJSON("manifest.json", &list); err != nil {
		return err
	}
	for _, m := range list {
		img := savedImage{config: &v1.ConfigFile{}, layers: m.Layers}
		if err := a.readJSON(m.Config, img.config); err != nil {
			return err
		}
		if n := len(m.Layers); n > maxLayers || n != len(img.config.RootFS.DiffIDs) {
			return fmt.Errorf("the image %q has %d layers, and its configuration names %d", m.Config, n,
				len(img.config.RootFS.DiffIDs))
		}
		a.images = append(a.images, img)
	}
	return nil
}

// find is the one image whose configuration is wanted.
func (a *Archive) find(what string, wanted func(*v1.ConfigFile) bool) (savedImage, error) {
	var found []savedImage
	for _, img := range a.images {
		if wanted(img.config) {
			found = append(found, img)
		}
	}
	if len(found) != 1 {
		return savedImage{}, fmt.Errorf("the engine's archive has %d images that may be %s", len(found), what)
	}
	return found[0], nil
}
