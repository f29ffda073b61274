package lifecycle

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// twoServices are a database and what needs it, in the order in which they are started.
func twoServices() []config.Service {
	ready := func(word string) *config.Ready {
		return &config.Ready{Exec: []string{"is it there", word}, Timeout: time.Minute, Interval: time.Millisecond}
	}
	return []config.Service{
		{Name: "db", Image: "busybox", Ready: ready("db")},
		{Name: "web", Image: "busybox", Ready: ready("web"), DependsOn: []string{"db"}},
	}
}

// services are the containers of services, by the services' names.
func (k *kitchen) services() map[string]backend.Container {
	k.t.Helper()
	list, err := k.fake.ListContainers(k.t.Context(), backend.Labels{label.Role: label.RoleService})
	require.NoError(k.t, err)
	found := map[string]backend.Container{}
	for _, c := range list {
		found[c.Labels[label.Service]] = c
	}
	return found
}

// networks is how many there are.
func (k *kitchen) networks() int {
	k.t.Helper()
	list, err := k.fake.ListNetworks(k.t.Context(), nil)
	require.NoError(k.t, err)
	return len(list)
}

func TestServicesLiveWithTheRunner(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Services = twoServices()
	var mu sync.Mutex
	var order []string
	early := false // web is there before the database is ready
	k.fake.OnExec(func(ctx context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(e.Command, "is it there") {
			return 0, fake.ErrNotHandled
		}
		word := e.Command[len(e.Command)-1]
		if _, err := k.fake.InspectContainer(ctx, serviceName(k.project, "a", "web")); err == nil && word == "db" {
			early = true
		}
		if order = append(order, word); len(order) == 1 {
			return 1, nil // it is asked again
		}
		return 0, nil
	})
	require.NoError(t, k.do("converge", i))
	require.Equal(t, []string{"db", "db", "web"}, order)
	require.False(t, early)
	first := k.services()
	require.Len(t, first, 2)
	require.Equal(t, 2, k.networks())
	list, err := k.run().Statuses(t.Context(), []string{"a"})
	require.NoError(t, err)
	require.Equal(t, map[string]backend.State{"db": "running", "web": "running"}, list[0].Services)

	// They stay for the next command.
	require.NoError(t, k.do("verify", i))
	require.Equal(t, first, k.services())

	// One that has stopped is started, and what came after it is done again.
	require.NoError(t, k.fake.Stop(first["db"].ID))
	k.sink.events = nil
	require.NoError(t, k.do("verify", i))
	require.Equal(t, []string{"create passed", "converge passed", "setup passed", "verify passed"}, k.sink.phases())
	require.Equal(t, first["db"].ID, k.services()["db"].ID)
	require.Equal(t, backend.StateRunning, k.services()["db"].State)

	// One that is gone is made again.
	require.NoError(t, k.fake.RemoveContainer(t.Context(), first["web"].ID))
	require.NoError(t, k.do("verify", i))
	require.NotEqual(t, first["web"].ID, k.services()["web"].ID)

	// A change makes all anew, and says so.
	i.Services = slices.Clone(i.Services)
	i.Services[0].Env = map[string]string{"A": "b"}
	require.NoError(t, k.do("verify", i))
	require.Contains(t, k.sink.notices(), "recreating the runner, since services changed in its configuration")
	require.NotEqual(t, first["db"].ID, k.services()["db"].ID)

	i.Services = nil
	require.NoError(t, k.do("verify", i))
	require.Empty(t, k.services())
	require.Equal(t, 1, k.networks())
	require.NoError(t, k.do("destroy", i))
}

// A runner that was removed by hand gets fresh services, as it may have written to them.
func TestServicesAreAsOldAsTheRunner(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Services = twoServices()
	require.NoError(t, k.do("create", i))
	first := k.services()
	require.NoError(t, k.fake.RemoveContainer(t.Context(), k.runners()[0].ID))
	require.NoError(t, k.do("create", i))
	require.NotEqual(t, first["db"].ID, k.services()["db"].ID)
	require.NoError(t, k.do("destroy", i))
	require.Empty(t, k.services())
	require.Equal(t, 1, k.networks())
}

func TestServiceDies(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Services = twoServices()
	i.Services[0].Command = []string{"sh", "-c", "exit 3"}
	require.ErrorContains(t, k.do("create", i), "the service db ended with code 3 before it was ready")
	require.NotContains(t, k.services(), "web")
	require.Empty(t, k.runners())
	i.Services[0].Command = nil
	require.NoError(t, k.do("create", i))
	require.NoError(t, k.do("destroy", i))
	require.Empty(t, k.services())
}

