package contract_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
)

func toolCases() []testCase {
	return []testCase{
		{"tool/into-plain-image", testToolPlain},
		{"tool/wins-over-platform", testToolWins},
		{"tool/private", testToolPrivate},
		{"tool/shared", testToolShared},
		{"tool/read-only", testToolReadOnly},
		{"tool/access-unknown", testToolAccess},
		{"tool/undeclared-path", testToolPath},
		{"tool/no-volume", testToolNoVolume},
		{"tool/image-absent", testToolAbsent},
		{"tool/mount-over-it", testToolUnderMount},
		{"tool/several-volumes", testToolVolumes},
		{"tool/foreign-name", testToolForeign},
		{"tool/vanished", testToolVanished},
		{"tool/rivals", testToolRivals},
		{"tool/leaves-nothing", testToolLeavesNothing},
	}
}

const toolFile = "/opt/chef/TOOL-IMAGE"

// withTools puts tools into a specification. What carries them is removed when the subtest ends.
func (s *suite) withTools(t *testing.T, tools ...backend.Tool) edit {
	t.Helper()
	labels := backend.Labels{labelRun: s.prefix, labelInstance: s.unique("tool")}
	s.removeLabelledLater(t, labels)
	for i := range tools {
		tools[i].Labels = labels
	}
	return func(cs *backend.ContainerSpec) { cs.Tools = tools }
}

// withTool is withTools for the image that all subtests share.
func (s *suite) withSharedTool(t *testing.T, access spec.ToolAccess) edit {
	t.Helper()
	img, err := s.tool()
	require.NoError(t, err)
	return s.withTools(t, backend.Tool{Image: img.ID, Access: access})
}

// ownTool builds a tool's image that no other subtest has.
func (s *suite) ownTool(t *testing.T) backend.Image {
	t.Helper()
	img, err := s.sharedImage(t, s.unique("own"), map[string]string{
		"Dockerfile":      "FROM " + s.image + "\nCOPY chef /opt/chef\nVOLUME /opt/chef\nCMD [\"true\"]\n",
		"chef/TOOL-IMAGE": "tool\n",
		"chef/unique":     s.unique("content"),
	})()
	require.NoError(t, err)
	return img
}

// testToolPlain: Podman fills a volume when it is first mounted, so that the volume of a
// container which never ran is empty.
func testToolPlain(t *testing.T, s *suite) {
	runner := s.start(t, s.withSharedTool(t, spec.ToolDefault))
	require.Equal(t, "tool", s.run(t, runner.ID, "cat", toolFile))
}

// testToolWins: worse, if the runner's image has that directory, too, its content is what the volume is filled with.
func testToolWins(t *testing.T, s *suite) {
	img, err := s.withTool()
	require.NoError(t, err)
	for _, access := range []spec.ToolAccess{spec.ToolDefault, spec.ToolShared, spec.ToolReadOnly} {
		runner := s.start(t, image(img.ID), s.withSharedTool(t, access))
		require.Equal(t, "tool", s.run(t, runner.ID, "cat", toolFile), access)
		require.NotZero(t, s.try(t, runner.ID, "test", "-e", "/opt/chef/PLATFORM-IMAGE"), access)
	}
}

// testToolPrivate: a gem that one runner installs must not make another one's converge green.
func testToolPrivate(t *testing.T, s *suite) {
	if s.rootless { // a rootless Docker cannot mount layers over volumes, and says so
		c, err := s.b.CreateContainer(s.ctx(t), s.spec(s.withSharedTool(t, spec.ToolPrivate)))
		if errors.Is(err, backend.ErrUnsupported) {
			return
		}
		require.NoError(t, err)
		s.requireRemoved(t, c.ID)
	}
	for _, access := range []spec.ToolAccess{spec.ToolPrivate, spec.ToolDefault} {
		private := s.withSharedTool(t, access)
		first, second := s.start(t, private), s.start(t, private)
		s.run(t, first.ID, "sh", "-c", "echo gem > /opt/chef/gem; echo changed > "+toolFile+
			"; mkdir -p /opt/chef/a/b; chmod 700 /opt/chef/a")
		s.run(t, second.ID, "rm", toolFile)
		require.Equal(t, "changed", s.run(t, first.ID, "cat", toolFile), access)
		require.NotZero(t, s.try(t, second.ID, "test", "-e", "/opt/chef/gem"), access)
		later := s.start(t, private)
		require.Equal(t, "tool", s.run(t, later.ID, "cat", toolFile), access)
		require.NotZero(t, s.try(t, later.ID, "test", "-e", "/opt/chef/gem"), access)
		s.requireRemoved(t, first.ID)
		require.Equal(t, "tool", s.run(t, later.ID, "cat", toolFile), access)
		shared := s.start(t, s.withSharedTool(t, spec.ToolShared))
		require.Equal(t, "tool", s.run(t, shared.ID, "cat", toolFile), access)
	}
}

