package contract_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

func callCases() []testCase {
	return []testCase{
		{"calls/economy", testEconomy},
		{"calls/cut-off-while-populating", testCutOff},
	}
}

// What some calls take more in special cases.
const (
	// toolCalls: a container with tools takes a look at the container that carries them, where the engine needs one.
	toolCalls = 1
	// newNetworkCalls: EnsureNetwork makes what is not there, and looks for twins
	// where the engine allows two networks of one name.
	newNetworkCalls = 2
	// newToolCalls: the first container with a tool has its carrier made. Podman is asked for one that has another
	// name, fills its volumes on a request of its own, and gives it its name after that, so that a name never stands
	// for empty volumes; Docker is asked what it can do.
	newToolCalls = toolCalls + 6
	// layerCalls: Docker keeps what a container writes into a private tool in volumes
	// that it does not remove with the container.
	layerCalls = 1
	// ownersCalls: a Docker that remaps users looks whether the container has the host's, before it commits it.
	ownersCalls = 1
)

// through opens a backend whose requests are written down.
func (s *suite) through(t *testing.T) (backend.ContainerBackend, *testbed.RequestLog) {
	t.Helper()
	b, log := s.logged(t)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	_, err := b.Info(s.ctx(t))
	require.NoError(t, err)
	return b, log
}

// testCutOff: whichever request is the last that a dying process gets through, the next
// container has a full tool, and nothing stays once the containers are removed.
func testCutOff(t *testing.T, s *suite) {
	for n := 0; ; n++ {
		b, log := s.through(t)
		tool := s.ownTool(t)
		labels := backend.Labels{labelRun: s.prefix, labelInstance: s.unique("cut")}
		s.removeLabelledLater(t, labels)
		tools := []backend.Tool{{Image: tool.ID, Labels: labels}}
		spec := s.spec(func(spec *backend.ContainerSpec) { spec.Labels, spec.Tools = labels, tools })
		log.CutAfter(n)
		_, err := b.CreateContainer(s.ctx(t), spec)
		runner := s.start(t, func(spec *backend.ContainerSpec) { spec.Tools = tools })
		require.Equal(t, "tool", s.run(t, runner.ID, "cat", toolFile), "after %d requests", n)
		if err == nil {
			return
		}
		require.LessOrEqual(t, n, fake.APICalls("CreateContainer")+newToolCalls)
	}
}

// removeLabelledLater removes containers that may have no name that is known.
func (s *suite) removeLabelledLater(t *testing.T, labels backend.Labels) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), guard)
		defer cancel()
		left, err := s.b.ListContainers(ctx, labels)
		require.NoError(t, err)
		for _, c := range left {
			require.NoError(t, s.b.RemoveContainer(ctx, c.ID))
		}
	})
}

// testEconomy: no call takes more requests than fake.APICalls says. What a life cycle
// costs is mostly how often it asks the engine something.
func testEconomy(t *testing.T, s *suite) {
	b, log := s.through(t)
	tool := s.ownTool(t)
	ctx := s.ctx(t)

	within := func(verb string, extra int, do func() error) {
		t.Helper()
		var err error
		requests := log.During(func() { err = do() })
		require.NoError(t, err, verb)
		require.LessOrEqual(t, len(requests), fake.APICalls(verb)+extra, "%s: %q", verb, requests)
		require.NotEmpty(t, requests, verb)
	}
	within("InspectImage", 0, func() error { _, err := b.InspectImage(ctx, s.image); return err })
	within("ListImages", 0, func() error { _, err := b.ListImages(ctx, s.labels()); return err })

	network := s.unique("n")
	s.removeNetworkLater(t, network)
	ensure := func() error {
		_, err := b.EnsureNetwork(ctx, backend.NetworkSpec{Name: network, Labels: s.labels()})
		return err
	}
	within("EnsureNetwork", newNetworkCalls, ensure)
	within("EnsureNetwork", 0, ensure)
	within("ListNetworks", 0, func() error { _, err := b.ListNetworks(ctx, s.labels()); return err })

	tooled := func() backend.ContainerSpec { return s.spec(s.withTools(t, backend.Tool{Image: tool.ID})) }
	var c backend.Container
	for _, extra := range []int{newToolCalls, toolCalls} {
		spec := tooled()
		s.removeLater(t, spec.Name)
		within("CreateContainer", extra, func() (err error) { c, err = b.CreateContainer(ctx, spec); return err })
		within("StartContainer", 0, func() error { return b.StartContainer(ctx, c.ID) })
		within("RemoveContainer", layerCalls, func() error { return b.RemoveContainer(ctx, c.ID) })
	}
	plain := s.spec(on(network))
	s.removeLater(t, plain.Name)
	within("CreateContainer", 0, func() (err error) { c, err = b.CreateContainer(ctx, plain); return err })
	within("StartContainer", 0, func() error { return b.StartContainer(ctx, c.ID) })
	within("InspectContainer", 0, func() error { _, err := b.InspectContainer(ctx, c.ID); return err })
	within("ListContainers", 0, func() error { _, err := b.ListContainers(ctx, s.labels()); return err })
	within("Exec", 0, func() error {
		_, err := b.Exec(ctx, c.ID, backend.ExecSpec{Command: []string{"echo", "hello"}, Stdout: io.Discard})
		return err
	})
	within("CopyTo", 0, func() error { return b.CopyTo(ctx, c.ID, "/home", tarOf(t, sample()...)) })
	within("CopyFrom", 0, func() error {
		return drain(b.CopyFrom(ctx, c.ID, "/home/sample"))
	})
	within("ContainerChanges", 0, func() error { _, err := b.ContainerChanges(ctx, c.ID); return err })
	commit := backend.CommitOptions{Ref: s.tag("committed")}
	t.Cleanup(func() { s.removeImage(t, commit.Ref) })
	within("CommitContainer", ownersCalls, func() error { _, err := b.CommitContainer(ctx, c.ID, commit); return err })
	within("SaveImages", 0, func() error { return drain(b.SaveImages(ctx, s.busybox.ID)) })
	within("ContainerLogs", 0, func() error {
		return b.ContainerLogs(ctx, c.ID, backend.LogOptions{Stdout: &bytes.Buffer{}})
	})
	within("StopContainer", 0, func() error { return b.StopContainer(ctx, c.ID, 0) })
	within("WaitContainer", 0, func() error { _, err := b.WaitContainer(ctx, c.ID); return err })
	within("RemoveContainer", 0, func() error { return b.RemoveContainer(ctx, c.ID) })
	within("RemoveNetwork", 0, func() error { return b.RemoveNetwork(ctx, network) })
	within("RemoveImage", 0, func() error { return b.RemoveImage(ctx, s.tag("absent")) })
}

// drain reads a stream of the engine to its end.
func drain(r io.ReadCloser, err error) error {
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return errors.Join(err, r.Close())
}
