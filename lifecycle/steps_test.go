package lifecycle

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
)

// steps are the steps that ended, with those that failed marked.
func (r *recorder) steps() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, e := range r.events {
		if s, ok := e.(StepFinished); ok {
			how := ""
			if s.Error != "" {
				how = " failed"
			}
			list = append(list, string(s.Phase)+" "+string(s.Step)+how)
		}
	}
	return list
}

// A hook of create that failed is run by the next command, whichever that is; one that was done is not run again.
func TestFailedHookOfCreateIsTakenUp(t *testing.T) {
	for _, name := range []string{"pre_create", "post_create"} {
		for _, next := range []Action{"create", "converge", "verify"} {
			t.Run(name+" "+string(next), func(t *testing.T) {
				k := newKitchen(t)
				i := chefInstance("a")
				out, ok := filepath.Join(k.project.Root, "out"), filepath.Join(k.project.Root, "ok")
				i.Hooks = config.Hooks{
					"pre_create":  {{Local: "echo pre_create >> " + out}},
					"post_create": {{Local: "echo post_create >> " + out}},
				}
				i.Hooks[name][0].Local += "; test -f " + ok
				require.ErrorContains(t, k.do("converge", i), name)
				require.ErrorContains(t, k.do(next, i), name, "it still fails")
				require.NoError(t, os.WriteFile(ok, nil, 0o600)) // the user mends it
				require.NoError(t, k.do(next, i))
				require.NoError(t, k.do("verify", i))
				text, err := os.ReadFile(out)
				require.NoError(t, err)
				want := map[string]int{"pre_create": 1, "post_create": 1, name: 3}
				for hook, times := range want {
					require.Equal(t, times, strings.Count(string(text), hook), "%s in\n%s", hook, text)
				}
			})
		}
	}
}

// A systemd that did not boot is waited for again.
func TestSystemdIsAwaitedAgain(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Driver.InitSystem, i.Driver.Command = config.InitSystemd, []string{"sleep", "3600"}
	asked, state := 0, "starting"
	k.fake.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		if len(e.Command) == 3 && e.Command[2] == askSystemd {
			asked++
			_, err := e.Stdout.Write([]byte(state + "\n"))
			return 0, err
		}
		return 0, fake.ErrNotHandled
	})
	for n := 1; n <= 2; n++ {
		require.ErrorContains(t, k.do("converge", i), "systemd did not boot")
		require.Equal(t, n, asked)
	}
	first := k.runners()[0].ID
	state = "running"
	require.NoError(t, k.do("create", i))
	require.Equal(t, 3, asked)
	require.Equal(t, first, k.runners()[0].ID)
}

// Steps are events, in their order, also of what did not succeed.
func TestStepsAreEvents(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Hooks = config.Hooks{"pre_create": {{Local: "true"}}, "post_converge": {{Local: "exit 3"}}}
	require.Error(t, k.do("converge", i))
	steps := k.sink.steps()
	require.Subset(t, steps, []string{"create images", "create tool", "create network"})
	require.Equal(t, []string{"create pre_create", "create sandbox"}, steps[:2])
	require.Equal(t, []string{"create container", "create start", "create boot", "converge prepare", "converge run",
		"converge post_converge failed"}, steps[len(steps)-6:])
}

// A PID 1 that ends at once fails create, with its last words.
func TestPIDOneThatEnds(t *testing.T) {
	for name, change := range map[string]func(*config.Driver){
		"pid_one_command": func(d *config.Driver) { d.Command = []string{"sh", "-c", "echo last words; exit 3"} },
		"entrypoint":      func(d *config.Driver) { d.Entrypoint = []string{"sh", "-c", "echo last words; exit 3"} },
	} {
		t.Run(name, func(t *testing.T) {
			k := newKitchen(t)
			i := chefInstance("a")
			change(&i.Driver)
			k.endsAtOnce(3, "last words\n")
			err := k.do("create", i)
			require.ErrorContains(t, err, "last words")
			require.ErrorContains(t, err, "code 3")
			require.ErrorContains(t, k.do("converge", i), "last words", "it is no better the next time")
		})
	}
}

// A busy engine does not notice at once that PID 1 has ended; then no command can be run any more.
func TestPIDOneWhoseEndIsNoticedLate(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Driver.Command = []string{"sh", "-c", "echo last words; exit 3"}
	k.endsAtOnce(3, "last words\n")
	open := k.run().o.Open
	k.change = func(o *Options) {
		o.Open = func(ctx context.Context, engine, host string) (backend.ContainerBackend, backend.Endpoint, error) {
			be, ep, err := open(ctx, engine, host)
			return &lateNotice{ContainerBackend: be}, ep, err
		}
	}
	err := k.do("create", i)
	require.ErrorContains(t, err, "last words")
	require.ErrorContains(t, err, "code 3")
}

// lateNotice is an engine that notices the end of a container when it is asked again.
type lateNotice struct {
	backend.ContainerBackend
	waits int
}

