package lifecycle

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// secondEngine adds an engine at fake://two.
func (k *kitchen) secondEngine() *fake.Engine {
	two := fake.New(fake.ImageSpec{Ref: toolRef, Config: backend.Image{Volumes: []string{"/opt/chef"}}})
	k.engines["fake://two"] = two
	return two
}

// asks makes further runs ask for an engine explicitly.
func (k *kitchen) asks(asked Asked) {
	k.change = func(o *Options) {
		o.Asked = asked
		o.Open = func(_ context.Context, _, host string) (backend.ContainerBackend, backend.Endpoint, error) {
			if host == "" {
				host = asked.Host
			}
			return k.open(host)
		}
	}
}

// What is asked for in so many words is used, or refused with the way out.
func TestAskedEngine(t *testing.T) {
	for _, source := range []string{"--host", "GALLEY_HOST", "DOCKER_HOST"} {
		for _, action := range []Action{"create", "converge", "verify", "destroy", ActionTest} {
			k := newKitchen(t)
			two := k.secondEngine()
			i := chefInstance("a")
			require.NoError(t, k.do("create", i))
			k.asks(Asked{Host: "fake://two", Source: source, Weak: source == "DOCKER_HOST"})
			err := k.do(action, i)
			for _, text := range []string{"a lives on fake://one", source + " asks for fake://two", "galley destroy a",
				"--host fake://one"} {
				require.ErrorContains(t, err, text)
			}
			require.Len(t, k.runners(), 1)
			require.Empty(t, two.Calls()[1:], "it was only asked whether the runner is there")
			_, _, err = k.run().Reach(t.Context(), i, "")
			require.ErrorContains(t, err, "a lives on fake://one")

			k.asks(Asked{Host: "fake://one", Source: source})
			require.NoError(t, k.do("destroy", i))
			k.asks(Asked{Host: "fake://two", Source: source})
			require.NoError(t, k.do("create", i))
			require.Empty(t, k.runners())
		}
	}
}

// One engine may have two addresses, and a kind alone may fit.
func TestAskedForTheSameEngine(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	require.NoError(t, k.do("create", i))
	k.engines["ssh://one"] = k.fake
	k.asks(Asked{Host: "ssh://one", Source: "--host"})
	require.NoError(t, k.do("converge", i))
	require.Len(t, k.runners(), 1)

	s := State{ContainerID: "x", Kind: "docker", Endpoint: "unix:///run/docker.sock"}
	r := &Run{o: Options{Asked: Asked{Engine: "podman", Source: "--engine"}}}
	_, err := r.askedEngine(t.Context(), "a", s)
	require.ErrorContains(t, err, "--engine asks for podman")
	withHost := config.Driver{Engine: "docker", Host: "unix:///run/docker.sock"}
	require.Equal(t, "podman", r.kindFor(withHost))
	r.o.Asked.Weak = true
	require.Equal(t, "docker", r.kindFor(withHost), "an address of kitchen.yml comes before a file of settings")
	r.o.Asked.Engine = "docker"
	_, err = r.askedEngine(t.Context(), "a", s)
	require.NoError(t, err)
	gone := errors.New("there is no docker context gone")
	r.o.Asked = Asked{Source: "DOCKER_CONTEXT gone", Weak: true}
	r.o.Open = func(context.Context, string, string) (backend.ContainerBackend, backend.Endpoint, error) {
		return nil, backend.Endpoint{}, gone
	}
	_, err = r.askedEngine(t.Context(), "a", s)
	require.ErrorIs(t, err, gone)
}

func TestSameEndpoint(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "real"), nil, 0o600))
	require.NoError(t, os.Symlink("real", filepath.Join(dir, "link")))
	require.True(t, sameEndpoint("unix://"+filepath.Join(dir, "real"), "unix://"+filepath.Join(dir, "link")))
	require.True(t, sameEndpoint("tcp://u:secret@host:1", "tcp://u@host:1"))
	require.False(t, sameEndpoint("tcp://host:1", "tcp://host:2"))
	require.Equal(t, "tcp://u@host:1", hidePassword("tcp://u:secret@host:1"))
}

// kitchen.yml names another engine while the old one is stopped: nothing is claimed.
func TestMoveAwayFromAStoppedEngine(t *testing.T) {
	k := newKitchen(t)
	two := k.secondEngine()
	i := chefInstance("a")
	require.NoError(t, k.do("create", i))
	delete(k.engines, "fake://one") // it is stopped for an hour
	k.usual = "fake://two"
	i.Driver.Engine = "podman"
	err := k.do("create", i)
	require.ErrorIs(t, err, backend.ErrUnreachable)
	require.ErrorContains(t, err, "the old one must remove the runner first")
	require.Empty(t, k.sink.notices())
	list, err := two.ListContainers(t.Context(), backend.Labels{label.Role: label.RoleRunner})
	require.NoError(t, err)
	require.Empty(t, list)
	require.Len(t, k.runners(), 1)
}

