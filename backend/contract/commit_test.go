package contract_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
)

func commitCases() []testCase {
	return []testCase{
		{"commit/changes", testChanges},
		{"commit/changes-kinds", testChangeKinds},
		{"commit/changes-replaced", testChangesReplaced},
		{"commit/changes-absent", testChangesAbsent},
		{"commit/running", testCommitRunning},
		{"commit/host-users", testCommitHostUsers},
		{"commit/exited", testCommitExited},
		{"commit/without-mounts", testCommitWithoutMounts},
		{"commit/without-name", testCommitWithoutName},
		{"commit/absent", testCommitAbsent},
		{"image/save", testSave},
		{"image/save-absent", testSaveAbsent},
		{"image/load", testLoad},
		{"image/load-garbage", testLoadGarbage},
	}
}

// changesOf returns the changes of a container by their paths.
func (s *suite) changesOf(t *testing.T, id string) map[string]backend.ChangeKind {
	t.Helper()
	list, err := s.b.ContainerChanges(s.ctx(t), id)
	require.NoError(t, err)
	changes := map[string]backend.ChangeKind{}
	for i, c := range list {
		changes[c.Path] = c.Kind
		if i > 0 {
			require.Less(t, list[i-1].Path, c.Path, "sorted, each once")
		}
	}
	return changes
}

// testChanges: what is copied into a container is a change.
func testChanges(t *testing.T, s *suite) {
	c := s.create(t)
	require.NoError(t, s.b.CopyTo(s.ctx(t), c.ID, "/home", tarOfFiles(t, map[string]string{"made/file": "made\n"})))
	changes := s.changesOf(t, c.ID)
	require.Equal(t, backend.ChangeAdded, changes["/home/made"])
	require.Equal(t, backend.ChangeAdded, changes["/home/made/file"])
}

func testChangeKinds(t *testing.T, s *suite) {
	img := s.build(t, s.labels(), map[string]string{
		"Dockerfile": "FROM " + s.image + "\nCOPY d /d\nVOLUME /volume\n",
		"d/content":  "content\n", "d/mode": "mode\n", "d/gone": "gone\n", "d/dir/within": "within\n", "d/same": "same\n",
	})
	c := s.start(t, image(img.ID), mounts(spec.Mount{Type: spec.MountTmpfs, Target: "/in memory"}))
	require.NotContains(t, s.changesOf(t, c.ID), "/d")
	s.run(t, c.ID, "sh", "-c", `echo more >> /d/content; chmod 600 /d/mode; rm -r /d/gone /d/dir; echo new > "/d/new
line"; ln -s same /d/link; touch "/in memory/file" /volume/file`)
	changes := s.changesOf(t, c.ID)
	for path, kind := range map[string]backend.ChangeKind{
		"/d": backend.ChangeModified, "/d/content": backend.ChangeModified, "/d/mode": backend.ChangeModified,
		"/d/gone": backend.ChangeDeleted, "/d/dir": backend.ChangeDeleted, "/d/new\nline": backend.ChangeAdded,
		"/d/link": backend.ChangeAdded,
	} {
		require.Equal(t, kind, changes[path], path)
	}
	for _, path := range []string{"/d/same", "/d/dir/within", "/in memory/file", "/volume/file"} {
		require.NotContains(t, changes, path)
	}
}

// testChangesReplaced: a file may take the place of a directory, and a directory that of a file, which Podman cannot
// list.
func testChangesReplaced(t *testing.T, s *suite) {
	img := s.build(t, s.labels(), map[string]string{"Dockerfile": "FROM " + s.image + "\nCOPY d /d\n",
		"d/file": "file\n", "d/dir/within": "within\n"})
	c := s.start(t, image(img.ID))
	s.run(t, c.ID, "sh", "-c", "rm -r /d/dir; echo file > /d/dir")
	require.Equal(t, backend.ChangeModified, s.changesOf(t, c.ID)["/d/dir"])
	s.run(t, c.ID, "sh", "-c", "rm /d/file; mkdir /d/file; touch /d/file/in")
	list, err := s.b.ContainerChanges(s.ctx(t), c.ID)
	if err != nil {
		require.ErrorIs(t, err, backend.ErrUnsupported)
		require.ErrorContains(t, err, "a directory took a file's place")
		return
	}
	require.Contains(t, list, backend.Change{Path: "/d/file", Kind: backend.ChangeModified})
	require.Contains(t, list, backend.Change{Path: "/d/file/in", Kind: backend.ChangeAdded})
}