func testToolShared(t *testing.T, s *suite) {
	shared := s.withTools(t, backend.Tool{Image: s.ownTool(t).ID, Access: spec.ToolShared})
	first, second := s.start(t, shared), s.start(t, shared)
	s.run(t, first.ID, "sh", "-c", "echo shared > /opt/chef/note")
	require.Equal(t, "shared", s.run(t, second.ID, "cat", "/opt/chef/note"))
	s.requireRemoved(t, first.ID)
	require.Equal(t, "tool", s.run(t, second.ID, "cat", toolFile))
	s.requireRemoved(t, second.ID)
	require.Equal(t, "shared", s.run(t, s.start(t, shared).ID, "cat", "/opt/chef/note"), "it outlives the runners")
}

func testToolReadOnly(t *testing.T, s *suite) {
	runner := s.start(t, s.withSharedTool(t, spec.ToolReadOnly))
	require.Equal(t, "tool", s.run(t, runner.ID, "cat", toolFile))
	require.NotZero(t, s.try(t, runner.ID, "touch", "/opt/chef/written"))
	require.NotZero(t, s.try(t, runner.ID, "rm", "-f", toolFile))
}

func testToolAccess(t *testing.T, s *suite) {
	_, err := s.b.CreateContainer(s.ctx(t), s.spec(s.withSharedTool(t, "mine")))
	require.ErrorIs(t, err, backend.ErrInvalid)
}

// testToolPath: a directory need not be declared as a volume.
func testToolPath(t *testing.T, s *suite) {
	img, err := s.withTool()
	require.NoError(t, err)
	for _, access := range []spec.ToolAccess{spec.ToolDefault, spec.ToolShared, spec.ToolReadOnly} {
		runner := s.start(t, s.withTools(t, backend.Tool{Image: img.ID, Path: "/opt/chef", Access: access}))
		require.Equal(t, "platform", s.run(t, runner.ID, "cat", "/opt/chef/PLATFORM-IMAGE"), access)
	}
}

func testToolNoVolume(t *testing.T, s *suite) {
	cs := s.spec(s.withTools(t, backend.Tool{Image: s.busybox.ID}))
	s.removeLater(t, cs.Name)
	_, err := s.b.CreateContainer(s.ctx(t), cs)
	require.ErrorIs(t, err, backend.ErrInvalid)
}

func testToolAbsent(t *testing.T, s *suite) {
	img := s.ownTool(t)
	tool := s.withTools(t, backend.Tool{Image: img.ID})
	s.removeImage(t, img.ID)
	cs := s.spec(tool)
	s.removeLater(t, cs.Name)
	c, err := s.b.CreateContainer(s.ctx(t), cs)
	if err == nil {
		err = s.b.StartContainer(s.ctx(t), c.ID)
	}
	require.ErrorIs(t, err, backend.ErrNotFound)
}

// testToolUnderMount: what a specification mounts itself counts.
func testToolUnderMount(t *testing.T, s *suite) {
	runner := s.start(t, s.withSharedTool(t, spec.ToolDefault),
		mounts(spec.Mount{Type: spec.MountTmpfs, Target: "/opt/chef"}))
	require.NotZero(t, s.try(t, runner.ID, "test", "-e", toolFile))
}

// testToolVolumes: all volumes of an image, or one of them; its command does not matter.
func testToolVolumes(t *testing.T, s *suite) {
	img, err := s.severalVolumes()
	require.NoError(t, err)
	for _, access := range []spec.ToolAccess{spec.ToolDefault, spec.ToolShared, spec.ToolReadOnly} {
		all := s.start(t, s.withTools(t, backend.Tool{Image: img.ID, Access: access}))
		require.Equal(t, "one", s.run(t, all.ID, "cat", "/opt/one/file"), access)
		require.Equal(t, "two", s.run(t, all.ID, "cat", "/srv/two/sub/file"), access)
		one := s.start(t, s.withTools(t, backend.Tool{Image: img.ID, Path: "/srv/two", Access: access}))
		require.Equal(t, "two", s.run(t, one.ID, "cat", "/srv/two/sub/file"), access)
		require.NotZero(t, s.try(t, one.ID, "test", "-e", "/opt/one"), access)
	}
}

// testToolForeign: containers are galley's by their labels, whatever they are called.
func testToolForeign(t *testing.T, s *suite) {
	img := s.ownTool(t)
	shared := s.withTools(t, backend.Tool{Image: img.ID, Access: spec.ToolShared})
	carriers := s.carriers(t, shared)
	if len(carriers) == 0 {
		return // this engine needs none
	}
	s.requireRemoved(t, carriers[0].ID)
	s.create(t, func(cs *backend.ContainerSpec) { cs.Name = carriers[0].Name })
	runner := s.start(t, shared)
	require.Equal(t, "tool", s.run(t, runner.ID, "cat", toolFile))
}