// What was removed from the engine of before is told, also when a service stays there.
func TestMoveTellsWhatItRemoved(t *testing.T) {
	k := newKitchen(t)
	k.secondEngine()
	i := chefInstance("a")
	i.Services = twoServices()
	require.NoError(t, k.do("create", i))
	i.Driver.Host = "fake://two"
	k.fake.FailOn(func(c fake.Call) error {
		if c.Verb == "RemoveContainer" && slices.Contains(c.Args, serviceName(k.project, "a", "web")) {
			return errors.New("it stays")
		}
		return nil
	})
	require.ErrorContains(t, k.do("create", i), "it stays")
	require.Empty(t, k.runners())
	require.Contains(t, k.sink.notices(), "removed the runner from fake://one, the engine that kitchen.yml named before")
}

// destroy asks the engine where the runner is, whatever the one is like that kitchen.yml names now.
func TestDestroyDoesNotNeedTheNewEngine(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	require.NoError(t, k.do("create", i))
	i.Driver.Host = "fake://absent"
	require.Error(t, k.do("converge", i))
	require.Len(t, k.runners(), 1)
	_, c, err := k.run().Reach(t.Context(), i, "")
	require.NoError(t, err, "a person may look into it")
	require.Equal(t, k.runners()[0].ID, c.ID)
	require.NoError(t, k.do("destroy", i))
	require.Empty(t, k.runners())
}

// An instance that was never made is not bound to an engine.
func TestNothingMadeNothingBound(t *testing.T) {
	k := newKitchen(t)
	two := k.secondEngine()
	i := chefInstance("a")
	i.Driver.Image = "registry.example.com/absent"
	require.Error(t, k.do("create", i))
	delete(k.engines, "fake://one")
	k.usual = "fake://two"
	i.Driver.Image = "busybox"
	require.NoError(t, k.do("create", i))
	list, err := two.ListContainers(t.Context(), backend.Labels{label.Role: label.RoleRunner})
	require.NoError(t, err)
	require.Len(t, list, 1)
}

// A state file may come with a cloned repository. Its address is used only when this
// machine offers it too, or this user had an instance there.
func TestEndpointOfAForeignStateFile(t *testing.T) {
	k := newKitchen(t)
	cache := filepath.Join(t.TempDir(), "cache") // is on another disk
	require.NoError(t, os.Symlink(t.TempDir(), cache))
	t.Setenv("XDG_CACHE_HOME", cache)
	two := k.secondEngine()
	offered := []string{"fake://one"}
	k.change = func(o *Options) {
		o.Offers = func(_ context.Context, uri string) bool { return strings.Contains(strings.Join(offered, " "), uri) }
	}
	i := chefInstance("a")
	require.NoError(t, stateFileOf(k.project, "a").save(State{Attempted: PhaseCreate, LastAction: PhaseVerify,
		ContainerID: "x", Endpoint: "fake://two"}))
	require.NoError(t, stateFileOf(k.project,
		"c").save(State{Attempted: PhaseCreate, ContainerID: "x", Host: "fake://two",
		Endpoint: "fake://two"}))
	_, err := k.run().Statuses(t.Context(), []string{"c"})
	require.ErrorContains(t, err, "fake://two", "what the file says kitchen.yml has is no more true")
	for _, name := range []string{"a", "c"} { // login, exec, cp
		_, _, err = k.run().Reach(t.Context(), chefInstance(name), "")
		require.ErrorContains(t, err, "neither your settings nor this machine offer that engine")
	}
	for _, a := range []Action{"destroy", "verify"} {
		require.ErrorContains(t, k.do(a, i), "neither your settings nor this machine offer that engine")
	}
	_, err = k.run().Statuses(t.Context(), []string{"a"})
	require.ErrorContains(t, err, "fake://two")
	require.Empty(t, two.Calls())
	require.NoDirExists(t, filepath.Join(cache, "galley", "engines"), "who only asks makes nothing")

	k.usual = "fake://two"
	require.NoError(t, k.do("create", chefInstance("b")), "the user has used it")
	k.usual = "fake://one"
	_, err = k.run().Statuses(t.Context(), []string{"a"})
	require.NoError(t, err)
}

