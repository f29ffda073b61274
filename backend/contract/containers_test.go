package contract_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
)

func containerCases() []testCase {
	return []testCase{
		{"container/life", testContainerLife},
		{"container/create-does-not-start", testCreateOnly},
		{"container/start-twice", testStartTwice},
		{"container/restart-after-exit", testRestart},
		{"container/start-absent", testStartAbsent},
		{"container/start-impossible-command", testStartImpossible},
		{"container/name-taken", testNameTaken},
		{"container/image-absent", testImageAbsent},
		{"container/bind-source-absent", testBindSourceAbsent},
		{"container/inspect-absent", testInspectAbsent},
		{"container/list", testList},
		{"container/entrypoint", testEntrypoint},
		{"container/remove-absent", testRemoveAbsent},
		{"container/remove-created", testRemoveCreated},
		{"container/remove-exited", testRemoveExited},
		{"container/remove-at-once", testRemoveAtOnce},
		{"container/remove-four-at-once", testRemoveConcurrently},
		{"container/wait-exit-code", testWait},
		{"container/wait-running", testWaitRunning},
		{"container/wait-cancelled", testWaitCancelled},
		{"container/wait-absent", testWaitAbsent},
		{"container/stop-signal", testStopSignal},
		{"container/stop", testStop},
		{"container/pause", testPause},
	}
}

func testContainerLife(t *testing.T, s *suite) {
	name := s.unique("life")
	created := s.create(t, func(cs *backend.ContainerSpec) { cs.Name = name })
	require.Equal(t, backend.StateCreated, s.inspect(t, created.ID).State)
	require.NoError(t, s.b.StartContainer(s.ctx(t), created.ID))
	for _, key := range []string{created.ID, name} {
		c := s.inspect(t, key)
		require.Equal(t, created.ID, c.ID)
		require.Equal(t, name, c.Name)
		require.Equal(t, backend.StateRunning, c.State)
		require.Equal(t, s.busybox.ID, c.ImageID)
		require.True(t, s.labels().Matches(c.Labels), "labels: %v", c.Labels)
		require.Empty(t, c.Warnings, "only CreateContainer fills it")
	}
	require.NoError(t, s.b.RemoveContainer(s.ctx(t), name))
	_, err := s.b.InspectContainer(s.ctx(t), created.ID)
	require.ErrorIs(t, err, backend.ErrNotFound)
}

func testCreateOnly(t *testing.T, s *suite) {
	dir := sharedDir(t)
	s.create(t, script("echo ran > /shared/ran"),
		mounts(spec.Mount{Type: spec.MountBind, Source: dir, Target: "/shared"}))
	require.NoFileExists(t, dir+"/ran")
}

func testStartTwice(t *testing.T, s *suite) {
	c := s.start(t)
	require.NoError(t, s.b.StartContainer(s.ctx(t), c.ID))
	require.Equal(t, backend.StateRunning, s.inspect(t, c.ID).State)
}

// testRestart: a stopped container starts again with what was written to it.
func testRestart(t *testing.T, s *suite) {
	c := s.start(t)
	s.run(t, c.ID, "sh", "-c", "echo kept > /kept")
	require.NoError(t, s.outside.Stop(s.ctx(t), c.ID, 0))
	require.NoError(t, s.b.StartContainer(s.ctx(t), c.ID))
	require.Equal(t, "kept", s.run(t, c.ID, "cat", "/kept"))
}

func testStartAbsent(t *testing.T, s *suite) {
	require.ErrorIs(t, s.b.StartContainer(s.ctx(t), unset), backend.ErrNotFound)
}

func testStartImpossible(t *testing.T, s *suite) {
	c := s.create(t, command("/no/such/command"))
	require.ErrorIs(t, s.b.StartContainer(s.ctx(t), c.ID), backend.ErrInvalid)
	require.NotEqual(t, backend.StateRunning, s.inspect(t, c.ID).State)
}

