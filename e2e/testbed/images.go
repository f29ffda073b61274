package testbed

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Image is a test image, built on this machine.
type Image struct {
	Tarball string // docker-archive
	Tag     string // fully qualified
	ID      string // sha256:… of its configuration, which engines but Docker 29 have for its ID
}

// smallImages take seconds to build. The others, debian, systemd, puppet, ansible,
// testers and goss, take a minute and are built when a test asks for one.
var smallImages = []string{"busybox", "tool", "tool-scratch", "cinc", "platform-with-chef"}

func (b *bed) buildImages(names ...string) error {
	for _, name := range names {
		image, err := b.script.image(name)
		if err != nil {
			return err
		}
		b.images[name] = image
	}
	return nil
}

func (s script) image(name string) (Image, error) {
	out, err := s.call("image", name)
	if err != nil {
		return Image{}, err
	}
	fields := strings.Fields(out)
	if len(fields) != 3 {
		return Image{}, fmt.Errorf("engines.sh image %s printed %q, not a tarball, a tag and an id", name, out)
	}
	return Image{Tarball: fields[0], Tag: fields[1], ID: fields[2]}, nil
}

// Load sees to it that the engine has these images of engines.sh (busybox tool tool-scratch cinc cinc15
// platform-with-chef debian systemd puppet ansible testers goss nettools) under their tags, and returns them in the
// same order. It costs one request each if they are there already. An image that cannot be built on this machine skips
// the test.
func (e Engine) Load(t testing.TB, names ...string) []Image {
	t.Helper()
	images := make([]Image, 0, len(names))
	for _, name := range names {
		image := e.image(t, name)
		id, err := e.imageID(t.Context(), image.Tag)
		key := e.Name + " " + name
		if known, _ := open().loaded.Load(key); err == nil && id != image.ID && (id == "" || id != known) {
			if _, err = open().script.call("load", e.Name, name); err == nil {
				id, err = e.imageID(t.Context(), image.Tag)
			}
			open().loaded.Store(key, id)
		}
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, image)
	}
	return images
}

func (e Engine) image(t testing.TB, name string) Image {
	t.Helper()
	b := open()
	if image, ok := b.images[name]; ok {
		return image
	}
	reason, err := b.script.try("image", name)
	if reason != "" {
		t.Skip(reason)
	}
	var image Image
	if err == nil {
		image, err = b.script.image(name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// imageID asks the engine for an image's id, which is empty where there is no such image.
func (e Engine) imageID(ctx context.Context, tag string) (string, error) {
	var found struct{ ID string }
	switch status, err := e.call(ctx, http.MethodGet, "/images/"+tag+"/json", &found); {
	case status == http.StatusNotFound:
		return "", nil
	case err != nil:
		return "", err
	}
	return found.ID, nil
}