// carriers makes a container with a tool, removes it, and returns what the engine keeps for the tool.
func (s *suite) carriers(t *testing.T, tool edit) []backend.Container {
	t.Helper()
	cs := s.spec(tool)
	c := s.start(t, tool)
	s.requireRemoved(t, c.ID)
	kept, err := s.b.ListContainers(s.ctx(t), cs.Tools[0].Labels)
	require.NoError(t, err)
	return kept
}

// testToolVanished: what carries a tool may be pruned at any time. Runners that are there
// keep theirs, and the next one gets its own.
func testToolVanished(t *testing.T, s *suite) {
	for _, access := range []spec.ToolAccess{spec.ToolDefault, spec.ToolShared} {
		tool := s.withTools(t, backend.Tool{Image: s.ownTool(t).ID, Access: access})
		runner := s.start(t, tool)
		s.run(t, runner.ID, "sh", "-c", "echo own > /opt/chef/own")
		kept, err := s.b.ListContainers(s.ctx(t), s.spec(tool).Tools[0].Labels)
		require.NoError(t, err)
		for _, c := range kept {
			s.requireRemoved(t, c.ID)
		}
		require.Equal(t, "own", s.run(t, runner.ID, "cat", "/opt/chef/own"), access)
		require.Equal(t, "tool", s.run(t, runner.ID, "cat", toolFile), access)
		next := s.start(t, tool)
		require.Equal(t, "tool", s.run(t, next.ID, "cat", toolFile), access)
	}
}

// testToolRivals: of several callers at once one makes the tool, and all get it.
func testToolRivals(t *testing.T, s *suite) {
	const rivals = 4
	tool := s.withTools(t, backend.Tool{Image: s.ownTool(t).ID, Access: spec.ToolShared})
	errs := make([]error, rivals)
	ids := make([]string, rivals)
	var wait sync.WaitGroup
	for i := range rivals {
		b := s.open(t)
		cs := s.spec(tool)
		s.removeLater(t, cs.Name)
		wait.Go(func() {
			var c backend.Container
			if c, errs[i] = b.CreateContainer(s.ctx(t), cs); errs[i] == nil {
				errs[i] = b.StartContainer(s.ctx(t), c.ID)
			}
			ids[i] = c.ID
		})
	}
	wait.Wait()
	for i := range rivals {
		require.NoError(t, errs[i])
	}
	s.run(t, ids[0], "sh", "-c", "echo shared > /opt/chef/note")
	for _, id := range ids {
		require.Equal(t, "shared", s.run(t, id, "cat", "/opt/chef/note"))
	}
	kept, err := s.b.ListContainers(s.ctx(t), s.spec(tool).Tools[0].Labels)
	require.NoError(t, err)
	require.LessOrEqual(t, len(kept), 1)
}

// testToolLeavesNothing: when containers are removed, nothing stays but what carries the tool; when that is removed
// too, nothing at all. Not even where the process died after the container had gone and before the rest had, or the
// container had been removed by another program.
func testToolLeavesNothing(t *testing.T, s *suite) {
	tool := s.withTools(t, backend.Tool{Image: s.ownTool(t).ID})
	var mine []string
	start := func() backend.Container {
		c := s.start(t, tool)
		s.run(t, c.ID, "sh", "-c", "echo own > /opt/chef/own")
		mine = append(mine, s.outside.Inspect(t, c.ID).Volumes...)
		return c
	}
	s.requireRemoved(t, start().ID)
	s.requireRemoved(t, s.create(t, tool).ID)
	require.NoError(t, s.open(t).RemoveContainer(s.ctx(t), start().ID), "by a backend that did not make it")
	left := start()
	if s.logged != nil {
		b, log := s.through(t)
		log.CutAfter(1)
		_ = b.RemoveContainer(s.ctx(t), left.ID) // the process dies after one request
	}
	require.NoError(t, s.b.RemoveContainer(s.ctx(t), left.ID))
	kept, err := s.b.ListContainers(s.ctx(t), s.spec(tool).Tools[0].Labels)
	require.NoError(t, err)
	for _, k := range kept {
		mine = append(mine, s.outside.Inspect(t, k.ID).Volumes...)
		require.NoError(t, s.b.RemoveContainer(s.ctx(t), k.ID))
	}
	there := s.outside.Volumes(t)
	require.Empty(t, slices.DeleteFunc(mine, func(v string) bool { return !slices.Contains(there, v) }))
}