func testNameTaken(t *testing.T, s *suite) {
	first := s.create(t)
	name := s.inspect(t, first.ID).Name
	_, err := s.b.CreateContainer(s.ctx(t), s.spec(func(cs *backend.ContainerSpec) { cs.Name = name }))
	require.ErrorIs(t, err, backend.ErrConflict)
	require.Equal(t, first.ID, s.inspect(t, name).ID)
}

func testImageAbsent(t *testing.T, s *suite) {
	for _, ref := range []string{s.tag("absent"), "sha256:" + unset} {
		cs := s.spec(image(ref))
		s.removeLater(t, cs.Name)
		_, err := s.b.CreateContainer(s.ctx(t), cs)
		require.ErrorIs(t, err, backend.ErrNotFound, ref)
	}
}

// testBindSourceAbsent: some engines make the missing directory, as root. Ours do
// not, whichever call it is that refuses.
func testBindSourceAbsent(t *testing.T, s *suite) {
	missing := sharedDir(t) + "/missing"
	cs := s.spec(mounts(spec.Mount{Type: spec.MountBind, Source: missing, Target: "/bound"}))
	err := s.createAndStart(t, cs)
	require.ErrorIs(t, err, backend.ErrMountSource)
	require.Contains(t, err.Error(), missing)
	require.NoDirExists(t, missing)
}

// createAndStart returns the error of whichever of the two calls fails first.
func (s *suite) createAndStart(t *testing.T, cs backend.ContainerSpec) error {
	t.Helper()
	s.removeLater(t, cs.Name)
	c, err := s.b.CreateContainer(s.ctx(t), cs)
	if err != nil {
		return err
	}
	return s.b.StartContainer(s.ctx(t), c.ID)
}

func testInspectAbsent(t *testing.T, s *suite) {
	for _, key := range []string{unset, s.unique("absent")} {
		_, err := s.b.InspectContainer(s.ctx(t), key)
		require.ErrorIs(t, err, backend.ErrNotFound, key)
	}
}

func testList(t *testing.T, s *suite) {
	labelled := func(instance string) edit {
		return func(cs *backend.ContainerSpec) {
			cs.Labels = backend.Labels{labelRun: s.prefix, labelInstance: instance, "example.list": "a=b, c"}
		}
	}
	created := s.create(t, labelled("created"))
	running := s.start(t, labelled("running"))
	exited, _ := s.finished(t, labelled("exited"), command("true"))

	list := func(labels backend.Labels) map[string]backend.Container {
		found, err := s.b.ListContainers(s.ctx(t), labels)
		require.NoError(t, err)
		byID := map[string]backend.Container{}
		for _, c := range found {
			require.True(t, labels.Matches(c.Labels), "labels: %v", c.Labels)
			require.WithinDuration(t, time.Now(), c.Created, time.Hour)
			byID[c.ID] = c
		}
		return byID
	}
	var all map[string]backend.Container
	// A list may tell of an end a moment later than Wait does.
	s.await(t, func() bool {
		all = list(backend.Labels{labelRun: s.prefix, "example.list": "a=b, c"})
		return all[exited.ID].State != backend.StateRunning
	}, "the list knows of the end")
	require.Len(t, all, 3)
	for id, state := range map[string]backend.State{
		created.ID: backend.StateCreated, running.ID: backend.StateRunning, exited.ID: backend.StateExited,
	} {
		require.Contains(t, all, id)
		require.Equal(t, state, all[id].State)
		require.Equal(t, s.inspect(t, id).Name, all[id].Name)
		require.Equal(t, s.busybox.ID, all[id].ImageID)
	}
	one := list(backend.Labels{labelRun: s.prefix, labelInstance: "running"})
	require.Len(t, one, 1)
	require.Contains(t, one, running.ID)
	require.Len(t, list(backend.Labels{labelRun: s.prefix, "example.list": ""}), 3, "an empty value matches any")
	require.Empty(t, list(backend.Labels{labelRun: s.prefix, "example.list": "a"}))
}