// After sudo, the directory for caches may be another user's: nothing there is written or believed.
func TestNotesOfEnginesInAForeignCache(t *testing.T) {
	for name, c := range map[string]struct {
		plant func(cache, notes string) error
		root  bool
	}{
		"notes behind a link": {plant: func(cache, _ string) error {
			return errors.Join(os.Rename(filepath.Join(cache, "galley"), filepath.Join(cache, "moved")),
				os.Symlink("moved", filepath.Join(cache, "galley")))
		}},
		"notes that all may write":   {plant: func(_, notes string) error { return os.Chmod(notes, 0o777) }},
		"a cache that all may write": {plant: func(cache, _ string) error { return os.Chmod(cache, 0o777) }},
		"another user's cache": {root: true, plant: func(cache, _ string) error {
			return os.Chown(cache, 12345, 12345)
		}},
		"another user's notes": {root: true, plant: func(_, notes string) error {
			return os.Chown(notes, 12345, 12345)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.root && os.Getuid() != 0 {
				t.Skip("only root can give files away")
			}
			r, uri, cache, note := notesOfEngines(t)
			require.NoError(t, c.plant(cache, filepath.Dir(note)))
			require.False(t, r.offers(t.Context(), uri), "believed")
			require.NoError(t, os.WriteFile(note, []byte("kept"), 0o600))
			r.rememberEndpoint(uri)
			data, err := os.ReadFile(note)
			require.NoError(t, err)
			require.Equal(t, "kept", string(data), "written")
		})
	}
}

// notesOfEngines is a run that is offered no engine, and that has noted one in the file note.
func notesOfEngines(t *testing.T) (r *Run, uri, cache, note string) {
	uri, cache = "fake://two", filepath.Join(t.TempDir(), "cache")
	t.Setenv("XDG_CACHE_HOME", cache)
	r = &Run{o: Options{Offers: func(context.Context, string) bool { return false }}}
	r.rememberEndpoint(uri)
	require.True(t, r.offers(t.Context(), uri))
	return r, uri, cache, filepath.Join(cache, "galley", "engines", names.Digest(uri))
}

// A link in the place of a note is replaced, and what it leads to stays; another user's note is not believed.
func TestNoteOfAnEngineIsAFileOfTheUser(t *testing.T) {
	r, uri, cache, note := notesOfEngines(t)
	victim := filepath.Join(cache, "victim")
	require.NoError(t, os.WriteFile(victim, []byte("kept"), 0o600))
	require.NoError(t, os.Remove(note))
	require.NoError(t, os.Symlink(victim, note))
	r.rememberEndpoint(uri)
	data, err := os.ReadFile(victim)
	require.NoError(t, err)
	require.Equal(t, "kept", string(data))
	require.True(t, r.offers(t.Context(), uri))
	if os.Getuid() == 0 {
		require.NoError(t, os.Chown(note, 12345, 12345))
		require.False(t, r.offers(t.Context(), uri))
	}
}

// What a state file says may not lead out of the state directory.
func TestForeignStateFile(t *testing.T) {
	for _, name := range []string{"../../../victim", "/victim", "..", ".", "a/b", `..\victim`, "a\x00b", "\x1b[2J"} {
		k := newKitchen(t)
		victim := filepath.Join(k.project.Root, "victim", "kitchen")
		require.NoError(t, os.MkdirAll(victim, 0o700))
		i := chefInstance("a")
		f := stateFileOf(k.project, "a")
		require.NoError(t, f.save(State{Attempted: PhaseCreate, Sandbox: name}))
		require.NoError(t, k.do("destroy", i), "%q", name)
		require.DirExists(t, victim)
		require.Contains(t, strings.Join(k.sink.notices(), "\n"), "is not the name of a sandbox")
	}
}

// A damaged state file stops nothing: the runner is found by its labels.
func TestDamagedStateFile(t *testing.T) {
	for _, action := range []Action{"destroy", "verify", ActionTest} {
		k := newKitchen(t)
		i := k.trackConverges()
		require.NoError(t, k.do("verify", i))
		require.NoError(t, k.project.state().WriteFile("a.json", []byte("{ not json")))
		_, err := k.run().Statuses(t.Context(), []string{"a"})
		require.ErrorContains(t, err, "is damaged")
		k.sink.events = nil
		require.NoError(t, k.do(action, i))
		require.Contains(t, strings.Join(k.sink.notices(), "\n"), "a.json.damaged")
		require.Len(t, k.runners(), map[Action]int{"verify": 1}[action])
		data, err := k.project.state().ReadFile("a.json.damaged")
		require.NoError(t, err)
		require.Equal(t, "{ not json", string(data))
	}
}
