package fake

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
)

// ImageSpec says what an image of the fake is like.
type ImageSpec struct {
	// Ref is a full reference: "docker.io/library/debian:12".
	Ref string
	// Files maps absolute paths to contents.
	Files map[string]string
	// Config is everything else; its ID, OS, Arch, size and age are filled in when they are empty.
	Config backend.Image
}

// image is an image with its files.
type image struct {
	backend.Image
	files tree
}

// AddImage adds a local image and returns it.
func (f *Engine) AddImage(spec ImageSpec) backend.Image {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.addImage(spec)
}

// AddRemoteImage puts an image into the registry that its reference names, so that
// PullImage finds it. A second one under the same reference is a newer image.
func (f *Engine) AddRemoteImage(spec ImageSpec) {
	f.mu.Lock()
	defer f.mu.Unlock()
	spec.Config.ID = cmp.Or(spec.Config.ID, "sha256:"+f.newID())
	f.remote[spec.Ref] = spec
}

func (f *Engine) addImage(spec ImageSpec) backend.Image {
	img := &image{Image: spec.Config, files: tree{}}
	for _, dir := range []string{"/root", "/tmp", "/etc", "/home"} {
		img.files.add(dir, Directory())
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Files)) {
		img.files.add(path.Clean(name), regular(spec.Files[name]))
	}
	img.ID = cmp.Or(img.ID, "sha256:"+f.newID())
	img.Content = cmp.Or(img.Content, img.ID)
	img.OS, img.Arch = cmp.Or(img.OS, "linux"), cmp.Or(img.Arch, runtime.GOARCH)
	img.Size = cmp.Or(img.Size, 1<<20)
	if img.Created.IsZero() {
		img.Created = time.Now()
	}
	f.images[img.ID] = img
	if spec.Ref != "" {
		f.tags[spec.Ref] = img.ID
	}
	return img.describe(f)
}

// describe returns what InspectImage tells. The maps and slices are copies.
func (i *image) describe(f *Engine) backend.Image {
	got := i.Image
	got.Labels = maps.Clone(i.Labels)
	got.Volumes = slices.Sorted(slices.Values(i.Volumes))
	got.Tags = nil
	for _, ref := range slices.Sorted(maps.Keys(f.tags)) {
		if f.tags[ref] == i.ID {
			got.Tags = append(got.Tags, ref)
		}
	}
	return got
}

// findImage finds a local image by ID or reference. With an error comes an image that has nothing.
func (f *Engine) findImage(ref string) (*image, error) {
	if img, ok := f.images[ref]; ok {
		return img, nil
	}
	full, err := backend.NormalizeRef(ref)
	if err == nil {
		if img, ok := f.images[f.tags[full]]; ok {
			return img, nil
		}
	}
	return &image{}, failure(backend.ErrNotFound, "image "+ref, "no such image")
}

// InspectImage implements backend.Images.
func (f *Engine) InspectImage(ctx context.Context, ref string) (backend.Image, error) {
	return locked(ctx, f, newCall("InspectImage", ref), func() (backend.Image, error) {
		img, err := f.findImage(ref)
		return img.describe(f), err
	})
}

// PullImage implements backend.Images. A registry that no AddRemoteImage named does not answer.
func (f *Engine) PullImage(ctx context.Context, o backend.PullOptions) (backend.Image, error) {
	return locked(ctx, f, newCall("PullImage", o.Ref), func() (backend.Image, error) {
		spec, ok := f.remote[o.Ref]
		if !ok {
			kind := backend.ErrUnreachable
			host, _, _ := strings.Cut(o.Ref, "/")
			for ref := range f.remote {
				if strings.HasPrefix(ref, host+"/") {
					kind = backend.ErrNotFound
				}
			}
			return backend.Image{}, failure(kind, "pull "+o.Ref, "there is no such image")
		}
		if f.tags[o.Ref] == spec.Config.ID {
			return f.images[spec.Config.ID].describe(f), nil
		}
		return f.addImage(spec), nil
	})
}

// ListImages implements backend.Images.
func (f *Engine) ListImages(ctx context.Context, labels backend.Labels) ([]backend.Image, error) {
	return locked(ctx, f, newCall("ListImages"), func() ([]backend.Image, error) {
		return listed(f.images, func(i *image) (backend.Image, bool) { return i.describe(f), labels.Matches(i.Labels) }), nil
	})
}

// RemoveImage implements backend.Images. An image goes with its last reference.
func (f *Engine) RemoveImage(ctx context.Context, ref string) error {
	return change(ctx, f, newCall("RemoveImage", ref), func() error {
		img, err := f.findImage(ref)
		if err != nil {
			return nil //nolint:nilerr // to remove what is not there is a success
		}
		tags := img.describe(f).Tags
		if ref != img.ID && len(tags) > 1 {
			full, err := backend.NormalizeRef(ref)
			delete(f.tags, full)
			return err
		}
		for _, c := range f.containers {
			if c.imageID == img.ID {
				return failure(backend.ErrConflict, "remove image "+ref, "container "+c.name+" uses it")
			}
		}
		for _, tag := range tags {
			delete(f.tags, tag)
		}
		delete(f.images, img.ID)
		return nil
	})
}

// BuildHook makes a build in a test's own way: it returns what the image is like, whose reference and labels are those
// of the options, or the build's failure. context holds the files of the build's context by name. To leave the build to
// the fake it returns ErrNotHandled.
type BuildHook func(o backend.BuildOptions, context map[string]string) (ImageSpec, error)

// BuildImage implements backend.Images. The same options and context give the same image, as from a build cache.
func (f *Engine) BuildImage(ctx context.Context, o backend.BuildOptions) (backend.Image, error) {
	return do(ctx, f, newCall("BuildImage", o.Tag), func() (backend.Image, error) {
		tag, err := backend.NormalizeRef(o.Tag)
		if err != nil {
			return backend.Image{}, err
		}
		entries, err := readTar(o.Context)
		if err != nil {
			return backend.Image{}, fmt.Errorf("build %s: read the context: %w", o.Tag, err)
		}
		files := map[string]string{}
		for name, file := range entries {
			files[name] = string(file.Data)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		spec := ImageSpec{}
		if f.Build != nil {
			if spec, err = f.Build(o, files); err != nil && !errors.Is(err, ErrNotHandled) {
				return backend.Image{}, err
			}
		}
		key := fmt.Sprint(o.Labels, o.Args, o.Platform, files)
		spec.Ref, spec.Config.Labels = tag, maps.Clone(o.Labels)
		spec.Config.ID = fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(key)))
		return f.addImage(spec), nil
	})
}

// SaveImages implements backend.Images. See Engine.Save.
func (f *Engine) SaveImages(ctx context.Context, refs ...string) (io.ReadCloser, error) {
	return locked(ctx, f, newCall("SaveImages", refs...), func() (io.ReadCloser, error) {
		for _, ref := range refs {
			if _, err := f.findImage(ref); err != nil {
				return nil, err
			}
		}
		if f.Save == nil {
			return nil, failure(backend.ErrUnsupported, "save image", "the test set no Save")
		}
		archive, err := f.Save(refs)
		return io.NopCloser(bytes.NewReader(archive)), err
	})
}

// LoadImage implements backend.Images. It reads the stream and adds an image without files.
func (f *Engine) LoadImage(ctx context.Context, tar io.Reader) (backend.Image, error) {
	return do(ctx, f, newCall("LoadImage"), func() (backend.Image, error) {
		if _, err := readTar(tar); err != nil {
			return backend.Image{}, err
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.addImage(ImageSpec{}), nil
	})
}