func testEntrypoint(t *testing.T, s *suite) {
	for _, c := range []struct {
		name                string
		entrypoint, command []string
		want                string
	}{
		{"both", []string{"echo", "entry"}, []string{"command"}, "entry command\n"},
		{"entrypoint alone", []string{"echo", "entry"}, []string{}, "entry\n"},
		{"command alone", nil, []string{"echo", "command"}, "command\n"},
	} {
		made, code := s.finished(t, func(cs *backend.ContainerSpec) {
			cs.Entrypoint, cs.Command = c.entrypoint, c.command
		})
		require.Zero(t, code, c.name)
		out, _ := s.logs(t, made.ID)
		require.Equal(t, c.want, out, c.name)
	}
}

func testRemoveAbsent(t *testing.T, s *suite) {
	require.NoError(t, s.b.RemoveContainer(s.ctx(t), unset))
	require.NoError(t, s.b.RemoveContainer(s.ctx(t), s.unique("absent")))
}

func testRemoveCreated(t *testing.T, s *suite) {
	s.requireRemoved(t, s.create(t).ID)
}

func testRemoveExited(t *testing.T, s *suite) {
	c, _ := s.finished(t, command("true"))
	s.requireRemoved(t, c.ID)
}

func (s *suite) requireRemoved(t *testing.T, id string) {
	t.Helper()
	require.NoError(t, s.b.RemoveContainer(s.ctx(t), id))
	_, err := s.b.InspectContainer(s.ctx(t), id)
	require.ErrorIs(t, err, backend.ErrNotFound)
}

// testRemoveAtOnce: PID 1 would tell of a signal that it can handle, and an engine
// that sends one waits ten seconds for its effect.
func testRemoveAtOnce(t *testing.T, s *suite) {
	dir := sharedDir(t)
	c := s.start(t, script("trap 'echo asked > /shared/asked' TERM INT HUP; echo ready; sleep 3600 & wait; sleep 3600 & wait"),
		mounts(spec.Mount{Type: spec.MountBind, Source: dir, Target: "/shared"}))
	s.awaitLog(t, c.ID, "ready")
	s.requireRemoved(t, c.ID)
	require.NoFileExists(t, dir+"/asked")
}

// testRemoveConcurrently: a caller that is told that the container is removed can take its name.
func testRemoveConcurrently(t *testing.T, s *suite) {
	c := s.start(t)
	g, ctx := errgroup.WithContext(s.ctx(t))
	for range 4 {
		g.Go(func() error {
			if err := s.b.RemoveContainer(ctx, c.ID); err != nil {
				return err
			}
			_, err := s.b.InspectContainer(ctx, c.Name)
			if errors.Is(err, backend.ErrNotFound) {
				return nil
			}
			return fmt.Errorf("the container is removed and still there: %w", err)
		})
	}
	require.NoError(t, g.Wait())
}

func testWait(t *testing.T, s *suite) {
	for _, want := range []int{0, 1, 42} {
		c, code := s.finished(t, script("exit "+strconv.Itoa(want)))
		require.Equal(t, want, code)
		again, err := s.b.WaitContainer(s.ctx(t), c.ID)
		require.NoError(t, err, "waiting for a container that has stopped")
		require.Equal(t, want, again)
		got := s.inspect(t, c.ID)
		require.Equal(t, backend.StateExited, got.State)
		require.Equal(t, want, got.ExitCode)
	}
}

func testWaitRunning(t *testing.T, s *suite) {
	c := s.start(t, script("trap 'exit 9' TERM; echo ready; sleep 3600 & wait"))
	s.awaitLog(t, c.ID, "ready")
	var g errgroup.Group
	var code int
	g.Go(func() (err error) {
		code, err = s.b.WaitContainer(s.ctx(t), c.ID)
		return err
	})
	require.NoError(t, s.outside.Stop(s.ctx(t), c.ID, int(guard.Seconds())))
	require.NoError(t, g.Wait())
	require.Equal(t, 9, code)
}

