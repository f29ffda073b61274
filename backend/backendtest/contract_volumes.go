package backendtest

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func volumeCases() []testCase {
	return []testCase{
		{"volume/tool-into-plain-image", testToolPlain},
		{"volume/tool-wins-over-platform", testToolWins},
		{"volume/tool-command-impossible", testToolImpossible},
		{"volume/tool-outlives-runners", testToolOutlives},
		{"volume/tool-removed-under-runner", testToolRemoved},
		{"volume/from-by-name", testVolumesFromName},
		{"volume/from-read-only", testVolumesFromReadOnly},
		{"volume/from-running", testVolumesFromRunning},
		{"volume/from-absent", testVolumesFromAbsent},
		{"volume/populated-spec", testPopulatedSpec},
		{"volume/anonymous-removed", testAnonymousRemoved},
		{"volume/named-kept", testNamedKept},
		{"volume/bind", testBind},
		{"volume/bind-read-only", testBindReadOnly},
		{"volume/bind-file", testBindFile},
	}
}

// toolContainer makes the container that carries the tool. It is never started.
func (s *suite) toolContainer(t *testing.T, edits ...edit) backend.Container {
	t.Helper()
	img, err := s.tool()
	require.NoError(t, err)
	c := s.create(t, append([]edit{image(img.ID), command("true"), populated}, edits...)...)
	got := s.inspect(t, c.ID)
	require.Equal(t, backend.StateCreated, got.State, "it was filled and not started")
	require.Len(t, got.Volumes, 1)
	return got
}

const toolFile = "/opt/chef/TOOL-IMAGE"

// testToolPlain: Podman fills a volume when it is first mounted, so that a tool
// container which never ran gives an empty directory.
func testToolPlain(t *testing.T, s *suite) {
	tool := s.toolContainer(t)
	runner := s.start(t, volumesFrom(tool.ID))
	require.Equal(t, "tool", s.run(t, runner.ID, "cat", toolFile))
	require.Equal(t, tool.Volumes, s.inspect(t, runner.ID).Volumes)
}

// testToolWins: worse, if the runner's image has that directory, too, its content
// is what the volume is filled with.
func testToolWins(t *testing.T, s *suite) {
	img, err := s.withTool()
	require.NoError(t, err)
	tool := s.toolContainer(t)
	runner := s.start(t, image(img.ID), volumesFrom(tool.ID))
	require.Equal(t, "tool", s.run(t, runner.ID, "cat", toolFile))
	require.NotZero(t, s.try(t, runner.ID, "test", "-e", "/opt/chef/PLATFORM-IMAGE"))
}

// testToolImpossible: a tool image need not have any command that can be run.
func testToolImpossible(t *testing.T, s *suite) {
	tool := s.toolContainer(t, command("/no/such/command"))
	runner := s.start(t, volumesFrom(tool.ID))
	require.Equal(t, "tool", s.run(t, runner.ID, "cat", toolFile))
}

// testToolOutlives: a runner's removal takes its own anonymous volumes, not those
// that it borrowed.
func testToolOutlives(t *testing.T, s *suite) {
	tool := s.toolContainer(t)
	first, second := s.start(t, volumesFrom(tool.ID)), s.start(t, volumesFrom(tool.ID))
	s.run(t, first.ID, "sh", "-c", "echo shared > /opt/chef/note")
	require.Equal(t, "shared", s.run(t, second.ID, "cat", "/opt/chef/note"))
	s.requireRemoved(t, first.ID)
	require.Equal(t, "tool", s.run(t, second.ID, "cat", toolFile))
	s.requireRemoved(t, second.ID)
	third := s.start(t, volumesFrom(tool.ID))
	require.Equal(t, "shared", s.run(t, third.ID, "cat", "/opt/chef/note"))
}

func testToolRemoved(t *testing.T, s *suite) {
	tool := s.toolContainer(t)
	runner := s.start(t, volumesFrom(tool.ID))
	s.requireRemoved(t, tool.ID)
	require.Equal(t, "tool", s.run(t, runner.ID, "cat", toolFile))
	s.requireRemoved(t, runner.ID)
	require.NotContains(t, s.volumes(t), tool.Volumes[0], "the last user takes the volume along")
}

func testVolumesFromName(t *testing.T, s *suite) {
	runner := s.start(t, volumesFrom(s.toolContainer(t).Name))
	require.Equal(t, "tool", s.run(t, runner.ID, "cat", toolFile))
}

func testVolumesFromReadOnly(t *testing.T, s *suite) {
	tool := s.toolContainer(t)
	runner := s.start(t, func(spec *backend.ContainerSpec) {
		spec.VolumesFrom = []backend.VolumesFrom{{Container: tool.ID, ReadOnly: true}}
	})
	require.Equal(t, "tool", s.run(t, runner.ID, "cat", toolFile))
	require.NotZero(t, s.try(t, runner.ID, "touch", "/opt/chef/written"))
}

