package contract_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

const (
	// guard ends a subtest that hangs. It is no statement on how long things take.
	guard = 3 * time.Minute
	// pollInterval is the pause between two looks at it.
	pollInterval = 50 * time.Millisecond
)

// suite is what the subtests of one run share.
type suite struct {
	subject
	b       backend.ContainerBackend
	info    backend.Info
	busybox backend.Image
	// prefix starts the name of everything made by this run.
	prefix string
	serial atomic.Int64
	// tool has VOLUME /opt/chef with the file TOOL-IMAGE, withTool its own /opt/chef with the file PLATFORM-IMAGE and
	// no volume. severalVolumes has two, and a command that cannot be run.
	tool, withTool, severalVolumes func() (backend.Image, error)
	// others is held by each subtest: for reading, or by one that must be alone.
	others sync.RWMutex
}

func newSuite(t *testing.T, on subject) *suite {
	t.Helper()
	s := &suite{subject: on, prefix: fmt.Sprintf("galley-contract-%08x", rand.Uint32())}
	s.b = s.open(t)
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	defer cancel()
	var err error
	s.info, err = s.b.Info(ctx)
	require.NoError(t, err, "the engine does not answer")
	s.busybox, err = s.b.InspectImage(ctx, on.image)
	require.NoError(t, err, "the engine needs the image")
	s.tool = s.sharedImage(t, "tool", map[string]string{
		"Dockerfile":      "FROM " + on.image + "\nCOPY chef /opt/chef\nVOLUME /opt/chef\nCMD [\"true\"]\n",
		"chef/TOOL-IMAGE": "tool\n",
	})
	s.withTool = s.sharedImage(t, "platform", map[string]string{
		"Dockerfile":          "FROM " + on.image + "\nCOPY chef /opt/chef\n",
		"chef/PLATFORM-IMAGE": "platform\n",
	})
	s.severalVolumes = s.sharedImage(t, "several", map[string]string{
		"Dockerfile": "FROM " + on.image +
			"\nCOPY one /opt/one\nCOPY two /srv/two\nVOLUME /opt/one /srv/two\nCMD [\"/no/such/command\"]\n",
		"one/file":     "one\n",
		"two/sub/file": "two\n",
	})
	return s
}

// open opens a backend that is closed when the test ends.
func (s *suite) open(t *testing.T) backend.ContainerBackend {
	t.Helper()
	b := s.connect(t)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// sharedImage returns a function that builds an image when it is first called. The
// image is removed when t ends, which is after all subtests.
func (s *suite) sharedImage(t *testing.T, name string, files map[string]string) func() (backend.Image, error) {
	return sync.OnceValues(func() (backend.Image, error) {
		ctx, cancel := context.WithTimeout(context.Background(), guard)
		defer cancel()
		tag := s.tag(name)
		t.Cleanup(func() { s.removeImage(t, tag) })
		return s.buildAgain(ctx, backend.BuildOptions{Context: tarOfFiles(t, files), Tag: tag, Labels: s.labels()})
	})
}

// ctx returns the context of a subtest.
func (s *suite) ctx(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), guard)
	t.Cleanup(cancel)
	return ctx
}

// unique returns a name that nothing else has.
func (s *suite) unique(what string) string {
	return fmt.Sprintf("%s-%s-%d", s.prefix, what, s.serial.Add(1))
}

func (s *suite) tag(what string) string { return "docker.io/library/" + s.unique(what) + ":latest" }

// The labels of what the contract makes.
const (
	labelRun      = "dev.galley.run"
	labelInstance = "dev.galley.instance"
)

// labels are on everything that the run makes.
func (s *suite) labels() backend.Labels { return backend.Labels{labelRun: s.prefix} }

// edit changes the specification of a container before it is made.
type edit func(*backend.ContainerSpec)

// spec returns the specification of a container that does nothing for an hour and has no network.
func (s *suite) spec(edits ...edit) backend.ContainerSpec {
	cs := backend.ContainerSpec{
		Name:    s.unique("c"),
		Image:   s.busybox.ID,
		Command: []string{"sleep", "3600"},
		Labels:  s.labels(),
		Network: backend.NetworkAttachment{Mode: spec.NetworkNone},
	}
	for _, e := range edits {
		e(&cs)
	}
	return cs
}

func command(argv ...string) edit {
	return func(s *backend.ContainerSpec) { s.Command = argv }
}

func script(text string) edit { return command("sh", "-c", text) }

func image(id string) edit {
	return func(s *backend.ContainerSpec) { s.Image = id }
}

func mounts(m ...spec.Mount) edit {
	return func(s *backend.ContainerSpec) { s.Mounts = append(s.Mounts, m...) }
}