func testWaitCancelled(t *testing.T, s *suite) {
	c := s.start(t)
	ctx, cancel := context.WithCancel(s.ctx(t))
	var g errgroup.Group
	g.Go(func() error {
		_, err := s.b.WaitContainer(ctx, c.ID)
		return err
	})
	cancel()
	require.ErrorIs(t, g.Wait(), context.Canceled)
	require.Equal(t, backend.StateRunning, s.inspect(t, c.ID).State)
}

func testWaitAbsent(t *testing.T, s *suite) {
	_, err := s.b.WaitContainer(s.ctx(t), unset)
	require.ErrorIs(t, err, backend.ErrNotFound)
}

// testStopSignal: by name, and the one that ends systemd, whose number is 37.
func testStopSignal(t *testing.T, s *suite) {
	for signal, trap := range map[string]string{"SIGUSR1": "USR1", "SIGRTMIN+3": "37"} {
		c := s.start(t, script("trap 'exit 5' "+trap+"; echo ready; sleep 3600 & wait; sleep 3600 & wait"),
			func(cs *backend.ContainerSpec) { cs.StopSignal = signal })
		s.awaitLog(t, c.ID, "ready")
		require.NoError(t, s.outside.Stop(s.ctx(t), c.ID, int(guard.Seconds())))
		got := s.inspect(t, c.ID)
		require.Equal(t, backend.StateExited, got.State)
		require.Equal(t, 5, got.ExitCode, signal)
	}
}

// testStop: PID 1 gets the stop signal and the time to obey it, else it is killed; what it wrote, and its volumes, are
// there when it is started again.
func testStop(t *testing.T, s *suite) {
	obeys := s.start(t, script("trap 'echo ended > /volume/how; exit 5' USR1; echo ready; while :; do sleep 0.1; done"),
		func(cs *backend.ContainerSpec) {
			cs.StopSignal = "SIGUSR1"
			cs.Mounts = []spec.Mount{{Type: spec.MountVolume, Target: "/volume"}}
		})
	s.awaitLog(t, obeys.ID, "ready")
	require.NoError(t, s.b.StopContainer(s.ctx(t), obeys.ID, guard))
	got := s.inspect(t, obeys.ID)
	require.Equal(t, backend.StateExited, got.State)
	require.Equal(t, 5, got.ExitCode)
	require.NoError(t, s.b.StopContainer(s.ctx(t), obeys.ID, guard), "it has stopped already")
	require.NoError(t, s.b.StartContainer(s.ctx(t), obeys.ID))
	require.Equal(t, "ended", s.run(t, obeys.ID, "cat", "/volume/how"))

	stubborn := s.start(t, script("trap '' TERM; echo ready; while :; do sleep 0.1; done"))
	s.awaitLog(t, stubborn.ID, "ready")
	require.NoError(t, s.b.StopContainer(s.ctx(t), stubborn.ID, 0))
	require.Equal(t, backend.StateExited, s.inspect(t, stubborn.ID).State)
	require.ErrorIs(t, s.b.StopContainer(s.ctx(t), unset, 0), backend.ErrNotFound)
}

// testPause: a paused container does nothing until it is let go on, and can be removed.
func testPause(t *testing.T, s *suite) {
	c := s.start(t)
	err := s.b.PauseContainer(s.ctx(t), c.ID)
	if errors.Is(err, backend.ErrUnsupported) {
		require.ErrorContains(t, err, "cgroup v2")
		return
	}
	require.NoError(t, err)
	require.Equal(t, backend.StatePaused, s.inspect(t, c.ID).State)
	_, err = s.b.Exec(s.ctx(t), c.ID, backend.ExecSpec{Command: []string{"true"}})
	require.ErrorIs(t, err, backend.ErrNotRunning)
	require.NoError(t, s.b.UnpauseContainer(s.ctx(t), c.ID))
	require.NoError(t, s.b.UnpauseContainer(s.ctx(t), c.ID), "it goes on already")
	s.run(t, c.ID, "true")
	require.NoError(t, s.b.PauseContainer(s.ctx(t), c.ID))
	s.requireRemoved(t, c.ID)
	require.ErrorIs(t, s.b.PauseContainer(s.ctx(t), unset), backend.ErrNotFound)
}

