package publish

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/internal/imagetest"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// makeOf makes an image of an archive.
func makeOf(t testing.TB, data []byte, s Source) (v1.Image, error) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "archive.tar"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	_, err = f.Write(data)
	require.NoError(t, err)
	s.Archive, s.Commit = f, "token"
	return Make(t.Context(), s)
}

// commitOf is the commit of a runner with layers of its own on base.
func commitOf(base [][]byte, own ...[]byte) imagetest.Image {
	return imagetest.Image{Config: v1.Config{Labels: commitLabels}, Layers: slices.Concat(base, own)}
}

// The short names of package imagetest.
var (
	dir, file, link, pack = imagetest.Dir, imagetest.File, imagetest.Link, imagetest.Pack
)

var commitLabels = map[string]string{label.Commit: "token", label.Role: label.RoleHelper, "own": "yes"}

// entries lists a layer as lines: name, mode in octal digits, content or link.
func entries(t testing.TB, img v1.Image, layer int) []string {
	t.Helper()
	layers, err := img.Layers()
	require.NoError(t, err)
	r, err := layers[layer].Uncompressed()
	require.NoError(t, err)
	defer r.Close()
	var list []string
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		require.NoError(t, err)
		data, err := io.ReadAll(tr)
		require.NoError(t, err)
		list = append(list, fmt.Sprintf("%s %o %s", h.Name, h.Mode, string(data)+h.Linkname))
	}
}

// rigEntries are what an engine and galley leave in a runner.
func rigEntries() []imagetest.Entry {
	return []imagetest.Entry{
		dir("etc", 0o755), file("etc/hosts", ""), file("etc/resolv.conf", ""),
		link(tar.TypeSymlink, "etc/mtab", "/proc/mounts"),
		file(".dockerenv", ""), dir("run", 0o755), file("run/.containerenv", "engine"), dir("dev", 0o755),
		file("dev/console", ""), dir("proc", 0o755), dir("sys", 0o755), dir("opt", 0o755), dir("opt/kitchen", 0o777),
		file("opt/kitchen/dna.json", "{}"), dir("data", 0o755), dir("data/deep", 0o755), dir("usr", 0o755),
		dir("usr/sbin", 0o755), file("usr/sbin/docker-init", ""), dir("var", 0o755), dir("var/log", 0o755),
		dir("var/log/journal", 0o755), dir("tmp", 0o777), dir("tmp/systemd-private-1-x.service", 0o700),
		file("tmp/systemd-private-1-x.service/tmp", ""), file("etc/machine-id", "0123"),
	}
}

func baseLayers(t testing.TB) [][]byte {
	t.Helper()
	return [][]byte{
		pack(t, dir("etc", 0o755), file("etc/passwd", "root"), file("etc/old", "1"), dir("usr", 0o755),
			dir("usr/sbin", 0o755), link(tar.TypeSymlink, "sbin", "usr/sbin"), dir("home", 0o755), dir("var", 0o755),
			dir("var/log", 0o755), dir("tmp", 0o777), link(tar.TypeSymlink, "etc/mtab", "../proc/self/mounts"),
			dir("run", 0o755), link(tar.TypeSymlink, "var/run", "/run")),
		pack(t, dir("etc", 0o755), file("etc/.wh.old", ""), file("etc/new", "2")),
	}
}

// Only what converge made is in the image, on top of what was there.
func TestMake(t *testing.T) {
	base := baseLayers(t)
	removal := file("etc/.wh.passwd", "")
	save := func() []byte {
		return pack(t, append(rigEntries(), dir("srv", 0o755), file("srv/index", "hello"), dir("home", 0o700),
			removal, link(tar.TypeLink, "srv/second", "srv/index"), dir("run/app", 0o755))...)
	}
	own := save()
	removal.ModTime = time.Now() // containerd's engines write when they were asked
	later := save()
	baseConfig := v1.Config{Cmd: []string{"/bin/app"}, User: "app", Env: []string{"A=1", "B=2"}, StopSignal: "SIGINT",
		WorkingDir: "/srv", Labels: map[string]string{"mine": "1", label.Role: label.RoleWork},
		Volumes: map[string]struct{}{"/data/deep": {}}}
	commitConfig := v1.Config{Cmd: []string{"sh", "-c", "trap"}, Env: []string{"TEST_KITCHEN=1"}, Labels: commitLabels}
	for name, zip := range map[string]bool{"plain": false, "compressed": true} {
		t.Run(name, func(t *testing.T) {
			data := imagetest.Archive(t,
				imagetest.Image{Config: commitConfig, Layers: slices.Concat(base, [][]byte{own}), Zip: zip},
				imagetest.Image{Config: baseConfig, Layers: base, Zip: zip})
			img, err := makeOf(t, data, Source{Mounts: []string{"/opt/kitchen", "/data/deep", "/etc/hosts", "/"},
				Labels: map[string]string{"from": "galley"}})
			require.NoError(t, err)
			require.Equal(t, []string{"etc/ 755 ", "run/ 755 ", "srv/ 755 ", "srv/index 644 hello", "home/ 700 ",
				"etc/.wh.passwd 644 ", "srv/second 0 srv/index", "run/app/ 755 "}, entries(t, img, 2))
			conf, err := img.ConfigFile()
			require.NoError(t, err)
			want := baseConfig
			want.Labels = map[string]string{"mine": "1", "from": "galley",
				"org.opencontainers.image.created": "1970-01-01T00:03:20Z"}
			require.Equal(t, want, conf.Config)
			require.Len(t, conf.History, 3)
			data = imagetest.Archive(t,
				imagetest.Image{Config: commitConfig, Layers: slices.Concat(base, [][]byte{later}), Zip: zip},
				imagetest.Image{Config: baseConfig, Layers: base, Zip: zip})
			again, err := makeOf(t, data, Source{Mounts: []string{"/opt/kitchen", "/data/deep", "/etc/hosts", "/"},
				Labels: map[string]string{"from": "galley"}})
			require.NoError(t, err)
			one, err := img.Digest()
			require.NoError(t, err)
			two, err := again.Digest()
			require.NoError(t, err)
			require.Equal(t, one, two, "the same runner gives the same digest")
		})
	}
}