func testVolumesFromRunning(t *testing.T, s *suite) {
	source := s.start(t, mounts(backend.Mount{Type: backend.MountVolume, Target: "/data"}))
	s.run(t, source.ID, "sh", "-c", "echo hello > /data/file")
	user := s.start(t, volumesFrom(source.ID))
	require.Equal(t, "hello", s.run(t, user.ID, "cat", "/data/file"))
}

func testVolumesFromAbsent(t *testing.T, s *suite) {
	spec := s.spec(volumesFrom(s.unique("absent")))
	s.removeLater(t, spec.Name)
	_, err := s.b.CreateContainer(s.ctx(t), spec)
	require.ErrorIs(t, err, backend.ErrNotFound)
	_, err = s.b.InspectContainer(s.ctx(t), spec.Name)
	require.ErrorIs(t, err, backend.ErrNotFound)
}

// testPopulatedSpec: an anonymous volume of the specification's own, over a
// directory of the image, is filled like one that the image declares.
func testPopulatedSpec(t *testing.T, s *suite) {
	img, err := s.withTool()
	require.NoError(t, err)
	holder := s.create(t, image(img.ID), populated, mounts(backend.Mount{Type: backend.MountVolume, Target: "/opt/chef"}))
	runner := s.start(t, volumesFrom(holder.ID))
	require.Equal(t, "platform", s.run(t, runner.ID, "cat", "/opt/chef/PLATFORM-IMAGE"))
}

// volumes returns the names of the engine's volumes.
func (s *suite) volumes(t *testing.T) []string {
	t.Helper()
	names, err := s.Volumes.List(s.ctx(t))
	require.NoError(t, err)
	return names
}

// testAnonymousRemoved: libpod answers 200 to the wrong parameter and keeps them.
func testAnonymousRemoved(t *testing.T, s *suite) {
	img, err := s.tool()
	require.NoError(t, err)
	anonymous := mounts(backend.Mount{Type: backend.MountVolume, Target: "/data"})
	for name, c := range map[string]backend.Container{
		"created": s.create(t, image(img.ID), command("true"), anonymous, populated),
		"running": s.start(t, image(img.ID), command("sleep", "3600"), anonymous),
	} {
		mine := s.inspect(t, c.ID).Volumes
		require.Len(t, mine, 2, name)
		all := s.volumes(t)
		for _, v := range mine {
			require.Contains(t, all, v, name)
		}
		s.requireRemoved(t, c.ID)
		all = s.volumes(t)
		for _, v := range mine {
			require.NotContains(t, all, v, name)
		}
	}
}

func testNamedKept(t *testing.T, s *suite) {
	volume := s.unique("v")
	named := mounts(backend.Mount{Type: backend.MountVolume, Source: volume, Target: "/data"})
	s.removeVolumeLater(t, volume)
	first := s.start(t, named)
	require.Equal(t, []string{volume}, s.inspect(t, first.ID).Volumes)
	s.run(t, first.ID, "sh", "-c", "echo kept > /data/file")
	s.requireRemoved(t, first.ID)
	require.True(t, slices.Contains(s.volumes(t), volume))
	second := s.start(t, named)
	require.Equal(t, "kept", s.run(t, second.ID, "cat", "/data/file"))
}

func testBind(t *testing.T, s *suite) {
	dir := sharedDir(t)
	require.NoError(t, os.WriteFile(dir+"/outside", []byte("outside\n"), 0o644))
	c := s.start(t, mounts(backend.Mount{Type: backend.MountBind, Source: dir, Target: "/bound", Own: true}))
	require.Equal(t, "outside", s.run(t, c.ID, "cat", "/bound/outside"))
	s.run(t, c.ID, "sh", "-c", "echo inside > /bound/inside")
	got, err := os.ReadFile(dir + "/inside")
	require.NoError(t, err)
	require.Equal(t, "inside\n", string(got))
	require.NoError(t, os.WriteFile(dir+"/later", []byte("later\n"), 0o644))
	require.Equal(t, "later", s.run(t, c.ID, "cat", "/bound/later"))
	require.Empty(t, s.inspect(t, c.ID).Volumes, "a bind is no volume")
}

func testBindReadOnly(t *testing.T, s *suite) {
	dir := sharedDir(t)
	require.NoError(t, os.WriteFile(dir+"/file", []byte("outside\n"), 0o666))
	c := s.start(t, mounts(backend.Mount{Type: backend.MountBind, Source: dir, Target: "/bound", ReadOnly: true}))
	require.Equal(t, "outside", s.run(t, c.ID, "cat", "/bound/file"))
	require.NotZero(t, s.try(t, c.ID, "sh", "-c", "echo changed > /bound/file"))
	got, err := os.ReadFile(dir + "/file")
	require.NoError(t, err)
	require.Equal(t, "outside\n", string(got))
}

func testBindFile(t *testing.T, s *suite) {
	dir := sharedDir(t)
	require.NoError(t, os.WriteFile(dir+"/file", []byte("outside\n"), 0o644))
	c := s.start(t, mounts(backend.Mount{Type: backend.MountBind, Source: dir + "/file", Target: "/etc/from-outside"}))
	require.Equal(t, "outside", s.run(t, c.ID, "cat", "/etc/from-outside"))
}