func testChangesAbsent(t *testing.T, s *suite) {
	_, err := s.b.ContainerChanges(s.ctx(t), unset)
	require.ErrorIs(t, err, backend.ErrNotFound)
}

// commit makes an image that is removed when the subtest ends.
func (s *suite) commit(t *testing.T, id string, labels backend.Labels) backend.Image {
	t.Helper()
	o := backend.CommitOptions{Ref: s.tag("commit"), Labels: labels}
	t.Cleanup(func() { s.removeImage(t, o.Ref) })
	img, err := s.b.CommitContainer(s.ctx(t), id, o)
	require.NoError(t, err)
	require.Equal(t, []string{o.Ref}, img.Tags)
	again, err := s.b.InspectImage(s.ctx(t), o.Ref)
	require.NoError(t, err)
	require.Equal(t, img, again)
	return img
}

// testCommitRunning: the image has what the container wrote, modes and owners too, and the labels as they were given.
// The container goes on.
func testCommitRunning(t *testing.T, s *suite) {
	c := s.start(t)
	s.run(t, c.ID, "sh", "-c", "echo made > /made; chown 12:34 /made; chmod 4711 /made; rm /etc/group; mkdir -m 1777 /dir")
	labels := s.labels()
	labels["example.words"] = `two "words" = one $value \ and, more`
	labels["example.empty"] = ""
	img := s.commit(t, c.ID, labels)
	for name, value := range labels {
		require.Equal(t, value, img.Labels[name], name)
	}
	require.Equal(t, backend.StateRunning, s.inspect(t, c.ID).State)
	require.Zero(t, s.try(t, c.ID, "true"))
	child := s.start(t, image(img.ID))
	require.Equal(t, "4711 12 34", s.run(t, child.ID, "stat", "-c", "%a %u %g", "/made"))
	require.Equal(t, "1777", s.run(t, child.ID, "stat", "-c", "%a", "/dir"))
	require.NotZero(t, s.try(t, child.ID, "test", "-e", "/etc/group"))
	require.NotContains(t, s.changesOf(t, child.ID), "/made", "it is part of the image")
}

// testCommitHostUsers: a container with the host's users is in its image too, or is refused. A rootless engine has
// none.
func testCommitHostUsers(t *testing.T, s *suite) {
	c := s.start(t, func(cs *backend.ContainerSpec) { cs.UserNS = spec.UserNS{Mode: spec.UserNSHost} })
	s.run(t, c.ID, "sh", "-c", "echo made > /made")
	o := backend.CommitOptions{Ref: s.tag("commit")}
	t.Cleanup(func() { s.removeImage(t, o.Ref) })
	img, err := s.b.CommitContainer(s.ctx(t), c.ID, o)
	if s.remapsUsers {
		require.ErrorIs(t, err, backend.ErrUnsupported)
		return
	}
	require.NoError(t, err)
	child := s.start(t, image(img.ID))
	require.Equal(t, "made", s.run(t, child.ID, "cat", "/made"))
}

func testCommitExited(t *testing.T, s *suite) {
	c, _ := s.finished(t, script("echo made > /made"))
	child := s.start(t, image(s.commit(t, c.ID, nil).ID))
	require.Equal(t, "made", s.run(t, child.ID, "cat", "/made"))
}

// testCommitWithoutMounts: what is in a volume is not in the image.
func testCommitWithoutMounts(t *testing.T, s *suite) {
	c := s.start(t, mounts(spec.Mount{Type: spec.MountVolume, Target: "/data"}))
	s.run(t, c.ID, "sh", "-c", "echo lost > /data/file; echo kept > /file")
	child := s.start(t, image(s.commit(t, c.ID, nil).ID))
	require.Equal(t, "kept", s.run(t, child.ID, "cat", "/file"))
	require.NotZero(t, s.try(t, child.ID, "test", "-e", "/data/file"))
}

func testCommitWithoutName(t *testing.T, s *suite) {
	c := s.start(t)
	s.run(t, c.ID, "touch", "/made")
	img, err := s.b.CommitContainer(s.ctx(t), c.ID, backend.CommitOptions{Labels: s.labels()})
	require.NoError(t, err)
	t.Cleanup(func() { s.removeImage(t, img.ID) })
	require.Empty(t, img.Tags)
	require.True(t, s.labels().Matches(img.Labels), "labels: %v", img.Labels)
}

