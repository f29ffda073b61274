package contract_test

import (
	"archive/tar"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
)

func fileCases() []testCase {
	return []testCase{
		{"copy/to-running", testCopyToRunning},
		{"copy/to-created", testCopyToCreated},
		{"copy/to-other-user", testCopyToOtherUser},
		{"copy/to-volume", testCopyToVolume},
		{"copy/to-bind", testCopyToBind},
		{"copy/to-large", testCopyToLarge},
		{"copy/to-replaces", testCopyToReplaces},
		{"copy/to-missing-directory", testCopyToMissing},
		{"copy/to-absent-container", testCopyToAbsent},
		{"copy/from-directory", testCopyFromDirectory},
		{"copy/from-file", testCopyFromFile},
		{"copy/from-created", testCopyFromCreated},
		{"copy/from-owners", testCopyFromOwners},
		{"copy/from-missing", testCopyFromMissing},
		{"copy/from-abandoned", testCopyFromAbandoned},
		{"copy/round-trip", testCopyRoundTrip},
		{"copy/in-memory", testCopyInMemory},
	}
}

// sample has one entry of each kind.
func sample() []entry {
	return []entry{
		{name: "sample", mode: 0o750, dir: true},
		{name: "sample/file", mode: 0o640, content: "content\n"},
		{name: "sample/program", mode: 0o755, content: "#!/bin/sh\necho program ran\n"},
		{name: "sample/link", mode: 0o777, content: "file", link: true},
	}
}

// requireSample looks at the sample from inside the container.
func (s *suite) requireSample(t *testing.T, id, dir string) {
	t.Helper()
	for path, want := range map[string]string{"": "750 0:0", "/file": "640 0:0", "/program": "755 0:0"} {
		require.Equal(t, want, s.run(t, id, "stat", "-c", "%a %u:%g", dir+"/sample"+path), path)
	}
	require.Equal(t, "content", s.run(t, id, "cat", dir+"/sample/link"), "through the link")
	require.Equal(t, "file", s.run(t, id, "readlink", dir+"/sample/link"))
	require.Equal(t, "program ran", s.run(t, id, dir+"/sample/program"))
}

func testCopyToRunning(t *testing.T, s *suite) {
	c := s.start(t)
	require.NoError(t, s.b.CopyTo(s.ctx(t), c.ID, "/tmp", tarOf(t, sample()...)))
	s.requireSample(t, c.ID, "/tmp")
}

func testCopyToCreated(t *testing.T, s *suite) {
	c := s.create(t)
	require.NoError(t, s.b.CopyTo(s.ctx(t), c.ID, "/root", tarOf(t, sample()...)))
	require.NoError(t, s.b.StartContainer(s.ctx(t), c.ID))
	s.requireSample(t, c.ID, "/root")
}

// testCopyToOtherUser: the owner in the stream counts, not the container's user,
// to whom some engines give all that is copied.
func testCopyToOtherUser(t *testing.T, s *suite) {
	c := s.start(t, func(cs *backend.ContainerSpec) { cs.User = "65534:65534" })
	require.NoError(t, s.b.CopyTo(s.ctx(t), c.ID, "/tmp", tarOf(t, entry{name: "file", mode: 0o644, content: "x"})))
	require.Equal(t, "0:0", s.run(t, c.ID, "stat", "-c", "%u:%g", "/tmp/file"))
}

func testCopyToVolume(t *testing.T, s *suite) {
	holder := s.create(t, mounts(spec.Mount{Type: spec.MountVolume, Target: "/data"}))
	require.NoError(t, s.b.CopyTo(s.ctx(t), holder.ID, "/data", tarOf(t, sample()...)),
		"into a created container's volume")
	reader := s.start(t, volumesFrom(holder.ID))
	s.requireSample(t, reader.ID, "/data")
	require.NoError(t, s.b.CopyTo(s.ctx(t), reader.ID, "/data/sample",
		tarOf(t, entry{name: "more", mode: 0o644, content: "more\n"})))
	require.Equal(t, "more", s.run(t, reader.ID, "cat", "/data/sample/more"))
}

