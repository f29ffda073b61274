package backendtest

import (
	"cmp"
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
)

// ImageSpec says what an image of the fake is like.
type ImageSpec struct {
	// Ref is a full reference: "docker.io/library/debian:12".
	Ref string
	// Files maps absolute paths to contents. All programs of the fake's shell are
	// added below /bin.
	Files map[string]string
	// Config is everything else; its ID, Tags, OS, Arch and Size are filled in when
	// they are empty.
	Config backend.Image
}

// fakeImage is an image with its files.
type fakeImage struct {
	backend.Image
	root *memFS
	// ports are those of EXPOSE, as "80/tcp".
	ports []string
	// shell is what RUN in its shell form uses.
	shell []string
	// onBuild are the steps that a build on this image begins with.
	onBuild []string
	workDir string
}

// remoteImage is an image in a registry.
type remoteImage struct {
	spec        ImageSpec
	credentials *backend.Credentials
}

func busybox() ImageSpec {
	return ImageSpec{
		Ref: Busybox,
		Files: map[string]string{
			"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
			"/etc/group":  "root:x:0:\nnogroup:x:65534:\n",
		},
		Config: backend.Image{Command: []string{"sh"}},
	}
}

// AddImage adds a local image and returns it.
func (f *Fake) AddImage(spec ImageSpec) backend.Image {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.addImage(spec)
}

// AddRemoteImage puts an image into the registry that its reference names, so that
// PullImage finds it. With credentials, only they may pull it. A second one under
// the same reference is a newer image.
func (f *Fake) AddRemoteImage(spec ImageSpec, credentials *backend.Credentials) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if spec.Config.ID == "" {
		spec.Config.ID = "sha256:" + f.newID()
	}
	f.remote[spec.Ref] = &remoteImage{spec, credentials}
}

func (f *Fake) addImage(spec ImageSpec) backend.Image {
	img := &fakeImage{Image: spec.Config, root: newMemFS(), shell: []string{"/bin/sh", "-c"}, workDir: "/"}
	for name := range programs() {
		img.root.add("/bin/"+name, file{mode: 0o755, data: []byte(appletContent)})
	}
	for _, dir := range []string{"/root", "/tmp", "/var/tmp", "/etc", "/proc", "/dev"} {
		img.root.add(dir, directory())
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Files)) {
		img.root.add(path.Clean(name), regular(spec.Files[name]))
	}
	img.Env = map[string]string{"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	maps.Copy(img.Env, spec.Config.Env)
	return f.store(img, spec.Ref).describe(f)
}

// store gives an image an ID, if it has none, and a reference.
func (f *Fake) store(img *fakeImage, ref string) *fakeImage {
	if img.ID == "" {
		img.ID = "sha256:" + f.newID()
	}
	if img.OS == "" {
		img.OS = "linux"
	}
	if img.Arch == "" {
		img.Arch = f.info.Arch
	}
	if img.Size == 0 {
		for _, file := range img.root.files {
			img.Size += int64(len(file.data))
		}
	}
	f.images[img.ID] = img
	if ref != "" {
		f.tags[ref] = img.ID
	}
	return img
}

// describe returns what InspectImage tells. The maps and slices are copies.
func (i *fakeImage) describe(f *Fake) backend.Image {
	got := i.Image
	got.Env = maps.Clone(i.Env)
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

// findImage finds a local image by ID or reference.
func (f *Fake) findImage(ref string) (*fakeImage, error) {
	if img, ok := f.images[ref]; ok {
		return img, nil
	}
	full, err := backend.NormalizeRef(ref)
	if err == nil {
		if img, ok := f.images[f.tags[full]]; ok {
			return img, nil
		}
	}
	return nil, notFound("image "+ref, "no such image")
}

// InspectImage implements backend.Images.
func (f *Fake) InspectImage(ctx context.Context, ref string) (backend.Image, error) {
	return do(ctx, f, newCall("InspectImage", ref), func() (backend.Image, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		img, err := f.findImage(ref)
		if err != nil {
			return backend.Image{}, err
		}
		return img.describe(f), nil
	})
}

// PullImage implements backend.Images. A registry that no AddRemoteImage named does
// not answer.
func (f *Fake) PullImage(ctx context.Context, o backend.PullOptions) (backend.Image, error) {
	return do(ctx, f, newCall("PullImage", o.Ref), func() (backend.Image, error) {
		f.mu.Lock()
		img, err := f.pull(o)
		f.mu.Unlock()
		if err == nil && o.Progress != nil {
			o.Progress(backend.Progress{Status: "Downloading", Current: img.Size, Total: img.Size})
		}
		return img, err
	})
}

func (f *Fake) pull(o backend.PullOptions) (backend.Image, error) {
	op := "pull " + o.Ref
	r, ok := f.remote[o.Ref]
	host, _, _ := strings.Cut(o.Ref, "/")
	switch {
	case !ok && f.knowsRegistry(host):
		return backend.Image{}, notFound(op, "manifest unknown")
	case !ok:
		return backend.Image{}, failure(backend.ErrUnreachable, op, host+" does not answer")
	case r.credentials != nil && (o.Credentials == nil || *o.Credentials != *r.credentials):
		return backend.Image{}, failure(backend.ErrUnauthorized, op, "authentication required")
	}
	platform := backend.Image{OS: cmp.Or(r.spec.Config.OS, "linux"), Arch: cmp.Or(r.spec.Config.Arch, f.info.Arch), Variant: r.spec.Config.Variant}
	if !backend.PlatformMatches(o.Platform, platform) {
		return backend.Image{}, failure(backend.ErrWrongPlatform, op, "the image is for "+platform.Platform())
	}
	if f.tags[o.Ref] == r.spec.Config.ID {
		return f.images[r.spec.Config.ID].describe(f), nil
	}
	return f.addImage(r.spec), nil
}

func (f *Fake) knowsRegistry(host string) bool {
	for ref := range f.remote {
		if strings.HasPrefix(ref, host+"/") {
			return true
		}
	}
	return false
}

// ListImages implements backend.Images.
func (f *Fake) ListImages(ctx context.Context, labels backend.Labels) ([]backend.Image, error) {
	return do(ctx, f, newCall("ListImages"), func() ([]backend.Image, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		var found []backend.Image
		for _, id := range slices.Sorted(maps.Keys(f.images)) {
			if img := f.images[id]; labels.Matches(img.Labels) {
				found = append(found, img.describe(f))
			}
		}
		return found, nil
	})
}

// RemoveImage implements backend.Images. An image goes with its last reference.
func (f *Fake) RemoveImage(ctx context.Context, ref string) error {
	return doOnly(ctx, f, newCall("RemoveImage", ref), func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		img, err := f.findImage(ref)
		if err != nil {
			return nil
		}
		tags := img.describe(f).Tags
		if ref != img.ID && len(tags) > 1 {
			full, err := backend.NormalizeRef(ref)
			delete(f.tags, full)
			return err
		}
		for _, c := range f.containers {
			if c.imageID == img.ID {
				return conflict("remove image "+ref, "container "+c.name+" uses it")
			}
		}
		for _, tag := range tags {
			delete(f.tags, tag)
		}
		f.forgetImage(img.ID)
		return nil
	})
}

func (f *Fake) forgetImage(id string) {
	delete(f.images, id)
	maps.DeleteFunc(f.layers, func(_ string, img *fakeImage) bool { return img.ID == id })
}