func testCommitAbsent(t *testing.T, s *suite) {
	_, err := s.b.CommitContainer(s.ctx(t), unset, backend.CommitOptions{})
	require.ErrorIs(t, err, backend.ErrNotFound)
}

// archive returns what SaveImages gives for images.
func (s *suite) archive(t *testing.T, refs ...string) []byte {
	t.Helper()
	r, err := s.b.SaveImages(s.ctx(t), refs...)
	require.NoError(t, err)
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return data
}

// manifestEntry is an image in the list of an archive.
type manifestEntry struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// readArchive returns an archive's list of images and the files in it. A link has the content of what it leads to.
func readArchive(t *testing.T, data []byte) (images []manifestEntry, files map[string][]byte) {
	t.Helper()
	files = map[string][]byte{}
	links := map[string]string{}
	tr := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if h.Typeflag == tar.TypeSymlink {
			links[h.Name] = path.Join(path.Dir(h.Name), h.Linkname)
			continue
		}
		files[h.Name], err = io.ReadAll(tr)
		require.NoError(t, err)
	}
	for from, to := range links {
		files[from] = files[to]
	}
	require.NoError(t, json.Unmarshal(files["manifest.json"], &images))
	return images, files
}

// testSave: a container's image and the one below it have their layers in common, and all that the list names is there.
func testSave(t *testing.T, s *suite) {
	c := s.start(t)
	s.run(t, c.ID, "sh", "-c", "echo made > /made")
	img := s.commit(t, c.ID, nil)
	images, files := readArchive(t, s.archive(t, img.ID, s.busybox.ID))
	require.Len(t, images, 2)
	slices.SortFunc(images, func(a, b manifestEntry) int { return len(a.Layers) - len(b.Layers) })
	var layers [2][]string // the digests of their contents
	var last []byte
	for n, i := range images {
		name := "sha256:" + strings.TrimSuffix(path.Base(i.Config), ".json")
		require.Equal(t, name, digest(files[i.Config]), "it is named by its digest")
		for _, l := range i.Layers {
			last = unpacked(t, files[l])
			layers[n] = append(layers[n], digest(last))
		}
		var config struct {
			RootFS struct {
				DiffIDs []string `json:"diff_ids"`
			}
		}
		require.NoError(t, json.Unmarshal(files[i.Config], &config))
		require.Equal(t, config.RootFS.DiffIDs, layers[n])
	}
	require.NotEmpty(t, layers[0])
	require.Len(t, layers[1], len(layers[0])+1, "a commit adds one layer")
	require.Equal(t, layers[0], layers[1][:len(layers[0])])
	require.Contains(t, untar(t, bytes.NewReader(last)), "made")
}

// unpacked is a layer's tar, which an engine may keep compressed.
func unpacked(t *testing.T, layer []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(layer))
	if errors.Is(err, gzip.ErrHeader) {
		return layer
	}
	require.NoError(t, err)
	tar, err := io.ReadAll(z)
	require.NoError(t, err)
	return tar
}

func digest(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

func testSaveAbsent(t *testing.T, s *suite) {
	_, err := s.b.SaveImages(s.ctx(t), s.tag("absent"))
	require.ErrorIs(t, err, backend.ErrNotFound)
}

// testLoad: an image that was saved, removed and loaded is the same, name and all.
func testLoad(t *testing.T, s *suite) {
	img := s.build(t, s.labels(), map[string]string{"Dockerfile": "FROM " + s.image + "\nRUN echo saved > /saved\n"})
	data := s.archive(t, img.Tags[0])
	require.NoError(t, s.b.RemoveImage(s.ctx(t), img.Tags[0]))
	loaded, err := s.b.LoadImage(s.ctx(t), bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, img, loaded)
	c := s.start(t, image(loaded.ID))
	require.Equal(t, "saved", s.run(t, c.ID, "cat", "/saved"))
}

func testLoadGarbage(t *testing.T, s *suite) {
	for name, data := range map[string]string{"nothing": "", "no archive": strings.Repeat("x", 4096)} {
		_, err := s.b.LoadImage(s.ctx(t), strings.NewReader(data))
		require.ErrorIs(t, err, backend.ErrInvalid, name)
	}
}