func testCopyToBind(t *testing.T, s *suite) {
	dir := sharedDir(t)
	c := s.start(t, mounts(spec.Mount{Type: spec.MountBind, Source: dir, Target: "/bound"}))
	require.NoError(t, s.b.CopyTo(s.ctx(t), c.ID, "/bound", tarOf(t, entry{name: "file", mode: 0o644, content: "x\n"})))
	require.Equal(t, "x", s.run(t, c.ID, "cat", "/bound/file"))
	require.FileExists(t, dir+"/file")
}

func testCopyToLarge(t *testing.T, s *suite) {
	c := s.start(t)
	want := strings.Repeat("0123456789abcde\n", 1<<18)
	require.NoError(t, s.b.CopyTo(s.ctx(t), c.ID, "/tmp", tarOf(t, entry{name: "large", mode: 0o644, content: want})))
	require.Equal(t, "4194304", s.run(t, c.ID, "stat", "-c", "%s", "/tmp/large"))
	got := s.exec(t, c.ID, backend.ExecSpec{Command: []string{"cat", "/tmp/large"}})
	require.True(t, want == got.out, "the content differs")
}

func testCopyToReplaces(t *testing.T, s *suite) {
	c := s.start(t)
	for _, content := range []string{"first, and longer\n", "second\n"} {
		require.NoError(t, s.b.CopyTo(s.ctx(t), c.ID, "/tmp",
			tarOf(t, entry{name: "file", mode: 0o644, content: content})))
		require.Equal(t, strings.TrimSpace(content), s.run(t, c.ID, "cat", "/tmp/file"))
	}
}

// testCopyToMissing: Podman makes the directory and says nothing.
func testCopyToMissing(t *testing.T, s *suite) {
	c := s.start(t)
	err := s.b.CopyTo(s.ctx(t), c.ID, "/no/such/directory", tarOf(t, sample()...))
	require.ErrorIs(t, err, backend.ErrNotFound)
	require.NotZero(t, s.try(t, c.ID, "test", "-e", "/no"))
}

func testCopyToAbsent(t *testing.T, s *suite) {
	require.ErrorIs(t, s.b.CopyTo(s.ctx(t), unset, "/", tarOf(t, sample()...)), backend.ErrNotFound)
}

// copyFrom reads all of a path.
func (s *suite) copyFrom(t *testing.T, id, path string) map[string]entry {
	t.Helper()
	r, err := s.b.CopyFrom(s.ctx(t), id, path)
	require.NoError(t, err)
	got := untar(t, r)
	require.NoError(t, r.Close())
	return got
}

func testCopyFromDirectory(t *testing.T, s *suite) {
	c := s.start(t)
	s.run(t, c.ID, "sh", "-c", "mkdir -p /tmp/tree/sub; echo deep > /tmp/tree/sub/file; chmod 600 /tmp/tree/sub/file; ln -s sub/file /tmp/tree/link")
	got := s.copyFrom(t, c.ID, "/tmp/tree")
	require.Equal(t, map[string]entry{
		"tree":          {name: "tree", mode: 0o755, dir: true},
		"tree/sub":      {name: "tree/sub", mode: 0o755, dir: true},
		"tree/sub/file": {name: "tree/sub/file", mode: 0o600, content: "deep\n"},
		"tree/link":     {name: "tree/link", mode: 0o777, content: "sub/file", link: true},
	}, got)
}

func testCopyFromFile(t *testing.T, s *suite) {
	c := s.start(t)
	s.run(t, c.ID, "sh", "-c", "echo content > /tmp/file")
	require.Equal(t, map[string]entry{"file": {name: "file", mode: 0o644, content: "content\n"}},
		s.copyFrom(t, c.ID, "/tmp/file"))
}

