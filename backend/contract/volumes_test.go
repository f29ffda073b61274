package contract_test

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
)

func volumeCases() []testCase {
	return []testCase{
		{"volume/from-by-name", testVolumesFromName},
		{"volume/from-read-only", testVolumesFromReadOnly},
		{"volume/from-running", testVolumesFromRunning},
		{"volume/from-absent", testVolumesFromAbsent},
		{"volume/anonymous-removed", testAnonymousRemoved},
		{"volume/named-kept", testNamedKept},
		{"volume/bind", testBind},
		{"volume/bind-read-only", testBindReadOnly},
		{"volume/bind-file", testBindFile},
	}
}

func testVolumesFromName(t *testing.T, s *suite) {
	source := s.withData(t)
	user := s.start(t, volumesFrom(source.Name))
	require.Equal(t, "hello", s.run(t, user.ID, "cat", "/data/file"))
	require.Equal(t, s.outside.Inspect(t, source.ID).Volumes, s.outside.Inspect(t, user.ID).Volumes)
}

// withData is a running container with a volume that has a file in it.
func (s *suite) withData(t *testing.T) backend.Container {
	t.Helper()
	source := s.start(t, mounts(spec.Mount{Type: spec.MountVolume, Target: "/data"}))
	s.run(t, source.ID, "sh", "-c", "echo hello > /data/file")
	return s.inspect(t, source.ID)
}

func testVolumesFromReadOnly(t *testing.T, s *suite) {
	source := s.withData(t)
	user := s.start(t, func(cs *backend.ContainerSpec) {
		cs.VolumesFrom = []spec.VolumesFrom{{Container: source.ID, ReadOnly: true}}
	})
	require.Equal(t, "hello", s.run(t, user.ID, "cat", "/data/file"))
	require.NotZero(t, s.try(t, user.ID, "touch", "/data/written"))
}

func testVolumesFromRunning(t *testing.T, s *suite) {
	user := s.start(t, volumesFrom(s.withData(t).ID))
	s.run(t, user.ID, "sh", "-c", "echo written > /data/file")
	again := s.start(t, volumesFrom(user.ID))
	require.Equal(t, "written", s.run(t, again.ID, "cat", "/data/file"))
}

func testVolumesFromAbsent(t *testing.T, s *suite) {
	cs := s.spec(volumesFrom(s.unique("absent")))
	s.removeLater(t, cs.Name)
	_, err := s.b.CreateContainer(s.ctx(t), cs)
	require.ErrorIs(t, err, backend.ErrNotFound)
	_, err = s.b.InspectContainer(s.ctx(t), cs.Name)
	require.ErrorIs(t, err, backend.ErrNotFound)
}

// testAnonymousRemoved: libpod answers 200 to the wrong parameter and keeps them.
func testAnonymousRemoved(t *testing.T, s *suite) {
	img, err := s.tool()
	require.NoError(t, err)
	anonymous := mounts(spec.Mount{Type: spec.MountVolume, Target: "/data"})
	for name, c := range map[string]backend.Container{
		"created": s.create(t, image(img.ID), command("true"), anonymous),
		"running": s.start(t, image(img.ID), command("sleep", "3600"), anonymous),
	} {
		mine := s.outside.Inspect(t, c.ID).Volumes
		require.Len(t, mine, 2, name)
		all := s.outside.Volumes(t)
		for _, v := range mine {
			require.Contains(t, all, v, name)
		}
		s.requireRemoved(t, c.ID)
		all = s.outside.Volumes(t)
		for _, v := range mine {
			require.NotContains(t, all, v, name)
		}
	}
}

func testNamedKept(t *testing.T, s *suite) {
	volume := s.unique("v")
	named := mounts(spec.Mount{Type: spec.MountVolume, Source: volume, Target: "/data"})
	s.removeVolumeLater(t, volume)
	first := s.start(t, named)
	require.Equal(t, []string{volume}, s.outside.Inspect(t, first.ID).Volumes)
	s.run(t, first.ID, "sh", "-c", "echo kept > /data/file")
	s.requireRemoved(t, first.ID)
	require.True(t, slices.Contains(s.outside.Volumes(t), volume))
	second := s.start(t, named)
	require.Equal(t, "kept", s.run(t, second.ID, "cat", "/data/file"))
}

func testBind(t *testing.T, s *suite) {
	dir := sharedDir(t)
	require.NoError(t, os.WriteFile(dir+"/outside", []byte("outside\n"), 0o644))
	c := s.start(t, mounts(spec.Mount{Type: spec.MountBind, Source: dir, Target: "/bound", Own: true}))
	require.Equal(t, "outside", s.run(t, c.ID, "cat", "/bound/outside"))
	s.run(t, c.ID, "sh", "-c", "echo inside > /bound/inside")
	got, err := os.ReadFile(dir + "/inside")
	require.NoError(t, err)
	require.Equal(t, "inside\n", string(got))
	require.NoError(t, os.WriteFile(dir+"/later", []byte("later\n"), 0o644))
	require.Equal(t, "later", s.run(t, c.ID, "cat", "/bound/later"))
	require.Empty(t, s.outside.Inspect(t, c.ID).Volumes, "a bind is no volume")
}

func testBindReadOnly(t *testing.T, s *suite) {
	dir := sharedDir(t)
	require.NoError(t, os.WriteFile(dir+"/file", []byte("outside\n"), 0o666))
	c := s.start(t, mounts(spec.Mount{Type: spec.MountBind, Source: dir, Target: "/bound", ReadOnly: true}))
	require.Equal(t, "outside", s.run(t, c.ID, "cat", "/bound/file"))
	require.NotZero(t, s.try(t, c.ID, "sh", "-c", "echo changed > /bound/file"))
	got, err := os.ReadFile(dir + "/file")
	require.NoError(t, err)
	require.Equal(t, "outside\n", string(got))
}

func testBindFile(t *testing.T, s *suite) {
	dir := sharedDir(t)
	require.NoError(t, os.WriteFile(dir+"/file", []byte("outside\n"), 0o644))
	c := s.start(t, mounts(spec.Mount{Type: spec.MountBind, Source: dir + "/file", Target: "/etc/from-outside"}))
	require.Equal(t, "outside", s.run(t, c.ID, "cat", "/etc/from-outside"))
}