// A runner in which nothing changed gives the layers of the image that it was made from.
func TestNothingChanged(t *testing.T) {
	base := baseLayers(t)
	marked := dir("etc", 0o755)
	marked.PAXRecords = map[string]string{xattrPrefix + "user.overlay.impure": "y"} // by an engine's file system
	img, err := makeOf(t, imagetest.Archive(t, commitOf(base, pack(t, append(rigEntries(), marked)...)),
		imagetest.Image{Layers: base}), Source{Mounts: []string{"/opt/kitchen", "/data/deep"}})
	require.NoError(t, err)
	layers, err := img.Layers()
	require.NoError(t, err)
	require.Len(t, layers, 2)
}

// One that was restored from a snapshot gives the same image as the runner of which that was made.
func TestRestored(t *testing.T) {
	base, own := baseLayers(t), pack(t, append(rigEntries(), file("srv", "s"))...)
	var digests []v1.Hash
	for _, own := range [][][]byte{{own}, {own, pack(t, rigEntries()...)}} {
		img, err := makeOf(t, imagetest.Archive(t, commitOf(base, own...), imagetest.Image{Layers: base}),
			Source{Mounts: []string{"/opt/kitchen", "/data/deep"}})
		require.NoError(t, err)
		digest, err := img.Digest()
		require.NoError(t, err)
		digests = append(digests, digest)
	}
	require.Equal(t, digests[0], digests[1])
}

func TestSquash(t *testing.T) {
	base := [][]byte{
		pack(t, dir("etc", 0o755), file("etc/a", "1"), link(tar.TypeLink, "etc/b", "etc/a"),
			link(tar.TypeLink, "etc/c", "etc/a"), dir("gone", 0o755), file("gone/x", "x"), dir("opq", 0o755),
			file("opq/old", "old"), file("kind", "file")),
		pack(t, file("etc/.wh.a", ""), file(".wh.gone", ""), dir("opq", 0o711), file("opq/new", "new"),
			file("opq/.wh..wh..opq", ""), dir("kind", 0o755), file("kind/x", "dir")),
	}
	img, err := makeOf(t, imagetest.Archive(t, commitOf(base, pack(t, file("srv", "s"))), imagetest.Image{Layers: base}),
		Source{Config: config.Publish{Squash: true}})
	require.NoError(t, err)
	layers, err := img.Layers()
	require.NoError(t, err)
	require.Len(t, layers, 1)
	require.Equal(t, []string{"etc/ 755 ", "kind/ 755 ", "opq/ 711 ", "etc/b 644 1", "etc/c 0 etc/b", "opq/new 644 new",
		"kind/x 644 dir", "srv 644 s"}, entries(t, img, 0))
	conf, err := img.ConfigFile()
	require.NoError(t, err)
	require.Len(t, conf.History, 1)
}

// kitchen.yml's values take the place of the image's.
func TestPublishBlock(t *testing.T) {
	base := baseLayers(t)
	img, err := makeOf(t, imagetest.Archive(t,
		commitOf(base, pack(t)),
		imagetest.Image{Config: v1.Config{Entrypoint: []string{"/old"}, Cmd: []string{"arg"}, Env: []string{"A=1", "B=2"},
			ExposedPorts: map[string]struct{}{"22/tcp": {}}}, Layers: base}),
		Source{Epoch: time.Unix(10, 0), Config: config.Publish{Entrypoint: []string{"/new"}, User: "web", WorkDir: "/srv",
			StopSignal: "SIGQUIT", Expose: []string{"80/tcp"}, Env: map[string]string{"B": "3", "C": "4"},
			Labels:      map[string]string{"org.opencontainers.image.created": "never"},
			HealthCheck: &config.HealthCheck{Test: []string{"CMD", "true"}, Retries: 2}}})
	require.NoError(t, err)
	conf, err := img.ConfigFile()
	require.NoError(t, err)
	require.Equal(t, v1.Config{Entrypoint: []string{"/new"}, User: "web", WorkingDir: "/srv", StopSignal: "SIGQUIT",
		Env: []string{"A=1", "B=3", "C=4"}, ExposedPorts: map[string]struct{}{"80/tcp": {}},
		Labels:      map[string]string{"org.opencontainers.image.created": "never"},
		Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "true"}, Retries: 2}}, conf.Config)
	require.Equal(t, int64(10), conf.Created.Unix())
}