// testCopyFromOwners: the entries have their modes, and their owners on all engines but those that say otherwise.
func testCopyFromOwners(t *testing.T, s *suite) {
	c := s.start(t)
	s.run(t, c.ID, "sh", "-c", "mkdir /owned && echo 1 > /owned/file && chown 12:34 /owned/file && chmod 4751 /owned/file")
	r, err := s.b.CopyFrom(s.ctx(t), c.ID, "/owned")
	require.NoError(t, err)
	defer r.Close()
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		require.NoError(t, err, "the file is in the stream")
		if path.Base(h.Name) != "file" {
			continue
		}
		require.Equal(t, int64(0o4751), h.Mode&0o7777)
		owned := h.Uid == 12 && h.Gid == 34
		require.NotEqual(t, s.info.CopiesLoseOwners, owned, "owner %d:%d", h.Uid, h.Gid)
		return
	}
}

func testCopyFromCreated(t *testing.T, s *suite) {
	img, err := s.withTool()
	require.NoError(t, err)
	c := s.create(t, image(img.ID))
	got := s.copyFrom(t, c.ID, "/opt/chef/PLATFORM-IMAGE")
	require.Equal(t, "platform\n", got["PLATFORM-IMAGE"].content)
}

func testCopyFromMissing(t *testing.T, s *suite) {
	c := s.start(t)
	_, err := s.b.CopyFrom(s.ctx(t), c.ID, "/no/such/file")
	require.ErrorIs(t, err, backend.ErrNotFound)
	_, err = s.b.CopyFrom(s.ctx(t), unset, "/etc")
	require.ErrorIs(t, err, backend.ErrNotFound)
}

// testCopyFromAbandoned: a reader may be closed before its end.
func testCopyFromAbandoned(t *testing.T, s *suite) {
	c := s.start(t)
	s.run(t, c.ID, "sh", "-c", "seq 1 200000 > /tmp/large")
	for range 3 {
		r, err := s.b.CopyFrom(s.ctx(t), c.ID, "/tmp/large")
		require.NoError(t, err)
		require.NoError(t, r.Close())
	}
	require.Equal(t, backend.StateRunning, s.inspect(t, c.ID).State)
}

func testCopyRoundTrip(t *testing.T, s *suite) {
	from, to := s.start(t), s.start(t)
	require.NoError(t, s.b.CopyTo(s.ctx(t), from.ID, "/tmp", tarOf(t, sample()...)))
	r, err := s.b.CopyFrom(s.ctx(t), from.ID, "/tmp/sample")
	require.NoError(t, err)
	require.NoError(t, s.b.CopyTo(s.ctx(t), to.ID, "/root", r))
	require.NoError(t, r.Close())
	s.requireSample(t, to.ID, "/root")
}

// testCopyInMemory: a copy acts on what processes see, also where something is mounted in
// memory, by whatever path that is reached.
func testCopyInMemory(t *testing.T, s *suite) {
	c := s.start(t, mounts(spec.Mount{Type: spec.MountTmpfs, Target: "/scratch", FSOptions: []string{"exec"}}))
	s.run(t, c.ID, "sh", "-c", "mkdir /scratch/dir; ln -s /scratch/dir /way")
	for _, dir := range []string{"/scratch", "/scratch/dir", "/way"} {
		require.NoError(t, s.b.CopyTo(s.ctx(t), c.ID, dir, tarOf(t, sample()...)), dir)
		s.requireSample(t, c.ID, dir)
		got := s.copyFrom(t, c.ID, dir+"/sample")
		require.Equal(t, "content\n", got["sample/file"].content, dir)
		require.Equal(t, "file", got["sample/link"].content, dir)
	}
	require.ErrorIs(t, s.b.CopyTo(s.ctx(t), c.ID, "/scratch/none", tarOf(t, sample()...)), backend.ErrNotFound)
	require.ErrorIs(t, s.b.CopyTo(s.ctx(t), c.ID, "/scratch/sample/file", tarOf(t, sample()...)), backend.ErrInvalid)
	_, err := s.b.CopyFrom(s.ctx(t), c.ID, "/scratch/none")
	require.ErrorIs(t, err, backend.ErrNotFound)
}