func (l *lateNotice) WaitContainer(ctx context.Context, id string) (int, error) {
	if l.waits++; l.waits == 1 {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return l.ContainerBackend.WaitContainer(ctx, id)
}

func (l *lateNotice) Exec(context.Context, string, backend.ExecSpec) (int, error) {
	return -1, backend.ErrNotRunning
}

// endsAtOnce lets PID 1 of every runner print something and end.
func (k *kitchen) endsAtOnce(code int, words string) {
	open := k.run().o.Open
	k.change = func(o *Options) {
		o.Open = func(ctx context.Context, engine, host string) (backend.ContainerBackend, backend.Endpoint, error) {
			be, ep, err := open(ctx, engine, host)
			return shortLived{be, code, words}, ep, err
		}
	}
}

// shortLived is an engine on which no container lives long.
type shortLived struct {
	backend.ContainerBackend
	code  int
	words string
}

func (s shortLived) WaitContainer(context.Context, string) (int, error) { return s.code, nil }

func (s shortLived) InspectContainer(ctx context.Context, id string) (backend.Container, error) {
	c, err := s.ContainerBackend.InspectContainer(ctx, id)
	c.State, c.ExitCode = backend.StateExited, s.code
	return c, err
}

func (s shortLived) ContainerLogs(_ context.Context, _ string, o backend.LogOptions) error {
	_, err := o.Stdout.Write([]byte(s.words))
	return err
}

func TestSystemdAdvice(t *testing.T) {
	cgroup := spec.Mount{Type: "bind", Source: "/sys/fs/cgroup", Target: "/sys/fs/cgroup"}
	readOnly := cgroup
	readOnly.ReadOnly = true
	two := backend.Info{CgroupVersion: 2}
	for _, tc := range []struct {
		d    config.Driver
		info backend.Info
		want string
	}{
		{config.Driver{Privileged: true, Mounts: []spec.Mount{readOnly}}, two, "remove that line"},
		{config.Driver{Privileged: true, Mounts: []spec.Mount{cgroup}}, two, "cgroupns_mode: host"},
		{config.Driver{Privileged: true, Mounts: []spec.Mount{readOnly}}, backend.Info{CgroupVersion: 1},
			"driver.image"},
		{config.Driver{}, two, "privileged: true"},
		{config.Driver{CapDrop: []string{"ALL"}}, two, "cap_drop"},
		{config.Driver{}, backend.Info{CgroupVersion: 2, NativeSystemd: true}, "/sbin/init"},
	} {
		require.Contains(t, systemdAdvice(tc.d, tc.info), tc.want)
	}
}

// A remote hook that takes too long ends, as a local one does.
func TestHookTimeouts(t *testing.T) {
	k := newKitchen(t)
	k.fake.OnExec(func(ctx context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		if e.Command[len(e.Command)-1] == "endless" {
			<-ctx.Done()
			return -1, ctx.Err()
		}
		return 0, fake.ErrNotHandled
	})
	for name, hook := range map[string]config.Hook{"remote": {Remote: "endless"}, "local": {Local: "sleep 1000"}} {
		i := chefInstance("a")
		hook.Timeout = 20 * time.Millisecond
		i.Hooks = config.Hooks{"post_create": {hook}}
		err := k.do("create", i)
		require.ErrorContains(t, err, "it took longer than 20ms", name)
		require.NotContains(t, err.Error(), context.DeadlineExceeded.Error(), name)
	}
	// One that is skippable is passed over.
	i := chefInstance("a")
	i.Hooks = config.Hooks{"post_create": {{Remote: "endless", Timeout: 20 * time.Millisecond, Skippable: true}}}
	require.NoError(t, k.do("create", i))
}

// The keys of the driver dummy are honoured; else it is a driver like the others.
func TestDummyDriver(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Driver.Kind = config.DriverDummy
	require.NoError(t, k.do("create", i))
	i = chefInstance("b")
	i.Driver.Kind, i.Driver.Dummy = config.DriverDummy, config.Dummy{Sleep: time.Millisecond, Fail: true}
	require.ErrorContains(t, k.do("create", i), "the dummy driver fails, as driver.fail_create")
}

// No command of a hook and no text of an error is kept in the state: they may be secret.
func TestStateHoldsNoSecrets(t *testing.T) {
	const secret = "hunter2-token"
	for name, hooks := range map[string]config.Hooks{
		"local":  {"post_create": {{Local: "false # " + secret}}},
		"remote": {"post_create": {{Remote: "exit 7 # " + secret}}},
		"env":    {"post_create": {{Local: "exit 7", Environment: map[string]string{"TOKEN": secret}}}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKitchen(t)
			i := chefInstance("a")
			i.Hooks = hooks
			i.Driver.Env = map[string]string{"PASSWORD": secret}
			require.Error(t, k.do("create", i))
			text, err := k.project.state().ReadFile("a.json")
			require.NoError(t, err)
			require.NotContains(t, string(text), secret)
			require.Contains(t, string(text), `"last_error": "post_create: a command exited with code`)
		})
	}
}