func TestServicesLeftOver(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Services = twoServices()
	require.NoError(t, k.do("create", i))
	removed, err := Prune(t.Context(), k.fake, PruneOptions{Project: k.project})
	require.NoError(t, err)
	for _, p := range removed {
		require.NotEqual(t, "network", p.Kind, "it is in use")
	}
	require.Len(t, k.services(), 2)
	gone, err := k.run().DestroyOrphans(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, gone, 3)
	require.Empty(t, k.services())
	require.Equal(t, 1, k.networks())

	require.NoError(t, k.do("create", i))
	_, err = Prune(t.Context(), k.fake, PruneOptions{Project: k.project, All: true})
	require.NoError(t, err)
	require.Empty(t, k.services())
	require.Zero(t, k.networks())
}

func TestRunnerIsReady(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	asked := 0
	k.fake.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		if !slices.Contains(e.Command, "ready") {
			return 0, fake.ErrNotHandled
		}
		asked++
		return 2 - asked, nil
	})
	i.Driver.Ready = &config.Ready{Exec: []string{"ready"}, Timeout: time.Minute, Interval: time.Millisecond}
	require.NoError(t, k.do("create", i))
	require.Equal(t, 2, asked)
}

func TestRunnerIsOnTheNetworkOfItsServices(t *testing.T) {
	i := chefInstance("a")
	i.Services = twoServices()
	s := runnerSpec(Project{ID: "0123"}, i, "busybox", nil, nil, func(string) string { return "" })
	require.Equal(t, "dokken", s.Network.Name)
	require.Equal(t, []backend.NetworkAttachment{{Mode: spec.NetworkNamed, Name: "galley-0123-a", Aliases: []string{"a"}}},
		s.Networks)
}

// specs keeps what containers are made of.
type specs struct {
	backend.ContainerBackend
	mu     sync.Mutex
	mounts []spec.Mount
}

func (s *specs) CreateContainer(ctx context.Context, c backend.ContainerSpec) (backend.Container, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mounts = append(s.mounts, c.Mounts...)
	return s.ContainerBackend.CreateContainer(ctx, c)
}

// TestMountedImages: an image that is mounted is pulled once, for a service as well, and the engine gets its ID.
func TestMountedImages(t *testing.T) {
	k := newKitchen(t)
	k.fake.AddRemoteImage(fake.ImageSpec{Ref: "docker.io/library/data:latest"})
	i := chefInstance("a")
	i.Driver.Mounts = []spec.Mount{{Type: spec.MountImage, Source: "data", Target: "/data"}}
	i.Services = twoServices()[:1]
	i.Services[0].Mounts, i.Services[0].Ready = i.Driver.Mounts, &config.Ready{Timeout: time.Minute, Interval: time.Millisecond}
	seen := &specs{ContainerBackend: k.fake}
	k.change = func(o *Options) {
		o.Open = func(context.Context, string, string) (backend.ContainerBackend, backend.Endpoint, error) {
			return seen, backend.Endpoint{URI: k.usual}, nil
		}
	}
	require.Contains(t, k.preview(Action(PhaseCreate), i), "pull docker.io/library/data:latest")
	require.NoError(t, k.do(Action(PhaseCreate), i))
	img, err := k.fake.InspectImage(t.Context(), "docker.io/library/data:latest")
	require.NoError(t, err)
	mounted := slices.DeleteFunc(seen.mounts, func(m spec.Mount) bool { return m.Target != "/data" })
	require.Greater(t, len(mounted), 1)
	for _, m := range mounted {
		require.Equal(t, spec.Mount{Type: spec.MountImage, Source: img.ID, Target: "/data"}, m)
	}

	// Under that name there is another image.
	seen.mounts = nil
	require.NoError(t, k.do(Action(PhaseCreate), i))
	require.Empty(t, seen.mounts, "runner and service are kept")
	img = k.fake.AddImage(fake.ImageSpec{Ref: "docker.io/library/data:latest"})
	require.Contains(t, k.preview(Action(PhaseCreate), i), "mounted image changed")
	require.NoError(t, k.do(Action(PhaseCreate), i))
	mounted = slices.DeleteFunc(seen.mounts, func(m spec.Mount) bool { return m.Source != img.ID })
	require.Len(t, mounted, 2)
}
