package fake

import (
	"bytes"
	"context"
	"io"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
)

// ContainerChanges implements backend.Containers.
func (f *Engine) ContainerChanges(ctx context.Context, id string) ([]backend.Change, error) {
	return locked(ctx, f, newCall("ContainerChanges", f.nameOf(id)), func() ([]backend.Change, error) {
		c, err := f.find(id)
		if err != nil {
			return nil, err
		}
		var changes []backend.Change
		have, had := c.mounts[0].tree, f.images[c.imageID].files
		for name, file := range have {
			if before, ok := had[name]; !ok {
				changes = append(changes, backend.Change{Path: name, Kind: backend.ChangeAdded})
			} else if !reflect.DeepEqual(before, file) {
				changes = append(changes, backend.Change{Path: name, Kind: backend.ChangeModified})
			}
		}
		for name := range had {
			_, ok := have[name]
			dir := path.Dir(name)
			_, dirWas := had[dir]
			if _, dirIs := have[dir]; !ok && (dirIs || !dirWas) { // what was in a directory that is gone goes without saying
				changes = append(changes, backend.Change{Path: name, Kind: backend.ChangeDeleted})
			}
		}
		slices.SortFunc(changes, func(a, b backend.Change) int { return strings.Compare(a.Path, b.Path) })
		return changes, nil
	})
}

// CommitContainer implements backend.Containers.
func (f *Engine) CommitContainer(ctx context.Context, id string, o backend.CommitOptions) (backend.Image, error) {
	return locked(ctx, f, newCall("CommitContainer", f.nameOf(id), o.Ref), func() (backend.Image, error) {
		c, err := f.find(id)
		if err != nil {
			return backend.Image{}, err
		}
		spec := ImageSpec{Ref: o.Ref, Config: f.images[c.imageID].Image}
		spec.Config.ID, spec.Config.Labels = "", maps.Clone(c.spec.Labels)
		maps.Copy(spec.Config.Labels, o.Labels)
		made := f.addImage(spec)
		f.images[made.ID].files = maps.Clone(c.mounts[0].tree)
		return made, nil
	})
}

// OnSave sets what SaveImages gives for images: an archive of a test's own.
func (f *Engine) OnSave(hook func(refs []string) ([]byte, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.save = hook
}

// SaveImages implements backend.Images. The fake's images have no layers: see OnSave.
func (f *Engine) SaveImages(ctx context.Context, refs ...string) (io.ReadCloser, error) {
	return locked(ctx, f, newCall("SaveImages", refs...), func() (io.ReadCloser, error) {
		for _, ref := range refs {
			if _, err := f.findImage(ref); err != nil {
				return nil, err
			}
		}
		if f.save == nil {
			return nil, failure(backend.ErrUnsupported, "save image", "the test set no OnSave")
		}
		archive, err := f.save(refs)
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