// An engine that lies costs an error.
func TestHostileArchives(t *testing.T) {
	base := baseLayers(t)
	good := imagetest.Archive(t, commitOf(base, pack(t)),
		imagetest.Image{Layers: base})
	manifest := func(config string, layers ...string) imagetest.Entry {
		raw, err := json.Marshal([]map[string]any{{"Config": config, "Layers": layers}})
		require.NoError(t, err)
		return file("manifest.json", string(raw))
	}
	conf := func(c v1.ConfigFile) imagetest.Entry {
		raw, err := json.Marshal(c)
		require.NoError(t, err)
		return file("c.json", string(raw))
	}
	zero := v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(make([]byte, 32))}
	one := v1.ConfigFile{RootFS: v1.RootFS{DiffIDs: []v1.Hash{zero}}, Config: v1.Config{Labels: commitLabels}}
	below := one
	below.Config.Labels = nil
	for name, tc := range map[string]struct {
		data []byte
		err  string
	}{
		"no tar":        {[]byte("no tar at all, however long it may be"), "unexpected EOF"},
		"empty":         {pack(t), `"manifest.json" is missing`},
		"cut":           {good[:len(good)/2], "unexpected EOF"},
		"no JSON":       {pack(t, file("manifest.json", "{")), `"manifest.json": `},
		"no config":     {pack(t, manifest("c.json")), `"c.json" is missing`},
		"out":           {pack(t, manifest("../../etc/passwd")), `"../../etc/passwd" is missing`},
		"link out":      {pack(t, link(tar.TypeSymlink, "c.json", "/etc/passwd"), manifest("c.json")), "is missing"},
		"link in loops": {pack(t, link(tar.TypeSymlink, "c.json", "c.json"), manifest("c.json")), "leads nowhere"},
		"layers lie":    {pack(t, conf(one), manifest("c.json")), "has 0 layers, and its configuration names 1"},
		"layer missing": {pack(t, conf(one), manifest("c.json", "x.tar")), "0 images that may be the one below"},
		"two commits": {imagetest.Archive(t, commitOf(base),
			commitOf(base)), "2 images that may be the runner's"},
		"another base": {imagetest.Archive(t, commitOf(base),
			imagetest.Image{Layers: [][]byte{pack(t)}}), "does not have the layers"},
		"another content": {func() []byte {
			list, err := json.Marshal([]map[string]any{{"Config": "c.json", "Layers": []string{"x"}},
				{"Config": "d.json", "Layers": []string{"x"}}})
			require.NoError(t, err)
			other := conf(below)
			other.Name = "d.json"
			return pack(t, conf(one), other, file("x", string(pack(t))), file("manifest.json", string(list)))
		}(), "its content is not what"},
		"layer no tar": {imagetest.Archive(t, commitOf(base, bytes.Repeat([]byte("x"), 2048)),
			imagetest.Image{Layers: base}), "invalid tar header"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := makeOf(t, tc.data, Source{})
			require.ErrorContains(t, err, tc.err)
		})
	}
}

// What unpacks to more than a layer may, and what goes on after an interrupt, ends.
func TestBounds(t *testing.T) {
	_, err := io.ReadAll(&bounded{t.Context(), strings.NewReader("12345"), 4})
	require.ErrorContains(t, err, "unpacks to much more than it has")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.ErrClosedPipe)
	_, err = io.ReadAll(&bounded{ctx, strings.NewReader("12345"), 9})
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

// A path of a tree is followed through links, and no further than the kernel would.
func TestResolve(t *testing.T) {
	files := newTree()
	files.layer++
	for _, e := range []imagetest.Entry{link(tar.TypeSymlink, "var/run", "/run"), link(tar.TypeSymlink, "lib", "usr/lib"),
		link(tar.TypeSymlink, "up", "../../.."), link(tar.TypeSymlink, "loop", "loop/x")} {
		h := e.Header
		require.NoError(t, files.add(&h))
	}
	require.Equal(t, "run/app", files.resolve("/var/run/app"))
	require.Equal(t, "usr/lib/a/b", files.resolve("lib/a/b"))
	require.Equal(t, "etc", files.resolve("up/etc"))
	require.Contains(t, files.resolve("loop"), "loop")
}