// What a run shares may vanish while it goes on, as by `docker system prune`.
func TestMadeAgainDuringARun(t *testing.T) {
	for name, remove := range map[string]func(k *kitchen) error{
		"network": func(k *kitchen) error {
			for _, c := range k.runners() {
				if err := k.fake.RemoveContainer(k.t.Context(), c.ID); err != nil {
					return err
				}
			}
			return k.fake.RemoveNetwork(k.t.Context(), "dokken")
		},
		"tool": func(k *kitchen) error {
			_, err := Prune(k.t.Context(), k.fake, PruneOptions{All: true})
			return err
		},
		"images": func(k *kitchen) error {
			if _, err := Prune(k.t.Context(), k.fake, PruneOptions{All: true}); err != nil {
				return err
			}
			k.fake.AddRemoteImage(fake.ImageSpec{Ref: "registry.example.com/platform:1"})
			return k.fake.RemoveImage(k.t.Context(), "registry.example.com/platform:1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKitchen(t)
			k.fake.AddRemoteImage(fake.ImageSpec{Ref: "registry.example.com/platform:1"})
			k.change = func(o *Options) {
				o.Sink = &meanwhile{o.Sink, "b", func() { require.NoError(t, remove(k)) }}
			}
			var list []config.Instance
			for _, name := range []string{"a", "b", "c"} {
				i := chefInstance(name)
				i.Driver.Image = "registry.example.com/platform:1"
				list = append(list, i)
			}
			require.NoError(t, k.do("create", list...))
		})
	}
}

// What changed in kitchen.yml since the runner was made is told, and the runner made anew, by every later phase.
func TestChangedConfigurationImpliesCreate(t *testing.T) {
	for name, change := range map[string]func(*config.Instance){
		"image":        func(i *config.Instance) { i.Driver.Image = toolRef },
		"environment":  func(i *config.Instance) { i.Driver.Env = map[string]string{"A": "b"} },
		"instructions": func(i *config.Instance) { i.Driver.IntermediateInstructions = []string{"RUN true"} },
		"tool":         func(i *config.Instance) { i.Driver.ToolImage = "busybox-tool:latest" },
		"verifier":     func(i *config.Instance) { i.Verifier.RootPath = "/opt/other" },
		"provisioner":  func(i *config.Instance) { i.Provisioner.RootPath = "/opt/elsewhere" },
	} {
		for _, next := range []Action{"converge", "verify"} {
			t.Run(name+" "+string(next), func(t *testing.T) {
				k := newKitchen(t)
				k.fake.AddImage(fake.ImageSpec{Ref: "docker.io/library/busybox-tool:latest",
					Config: backend.Image{Volumes: []string{"/opt/chef"}}})
				i := chefInstance("a")
				require.NoError(t, k.do("verify", i))
				first := k.runners()[0].ID
				require.NoError(t, k.do(next, i))
				require.Equal(t, first, k.runners()[0].ID, "nothing changed")
				change(&i)
				k.sink.events = nil
				k.change = func(o *Options) { o.NoRecreate = true }
				_ = k.do("setup", i)
				require.Equal(t, first, k.runners()[0].ID, "--no-recreate")
				require.Regexp(t, `kept the runner although .* \(--no-recreate\)`, strings.Join(k.sink.notices(), "\n"))
				k.change = nil
				_ = k.do(next, i) // the fake has no client at another place
				require.Contains(t, strings.Join(k.sink.notices(), "\n"), "recreating the runner, since ")
				require.NotEqual(t, first, k.runners()[0].ID)
			})
		}
	}
}

// A removal that a killed galley had begun may still be under way on the engine: the runner
// is not believed in any more, and the next command makes a new one.
func TestBegunRemovalIsFinished(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	require.NoError(t, k.do("converge", i))
	old := k.runners()[0].ID
	k.fake.FailOn(func(c fake.Call) error {
		if c.Verb == "RemoveContainer" {
			return fake.ErrDiedBefore
		}
		return nil
	})
	record := filepath.Join(k.project.StateDir(), "a.json")
	var atDeath []byte
	k.change = func(o *Options) {
		o.Sink = sinkFunc(func(e Event) {
			if s, ok := e.(StepStarted); ok && s.Step == StepRemove {
				atDeath, _ = os.ReadFile(record) // checked below
			}
		})
	}
	require.Error(t, k.do("destroy", i))
	require.NotEmpty(t, atDeath)
	require.NoError(t, os.WriteFile(record, atDeath, 0o600)) // as kill -9 leaves it
	k.fake.Revive()
	k.change = nil
	require.NoError(t, k.do("verify", i))
	require.Len(t, k.runners(), 1)
	require.NotEqual(t, old, k.runners()[0].ID)
}

type sinkFunc func(Event)

func (f sinkFunc) Handle(e Event) { f(e) }