func logCases() []testCase {
	return []testCase{
		{"log/streams-apart", testLogStreams},
		{"log/tail", testLogTail},
		{"log/terminal", testLogTty},
		{"log/follow", testLogFollow},
		{"log/follow-cancelled", testLogFollowCancelled},
		{"log/one-stream", testLogOneStream},
		{"log/absent", testLogAbsent},
	}
}

func testLogStreams(t *testing.T, s *suite) {
	c, code := s.finished(t, script("echo to out; echo to err >&2; exit 3"))
	require.Equal(t, 3, code)
	out, errOut := s.logs(t, c.ID)
	require.Equal(t, "to out\n", out)
	require.Equal(t, "to err\n", errOut)
}

func testLogTail(t *testing.T, s *suite) {
	c, _ := s.finished(t, command("seq", "1", "200"))
	for tail, want := range map[int]string{2: "199\n200\n", 1: "200\n"} {
		var out bytes.Buffer
		require.NoError(t, s.b.ContainerLogs(s.ctx(t), c.ID, backend.LogOptions{Stdout: &out, Tail: tail}))
		require.Equal(t, want, out.String())
	}
}

// testLogTty: with a terminal Docker sends the log raw and Podman framed.
func testLogTty(t *testing.T, s *suite) {
	c, _ := s.finished(t, command("echo", "on a terminal"), func(cs *backend.ContainerSpec) { cs.Tty = true })
	out, errOut := s.logs(t, c.ID)
	require.Equal(t, "on a terminal\r\n", out)
	require.Empty(t, errOut)
}

func testLogFollow(t *testing.T, s *suite) {
	c := s.start(t, script("echo early; sleep 3600 & wait"))
	seen := newWatchedBuffer("early\n", "late\n")
	var g errgroup.Group
	g.Go(func() error {
		return s.b.ContainerLogs(s.ctx(t), c.ID, backend.LogOptions{Stdout: seen, Follow: true})
	})
	seen.await(s.ctx(t), t, "early\n")
	s.run(t, c.ID, "sh", "-c", "echo late > /proc/1/fd/1")
	seen.await(s.ctx(t), t, "late\n")
	require.NoError(t, s.outside.Stop(s.ctx(t), c.ID, 0))
	require.NoError(t, g.Wait(), "it ends when the container stops")
	require.Equal(t, "early\nlate\n", seen.String())
}

func testLogFollowCancelled(t *testing.T, s *suite) {
	c := s.start(t, script("echo early; sleep 3600 & wait"))
	seen := newWatchedBuffer("early\n")
	ctx, cancel := context.WithCancel(s.ctx(t))
	defer cancel()
	var g errgroup.Group
	g.Go(func() error {
		return s.b.ContainerLogs(ctx, c.ID, backend.LogOptions{Stdout: seen, Follow: true})
	})
	seen.await(s.ctx(t), t, "early\n")
	cancel()
	if err := g.Wait(); err != nil {
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Equal(t, backend.StateRunning, s.inspect(t, c.ID).State)
}

func testLogOneStream(t *testing.T, s *suite) {
	c, _ := s.finished(t, script("echo to out; echo to err >&2"))
	var errOut bytes.Buffer
	require.NoError(t, s.b.ContainerLogs(s.ctx(t), c.ID, backend.LogOptions{Stderr: &errOut}))
	require.Equal(t, "to err\n", errOut.String())
}

func testLogAbsent(t *testing.T, s *suite) {
	var out bytes.Buffer
	require.ErrorIs(t, s.b.ContainerLogs(s.ctx(t), unset, backend.LogOptions{Stdout: &out}), backend.ErrNotFound)
}
