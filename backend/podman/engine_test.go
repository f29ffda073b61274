package podman_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/podman"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

// each runs a test on every Podman of the test bed, whose busybox image it gets.
func each(t *testing.T, test func(t *testing.T, b *podman.Backend, image testbed.Image)) {
	t.Helper()
	testbed.RunOn(t, testbed.Podman, func(t *testing.T, e testbed.Engine) {
		b, err := podman.New(backend.Endpoint{URI: e.Host, Kind: backend.KindPodman})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, b.Close()) })
		test(t, b, e.Load(t, "busybox")[0])
	})
}

// start makes a container that idles, and starts it.
func start(t *testing.T, b *podman.Backend, s backend.ContainerSpec) string {
	t.Helper()
	s.Command = []string{"sleep", "3600"}
	c, err := b.CreateContainer(t.Context(), s)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.RemoveContainer(context.WithoutCancel(t.Context()), c.ID)) })
	require.NoError(t, b.StartContainer(t.Context(), c.ID))
	return c.ID
}

func output(t *testing.T, b *podman.Backend, id string, argv ...string) string {
	t.Helper()
	var out bytes.Buffer
	code, err := b.Exec(t.Context(), id, backend.ExecSpec{Command: argv, Stdout: &out, Stderr: &out})
	require.NoError(t, err)
	require.Zero(t, code, out.String())
	return strings.TrimSpace(out.String())
}

func build(t *testing.T, b *podman.Backend, tag, dockerfile string) backend.Image {
	t.Helper()
	image, err := b.BuildImage(t.Context(),
		backend.BuildOptions{Tag: tag, Context: archive(t, "Dockerfile", dockerfile)})
	require.NoError(t, err)
	return image
}

// archive is a tar of one file.
func archive(t *testing.T, name, content string) io.Reader {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}))
	_, err := io.WriteString(w, content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return &out
}

// TestKeepIDUser: keep-id would put the engine's own user into the place of the image's.
func TestKeepIDUser(t *testing.T) {
	each(t, func(t *testing.T, b *podman.Backend, busybox testbed.Image) {
		_, err := b.CreateContainer(t.Context(),
			backend.ContainerSpec{Image: "absent", User: "0", UserNS: spec.UserNS{Mode: spec.UserNSKeepID}})
		if errors.Is(err, backend.ErrUnsupported) {
			t.Skip(err)
		}
		app := build(t, b, "docker.io/library/galley-keep-id:latest", "FROM "+busybox.Tag+"\nUSER 1234:567\n")
		t.Cleanup(func() { require.NoError(t, b.RemoveImage(context.WithoutCancel(t.Context()), app.ID)) })
		t.Run("image", func(t *testing.T) {
			id := start(t, b, backend.ContainerSpec{Image: app.ID, UserNS: spec.UserNS{Mode: spec.UserNSKeepID}})
			require.Equal(t, "1234:567", output(t, b, id, "sh", "-c", "echo $(id -u):$(id -g)"))
		})
		t.Run("root", func(t *testing.T) {
			id := start(t, b, backend.ContainerSpec{Image: busybox.ID, UserNS: spec.UserNS{Mode: spec.UserNSKeepID}})
			require.Equal(t, "0:0", output(t, b, id, "sh", "-c", "echo $(id -u):$(id -g)"))
		})
		t.Run("chosen", func(t *testing.T) {
			id := start(t, b, backend.ContainerSpec{Image: app.ID, UserNS: spec.UserNS{Mode: spec.UserNSKeepID},
				User: "0"})
			require.Equal(t, "0", output(t, b, id, "id", "-u"))
		})
	})
}

// TestRemoveSharedImage: for an image with two names Podman wants force, which would remove containers, too.
func TestRemoveSharedImage(t *testing.T) {
	each(t, func(t *testing.T, b *podman.Backend, busybox testbed.Image) {
		const dockerfile = "LABEL shared=yes\n"
		one := build(t, b, "docker.io/library/galley-shared:one", "FROM "+busybox.Tag+"\n"+dockerfile)
		two := build(t, b, "docker.io/library/galley-shared:two", "FROM "+busybox.Tag+"\n"+dockerfile)
		require.Equal(t, one.ID, two.ID, "the second came from the cache")

		id := start(t, b, backend.ContainerSpec{Image: one.ID})
		require.ErrorIs(t, b.RemoveImage(t.Context(), one.ID), backend.ErrConflict)
		still, err := b.InspectImage(t.Context(), one.ID)
		require.NoError(t, err)
		require.Len(t, still.Tags, 2)

		require.NoError(t, b.RemoveContainer(t.Context(), id))
		require.NoError(t, b.RemoveImage(t.Context(), one.ID))
		_, err = b.InspectImage(t.Context(), one.ID)
		require.ErrorIs(t, err, backend.ErrNotFound)
	})
}

// TestCopyToPlaces: a link to a directory is one, a file is none.
func TestCopyToPlaces(t *testing.T) {
	each(t, func(t *testing.T, b *podman.Backend, busybox testbed.Image) {
		id := start(t, b, backend.ContainerSpec{Image: busybox.ID})
		output(t, b, id, "sh", "-c", "mkdir -p /real/dir && ln -s /real/dir /link && touch /file")
		for _, dir := range []string{"/link", "/link/", "/real/dir/.", "/real/../real/dir"} {
			require.NoError(t, b.CopyTo(t.Context(), id, dir, archive(t, "copied", dir)), dir)
			require.Equal(t, dir, output(t, b, id, "cat", "/real/dir/copied"))
		}
		require.Equal(t, "/real/dir", output(t, b, id, "readlink", "/link"))
		require.ErrorIs(t, b.CopyTo(t.Context(), id, "/file", archive(t, "copied", "")), backend.ErrInvalid)
	})
}

// TestHostsFile: names of the engine's host do not get into a container, where Podman can be told so.
func TestHostsFile(t *testing.T) {
	each(t, func(t *testing.T, b *podman.Backend, busybox testbed.Image) {
		id := start(t, b, backend.ContainerSpec{
			Image: busybox.ID, Hostname: "web", Domainname: "example.com",
			ExtraHosts: []spec.HostEntry{{Name: "db.example.com", Address: netip.MustParseAddr("10.0.0.9")}},
		})
		hosts := output(t, b, id, "cat", "/etc/hosts")
		require.Contains(t, hosts, "10.0.0.9\tdb.example.com")
		require.Equal(t, "web.example.com", output(t, b, id, "hostname", "-f"))
	})
}