func volumesFrom(container string) edit {
	return func(s *backend.ContainerSpec) {
		s.VolumesFrom = append(s.VolumesFrom, spec.VolumesFrom{Container: container})
	}
}

// create makes a container that is removed when the subtest ends.
func (s *suite) create(t *testing.T, edits ...edit) backend.Container {
	t.Helper()
	cs := s.spec(edits...)
	s.removeLater(t, cs.Name)
	c, err := s.b.CreateContainer(s.ctx(t), cs)
	require.NoError(t, err)
	require.NotEmpty(t, c.ID)
	return c
}

// start makes a container and starts it.
func (s *suite) start(t *testing.T, edits ...edit) backend.Container {
	t.Helper()
	c := s.create(t, edits...)
	require.NoError(t, s.b.StartContainer(s.ctx(t), c.ID))
	return c
}

// finished makes a container, starts it and waits for its end.
func (s *suite) finished(t *testing.T, edits ...edit) (backend.Container, int) {
	t.Helper()
	c := s.start(t, edits...)
	code, err := s.b.WaitContainer(s.ctx(t), c.ID)
	require.NoError(t, err)
	return c, code
}

func (s *suite) inspect(t *testing.T, idOrName string) backend.Container {
	t.Helper()
	c, err := s.b.InspectContainer(s.ctx(t), idOrName)
	require.NoError(t, err)
	return c
}

// removeLater removes a container when the subtest ends, whether it exists or not.
func (s *suite) removeLater(t *testing.T, idOrName string) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), guard)
		defer cancel()
		require.NoError(t, s.b.RemoveContainer(ctx, idOrName))
	})
}

func (s *suite) removeImage(t *testing.T, ref string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	defer cancel()
	require.NoError(t, s.b.RemoveImage(ctx, ref))
}

// removeVolumeLater removes a named volume when the subtest ends.
func (s *suite) removeVolumeLater(t *testing.T, name string) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), guard)
		defer cancel()
		require.NoError(t, s.outside.RemoveVolume(ctx, name))
	})
}

// result is what an exec gave.
type result struct {
	code        int
	out, errOut string
}

// exec runs a command in a container.
func (s *suite) exec(t *testing.T, id string, e backend.ExecSpec) result {
	t.Helper()
	var out, errOut bytes.Buffer
	e.Stdout, e.Stderr = &out, &errOut
	code, err := s.b.Exec(s.ctx(t), id, e)
	require.NoErrorf(t, err, "exec %q", e.Command)
	return result{code, out.String(), errOut.String()}
}

// run runs a command that must succeed, and returns its output without the last line end.
func (s *suite) run(t *testing.T, id string, argv ...string) string {
	t.Helper()
	r := s.exec(t, id, backend.ExecSpec{Command: argv})
	require.Zerof(t, r.code, "exec %q: %s%s", argv, r.out, r.errOut)
	return strings.TrimSuffix(r.out, "\n")
}

// try runs a command and returns its exit code.
func (s *suite) try(t *testing.T, id string, argv ...string) int {
	t.Helper()
	return s.exec(t, id, backend.ExecSpec{Command: argv}).code
}

// logs returns what PID 1 printed to both streams.
func (s *suite) logs(t *testing.T, id string) (out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	require.NoError(t, s.b.ContainerLogs(s.ctx(t), id, backend.LogOptions{Stdout: &o, Stderr: &e}))
	return o.String(), e.String()
}

// awaitLog waits until PID 1 has printed text to its standard output.
func (s *suite) awaitLog(t *testing.T, id, text string) {
	t.Helper()
	s.await(t, func() bool {
		out, _ := s.logs(t, id)
		return strings.Contains(out, text)
	}, "PID 1 prints "+text)
}

// await waits for something to come about. The condition runs in the goroutine of the test, so that it may fail it.
func (s *suite) await(t *testing.T, condition func() bool, what string) {
	t.Helper()
	deadline := time.NewTimer(s.patience)
	defer deadline.Stop()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			require.Failf(t, "it did not come about", "%s, within %s", what, s.patience)
		case <-tick.C:
		}
	}
}

// record passes a verdict on, without the names of this one run.
func (s *suite) record(t *testing.T, feature string, verdict testbed.Verdict, reason string) {
	t.Helper()
	reason = regexp.MustCompile(regexp.QuoteMeta(s.prefix)+`-[a-z0-9]+-[0-9]+`).ReplaceAllString(reason, "NAME")
	t.Logf("%s: %s: %s %s", s.name, feature, verdict, reason)
	s.subject.record(feature, verdict, reason)
}

// sharedDir returns a directory of the engine's host that every user may read and
// write, so that a rootless or remapped container can, too.
func sharedDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "galley-contract-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o777))
	return dir
}

// unset is a container ID that no engine has.
const unset = "0000000000000000000000000000000000000000000000000000000000000000"
