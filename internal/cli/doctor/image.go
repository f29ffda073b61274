package doctor

import (
	"archive/tar"
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/galley-kitchen/galley/backend"
)

// The files of the image.
const (
	program = "/galley"
	volume  = "/galley-volume"
	mark    = "galley was here"
)

// machines are the processors that galley is built for.
var machines = map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}

// loadImage makes an image of nothing but galley, and gives it to the engine: no registry is asked.
func (x *examination) loadImage(ctx context.Context, file string) (backend.Image, error) {
	if file == "" {
		var err error
		if file, err = os.Executable(); err != nil {
			return backend.Image{}, err
		}
	}
	arch, err := static(file)
	if err != nil {
		return backend.Image{}, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return layerOf(file) })
	if err != nil {
		return backend.Image{}, fmt.Errorf("make an image of %s: %w", file, err)
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return backend.Image{}, fmt.Errorf("make an image of %s: %w", file, err)
	}
	c, err := image.ConfigFile()
	if err == nil {
		c.OS, c.Architecture = "linux", arch
		c.Config = v1.Config{Entrypoint: []string{program, agentName, "wait"}, Labels: x.labels,
			Volumes: map[string]struct{}{volume: {}}}
		image, err = mutate.ConfigFile(image, c)
	}
	if err != nil {
		return backend.Image{}, fmt.Errorf("make an image of %s: %w", file, err)
	}
	ref, err := name.NewTag("localhost/galley-doctor:" + x.id)
	if err != nil {
		return backend.Image{}, err
	}
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(tarball.Write(ref, image, w)) }()
	defer r.Close()
	return x.engine.LoadImage(ctx, r)
}

// static returns the processor of a program for Linux that needs no libraries.
func static(file string) (arch string, err error) {
	const remedy = "Name galley's own program for Linux with --program"
	f, err := elf.Open(file)
	if err != nil {
		return "", fmt.Errorf("%s is no program for Linux: %w\n%s", file, err, remedy)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return "", fmt.Errorf("%s needs libraries, which an empty container does not have\n"+
				"%s, which is built with CGO_ENABLED=0", file, remedy)
		}
	}
	if arch = machines[f.Machine]; arch == "" {
		return "", fmt.Errorf("%s is for a processor that galley does not know\n%s", file, remedy)
	}
	return arch, nil
}

// layerOf is a tar of the program, and of a volume with a file.
func layerOf(file string) (io.ReadCloser, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r, w := io.Pipe()
	go func() {
		defer f.Close()
		t := tar.NewWriter(w)
		_ = w.CloseWithError(errors.Join(
			entry(t, tar.Header{Name: "galley", Mode: 0o755, Size: st.Size(), Typeflag: tar.TypeReg}, f),
			entry(t, tar.Header{Name: "tmp/", Mode: 0o1777, Typeflag: tar.TypeDir}, nil),
			entry(t, tar.Header{Name: "galley-volume/", Mode: 0o755, Typeflag: tar.TypeDir}, nil),
			entry(t, tar.Header{Name: "galley-volume/mark", Mode: 0o644, Size: int64(len(mark)), Typeflag: tar.TypeReg},
				bytes.NewReader([]byte(mark))), t.Close()))
	}()
	return r, nil
}

func entry(t *tar.Writer, h tar.Header, content io.Reader) error {
	if err := t.WriteHeader(&h); err != nil || content == nil {
		return err
	}
	_, err := io.Copy(t, content)
	return err
}
