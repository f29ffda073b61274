package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/mask"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// tried has doctor examine a fake engine whose containers run the agent's cat and dial as told, and returns what it
// found.
func tried(ctx context.Context, t *testing.T, change func(*fake.Engine, *examination)) []Finding {
	t.Helper()
	e := fake.New()
	e.AddRemoteImage(fake.ImageSpec{Ref: "docker.io/library/made:latest"})
	e.OnExec(func(_ context.Context, _ backend.Container, s backend.ExecSpec) (int, error) {
		if slices.Contains(s.Command, "cat") || slices.Contains(s.Command, "dial") {
			_, err := s.Stdout.Write([]byte(mark))
			return 0, err
		}
		return 0, nil
	})
	o := &Options{Factory: &cmdutil.Factory{Secrets: mask.New()}}
	x := newExamination(e, o, host{root: t.TempDir()})
	x.make = func(ctx context.Context) (backend.Image, error) {
		return e.PullImage(ctx, backend.PullOptions{Ref: "docker.io/library/made:latest"})
	}
	if change != nil {
		change(e, x)
	}
	var found []Finding
	err := x.all(ctx, func(f Finding) { f.Took = 0; found = append(found, f) })
	if ctx.Err() == nil {
		require.NoError(t, err)
	}
	require.NoError(t, x.clear(ctx))
	ctx = context.WithoutCancel(ctx)
	left, err := e.ListContainers(ctx, backend.Labels{label.Run: x.id})
	require.NoError(t, err)
	require.Empty(t, left, "all is removed")
	networks, err := e.ListNetworks(ctx, backend.Labels{label.Run: x.id})
	require.NoError(t, err)
	require.Empty(t, networks)
	return found
}

func verdicts(found []Finding) map[string]Verdict {
	all := map[string]Verdict{}
	for _, f := range found {
		all[f.Check] = f.Verdict
	}
	return all
}

func TestExamination(t *testing.T) {
	found := tried(t.Context(), t, nil)
	require.Equal(t, map[string]Verdict{"image": OK, "container": OK, "build": OK, "volumes-from": OK, "bind mount": OK,
		"names": OK, "port": Skipped, "systemd": Skipped, "netem": OK}, verdicts(found))

	found = tried(t.Context(), t, func(e *fake.Engine, _ *examination) {
		e.FailOn(func(c fake.Call) error {
			if c.Verb == "BuildImage" || c.Verb == "EnsureNetwork" {
				return &backend.Error{Op: "do it", Kind: backend.ErrInvalid, Remedy: "Do the other"}
			}
			return nil
		})
	})
	got := verdicts(found)
	require.Equal(t, Limited, got["build"])
	require.Equal(t, Limited, got["names"])
	require.Equal(t, OK, got["netem"], "the others are tried all the same")
	for _, f := range found {
		if f.Verdict == Limited {
			require.True(t, strings.HasPrefix(f.Remedy, "Do the other\n"), f.Remedy)
		}
	}
}

// A container that cannot be removed makes the check fail that made it.
func TestExaminationTellsOfAFailedRemoval(t *testing.T) {
	found := tried(t.Context(), t, func(e *fake.Engine, _ *examination) {
		var tried bool
		e.FailOn(func(c fake.Call) error {
			if c.Verb != "RemoveContainer" || tried {
				return nil
			}
			tried = true
			return &backend.Error{Op: "remove it", Kind: backend.ErrInvalid}
		})
	})
	require.Equal(t, Limited, verdicts(found)["build"])
	require.Equal(t, OK, verdicts(found)["bind mount"])
}

func TestExaminationStopsWithoutAContainer(t *testing.T) {
	found := tried(t.Context(), t, func(e *fake.Engine, _ *examination) {
		e.FailOn(func(c fake.Call) error {
			if c.Verb == "PullImage" {
				return &backend.Error{Op: "load", Kind: backend.ErrNoSpace, Remedy: "Make room"}
			}
			return nil
		})
	})
	require.Len(t, found, 1)
	require.Equal(t, Failed, found[0].Verdict)
	require.NotEmpty(t, found[0].Remedy)
}

// A remedy fits the system: each of these is another one.
func TestRemedies(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	h := host{root: root, user: "me", uid: 1000, here: true, rootless: true, kind: backend.KindPodman}
	require.Contains(t, h.container(), "usermod --add-subuids")
	require.Equal(t, map[string]Verdict{"sub-ids": Limited}, verdicts(h.settings()))
	write("etc/subuid", "you:1:2\nme:100000:65536\n")
	write("etc/subgid", "1000:100000:65536\n")
	write("run/systemd/system/x", "")
	require.NotContains(t, h.container(), "usermod")
	require.Equal(t, map[string]Verdict{"sub-ids": OK, "linger": Limited, "delegation": Limited}, verdicts(h.settings()))
	write("var/lib/systemd/linger/me", "")
	write("sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers", "cpuset cpu io memory pids\n")
	require.Equal(t, map[string]Verdict{"sub-ids": OK, "linger": OK, "delegation": OK}, verdicts(h.settings()))

	require.NotContains(t, h.bind(), "SELinux")
	write("sys/fs/selinux/enforce", "1")
	require.Contains(t, h.bind(), "SELinux")
	require.Contains(t, h.container(), "SELinux")
	require.Contains(t, h.names(), "aardvark-dns")
	require.Contains(t, h.port(), "passt")
	require.Contains(t, h.netem(), "modprobe sch_netem")
	h = host{root: root, here: true, desktop: true, kind: backend.KindDocker}
	require.Contains(t, h.bind(), "File sharing")
	require.Contains(t, h.netem(), "virtual machine")
	require.Empty(t, h.settings())
	h = host{root: root}
	require.Contains(t, h.bind(), "uploads")
	require.Contains(t, h.port(), "another machine")
}

// The exit code is 1 only when galley cannot work, and JSON has all findings.
func TestNoEngine(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer out.Close()
	f := &cmdutil.Factory{Streams: cmdutil.Streams{Out: out, Err: out}, Secrets: mask.New()}
	f.Open = func(context.Context, string, string) (backend.ContainerBackend, backend.Endpoint, error) {
		return nil, backend.Endpoint{}, errors.New("no engine answers\nStart one")
	}
	require.Equal(t, cmdutil.ExitCode(1), run(t.Context(), &Options{Factory: f, JSON: true}))
	data, err := os.ReadFile(out.Name())
	require.NoError(t, err)
	var found []Finding
	require.NoError(t, json.Unmarshal(data, &found))
	require.Equal(t, "no engine answers", found[0].Detail)
	require.Contains(t, found[0].Remedy, "Start one\n")
}

func TestAgent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	var out bytes.Buffer
	require.NoError(t, agent(t.Context(), &out, "write", file))
	require.NoError(t, agent(t.Context(), &out, "cat", file))
	require.Equal(t, mark, out.String())
	require.ErrorContains(t, agent(t.Context(), &out, "dance", ""), "dance")

	ctx, cancel := context.WithCancel(t.Context())
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error)
	go func() { served <- serve(ctx, l) }()
	out.Reset()
	require.NoError(t, greet(t.Context(), &out, l.Addr().String()))
	require.Equal(t, mark, out.String())
	cancel()
	require.Error(t, <-served)
}

// What a container without libraries cannot run is told before it is loaded.
func TestStatic(t *testing.T) {
	file := filepath.Join(t.TempDir(), "script")
	require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n"), 0o700))
	_, err := static(file)
	require.ErrorContains(t, err, "--program")
	_, err = static(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestInterruptedExaminationRemovesAll(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	found := tried(ctx, t, func(e *fake.Engine, _ *examination) {
		e.FailOn(func(c fake.Call) error {
			if c.Verb == "Exec" {
				cancel()
			}
			return nil
		})
	})
	require.Len(t, found, 1, "the image")
	require.True(t, strings.HasPrefix(newExamination(nil, &Options{Factory: &cmdutil.Factory{}}, host{}).id, "doctor-"))
}
