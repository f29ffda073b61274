package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// reuseKitchen is a kitchen with reuse and an instance whose converge leaves a file; its tests want that. The count is
// how often it was converged.
func reuseKitchen(t *testing.T) (*kitchen, config.Instance, *atomic.Int32) {
	t.Helper()
	k := newKitchen(t)
	k.change = func(o *Options) { o.Reuse.On = true }
	var converges atomic.Int32
	k.fake.OnExec(func(_ context.Context, c backend.Container, e backend.ExecSpec) (int, error) {
		switch {
		case slices.Contains(e.Command, "/opt/kitchen/run_command"):
			converges.Add(1)
			return 0, k.fake.PutFile(c.ID, "/converged", fake.File{Mode: 0o600})
		case slices.Contains(e.Command, "is it converged"):
			if _, err := k.fake.ReadFile(c.ID, "/converged"); err != nil {
				return 1, nil //nolint:nilerr // the test fails
			}
			return 0, nil
		}
		return 0, fake.ErrNotHandled
	})
	k.write(map[string]string{"cookbooks/web/metadata.rb": "name 'web'\n", "cookbooks/web/recipes/default.rb": "x",
		"data_bags/users/me.json": "{}", "scripts/before.sh": "true\n", "up/file": "x"})
	i := chefInstance("a")
	i.Verifier.Shell.Command = "is it converged"
	i.Provisioner.Chef.RunList = []string{"recipe[web]"}
	i.Provisioner.Uploads = map[string]string{"up": "/up"}
	i.Hooks = map[string][]config.Hook{"pre_create": {{Local: "sh scripts/before.sh"}}, "post_create": {{Remote: "true"}}}
	return k, i, &converges
}

// write writes files of the project.
func (k *kitchen) write(files map[string]string) {
	k.t.Helper()
	for name, text := range files {
		file := filepath.Join(k.project.Root, name)
		require.NoError(k.t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(k.t, os.WriteFile(file, []byte(text), 0o644))
	}
}

// checkpointImages are the checkpoints that the engine has.
func (k *kitchen) checkpointImages() []backend.Image {
	k.t.Helper()
	list, err := k.fake.ListImages(k.t.Context(), backend.Labels{label.Role: label.RoleCheckpoint})
	require.NoError(k.t, err)
	return list
}

// text is all that was told.
func (r *recorder) text() string { return strings.Join(r.notices(), "\n") }

// An unchanged input is a hit, and each that changes is a miss, of which explain names it.
func TestReuseMissesEveryChange(t *testing.T) {
	for name, c := range map[string]struct {
		change func(k *kitchen, i *config.Instance)
		input  string
	}{
		"nothing": {func(*kitchen, *config.Instance) {}, ""},
		"tests": {func(k *kitchen, i *config.Instance) {
			k.write(map[string]string{"test/integration/a/x_test.rb": "1"})
			i.Verifier.Shell.Env = map[string]string{"A": "b"}
		}, ""},
		"moved base tag": {func(k *kitchen, _ *config.Instance) {
			k.fake.AddImage(fake.ImageSpec{Ref: fake.Busybox})
		}, inputPlatform},
		"work image": {func(_ *kitchen, i *config.Instance) {
			i.Driver.IntermediateInstructions = []string{"RUN true"}
		}, inputPlatform},
		"tool image": {func(k *kitchen, _ *config.Instance) {
			k.fake.AddImage(fake.ImageSpec{Ref: toolRef, Config: backend.Image{Volumes: []string{"/opt/chef"}}})
		}, inputTools},
		"recipe": {func(k *kitchen, _ *config.Instance) {
			k.write(map[string]string{"cookbooks/web/recipes/default.rb": "y"})
		}, inputSandbox},
		"data bag": {func(k *kitchen, _ *config.Instance) {
			k.write(map[string]string{"data_bags/users/me.json": "[]"})
		}, inputSandbox},
		"file mode": {func(k *kitchen, _ *config.Instance) {
			require.NoError(k.t, os.Chmod(filepath.Join(k.project.Root, "data_bags/users/me.json"), 0o755))
		}, inputSandbox},
		"empty directory": {func(k *kitchen, _ *config.Instance) {
			require.NoError(k.t, os.Mkdir(filepath.Join(k.project.Root, "cookbooks/web/files"), 0o755))
		}, inputSandbox},
		"link": {func(k *kitchen, _ *config.Instance) {
			require.NoError(k.t, os.Symlink("me.json", filepath.Join(k.project.Root, "data_bags/users/you.json")))
		}, inputSandbox},
		"renamed file": {func(k *kitchen, _ *config.Instance) {
			dir := filepath.Join(k.project.Root, "data_bags/users")
			require.NoError(k.t, os.Rename(filepath.Join(dir, "me.json"), filepath.Join(dir, "you.json")))
		}, inputSandbox},
		"attributes": {func(_ *kitchen, i *config.Instance) {
			i.Provisioner.Chef.Attributes = config.Hash{{Key: "a", Value: "b"}}
		}, inputProvisioner},
		"run list": {func(_ *kitchen, i *config.Instance) {
			i.Provisioner.Chef.RunList = []string{"recipe[web]", "recipe[web::other]"}
		}, inputProvisioner},
		"command prefix": {func(_ *kitchen, i *config.Instance) { i.Provisioner.CommandPrefix = "nice" }, inputProvisioner},
		"provisioner's environment": {func(_ *kitchen, i *config.Instance) {
			i.Provisioner.Env = map[string]string{"A": "b"}
		}, inputProvisioner},
		"environment of galley": {func(k *kitchen, _ *config.Instance) {
			k.change = func(o *Options) { o.Reuse.On, o.Environ = true, []string{"TKENV_A=b"} }
		}, inputProvisioner},
		"idempotence": {func(k *kitchen, _ *config.Instance) {
			k.change = func(o *Options) { o.Reuse.On, o.Idempotence = true, true }
		}, inputProvisioner},
		"runner's environment": {func(_ *kitchen, i *config.Instance) {
			i.Driver.Env = map[string]string{"A": "b"}
		}, inputRunner},
		"hostname": {func(_ *kitchen, i *config.Instance) { i.Driver.Hostname = "other" }, inputRunner},
		"limits":   {func(_ *kitchen, i *config.Instance) { i.Driver.Memory = 1 << 30 }, inputRunner},
		"upload": {func(k *kitchen, _ *config.Instance) {
			k.write(map[string]string{"up/file": "y"})
		}, inputUploads},
		"place of an upload": {func(_ *kitchen, i *config.Instance) {
			i.Provisioner.Uploads = map[string]string{"up": "/elsewhere"}
		}, inputProvisioner},
		"hook": {func(_ *kitchen, i *config.Instance) {
			i.Hooks = map[string][]config.Hook{"pre_create": i.Hooks["pre_create"], "post_create": {{Remote: "true", User: "x"}}}
		}, inputHooks},
		"script of a hook": {func(k *kitchen, _ *config.Instance) {
			k.write(map[string]string{"scripts/before.sh": "true # now\n"})
		}, inputHooks},
	} {
		t.Run(name, func(t *testing.T) {
			k, i, converges := reuseKitchen(t)
			require.NoError(t, k.do(ActionTest, i))
			require.Equal(t, int32(1), converges.Load(), k.sink.text())
			require.Len(t, k.checkpointImages(), 1, k.sink.text())
			first := converges.Load()
			c.change(k, &i)

			k.sink.events = nil
			x, err := k.run().Explain(t.Context(), i)
			require.NoError(t, err)
			if name != "work image" { // which is not built yet
				require.Equal(t, c.input != "", x.State == Cold, x.Why)
			}
			require.NoError(t, k.do(ActionTest, i))
			if c.input == "" {
				require.Equal(t, first, converges.Load(), "converge is not run")
				require.Contains(t, k.sink.phases(), "converge passed")
				return
			}
			require.Greater(t, converges.Load(), first)
			require.Contains(t, k.sink.text(), c.input)
			require.Len(t, k.checkpointImages(), 1, "the new one replaces it")

			again := converges.Load()
			require.NoError(t, k.do(ActionTest, i))
			require.Equal(t, again, converges.Load(), k.sink.text())
		})
	}
}

// The names of the project and of the instance go into no key: two instances that converge alike share a checkpoint.
func TestReuseIsShared(t *testing.T) {
	for _, concurrency := range []int{1, 2} {
		k, a, converges := reuseKitchen(t)
		a.Provisioner = config.Provisioner{Name: "shell", Kind: config.ProvisionerShell, RootPath: "/opt/kitchen",
			Shell: config.ShellProvisioner{Command: "true"}}
		b := a
		b.Name, b.Suite = "b", "b"
		k.change = func(o *Options) { o.Reuse.On, o.Concurrency = true, concurrency }
		require.NoError(t, k.do(ActionTest, a, b))
		xa, err := k.run().Explain(t.Context(), a)
		require.NoError(t, err)
		xb, err := k.run().Explain(t.Context(), b)
		require.NoError(t, err)
		require.Empty(t, xa.Inputs.Changed(xb.Inputs))
		require.LessOrEqual(t, converges.Load(), int32(concurrency))
		require.Len(t, k.checkpointImages(), 1)
		was := converges.Load()
		require.NoError(t, k.do(ActionTest, b, a))
		require.Equal(t, was, converges.Load())
		require.Empty(t, k.runners())
	}
}

// What is reused goes on as what was converged: later commands find it converged, and no step of it is done again.
func TestReuseGoesOn(t *testing.T) {
	k, i, converges := reuseKitchen(t)
	remote := 0
	k.fake.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		if slices.Contains(e.Command, "in the runner") {
			remote++
			return 0, nil
		}
		return 0, fake.ErrNotHandled
	})
	mark := filepath.Join(t.TempDir(), "local")
	i.Hooks = map[string][]config.Hook{
		"post_create":  {{Remote: "in the runner"}, {Local: "echo x >> " + mark}},
		"pre_converge": {{Remote: "in the runner"}}, "finally_converge": {{Remote: "in the runner"}},
	}
	require.NoError(t, k.do("converge", i))
	require.Equal(t, 3, remote)
	require.NoError(t, k.do("destroy", i))
	require.NoError(t, k.do("verify", i))
	require.Equal(t, 3, remote, "their effect is in the checkpoint")
	local, err := os.ReadFile(mark)
	require.NoError(t, err)
	require.Equal(t, "x\nx\n", string(local))
	require.Equal(t, int32(1), converges.Load())
	require.Equal(t, k.checkpointImages()[0].ID, k.runners()[0].ImageID)
	reused := slices.IndexFunc(k.sink.events, func(e Event) bool { _, ok := e.(ConvergeReused); return ok })
	require.GreaterOrEqual(t, reused, 0)

	was := k.runners()[0].ID
	require.NoError(t, k.do("verify", i))
	require.Equal(t, int32(1), converges.Load())
	require.Equal(t, was, k.runners()[0].ID)
	require.NoError(t, k.do("converge", i), "who asks for it in a runner that is there, gets it")
	require.Equal(t, int32(2), converges.Load())
	i.Driver.Hostname = "other"
	require.NoError(t, k.do("verify", i))
	require.Equal(t, int32(3), converges.Load(), "the runner is made anew")
	i.Driver.Hostname = "dokken"
	k.fake.AddImage(fake.ImageSpec{Ref: fake.Busybox})
	k.sink.events = nil
	require.NoError(t, k.do("create", i))
	require.Contains(t, k.sink.text(), "recreating the runner")
	require.NoError(t, k.do("converge", i))
	require.Equal(t, int32(4), converges.Load(), "a runner that an earlier run created")
	require.NoError(t, k.do("destroy", i))
}

// Tests that fail in a runner from a checkpoint may do so for what it does not hold: how to converge anew is said.
func TestReuseThatFails(t *testing.T) {
	k, i, converges := reuseKitchen(t)
	require.NoError(t, k.do(ActionTest, i))
	i.Verifier.Shell.Command = "false"
	k.fake.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		if slices.Contains(e.Command, "false") {
			return 1, nil
		}
		return 0, fake.ErrNotHandled
	})
	require.Error(t, k.do(ActionTest, i))
	require.Equal(t, int32(1), converges.Load())
	require.Contains(t, k.sink.text(), "--reuse=off converges it anew")
}

// A checkpoint that is gone, too old or another's is none.
func TestReuseOfWhatIsGone(t *testing.T) {
	k, i, converges := reuseKitchen(t)
	require.NoError(t, k.do(ActionTest, i))
	first := k.checkpointImages()[0]
	k.change = func(o *Options) {
		o.Reuse = ReuseOptions{On: true, MaxAge: time.Hour}
		o.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	}
	x, err := k.run().Explain(t.Context(), i)
	require.NoError(t, err)
	require.Equal(t, "the checkpoint is older than reuse_max_age, 1h0m0s", x.Why)
	require.NoError(t, k.do(ActionTest, i))
	require.Equal(t, int32(2), converges.Load())
	require.Len(t, k.checkpointImages(), 1)
	require.NotEqual(t, first.ID, k.checkpointImages()[0].ID)
	require.NoError(t, k.do(ActionTest, i))
	require.Equal(t, int32(2), converges.Load())

	ref := k.checkpointImages()[0].Tags[0]
	require.NoError(t, k.fake.RemoveImage(t.Context(), ref))
	k.fake.AddImage(fake.ImageSpec{Ref: ref})
	k.sink.events = nil
	require.NoError(t, k.do(ActionTest, i))
	require.Equal(t, int32(3), converges.Load())
	require.Contains(t, k.sink.text(), "is no checkpoint of these inputs")
	k.change = nil
	require.NoError(t, k.do(ActionTest, i))
	require.Equal(t, int32(4), converges.Load(), "reuse is off")
}

// What an image cannot hold, and what galley cannot know, makes an instance cold, and it is said.
func TestReuseStaysCold(t *testing.T) {
	for name, c := range map[string]struct {
		change func(k *kitchen, i *config.Instance)
		want   string
	}{
		"local hook": {func(_ *kitchen, i *config.Instance) {
			i.Hooks = map[string][]config.Hook{"post_converge": {{Local: "true"}}}
		}, "a hook of post_converge runs on this machine"},
		"directory of the host": {func(k *kitchen, i *config.Instance) {
			i.Driver.Mounts = []spec.Mount{{Type: spec.MountBind, Source: k.project.Root, Target: "/x"}}
		}, "of the engine's host"},
		"services": {func(_ *kitchen, i *config.Instance) {
			i.Services = twoServices()[:1]
		}, "it has services"},
		"named volume": {func(_ *kitchen, i *config.Instance) {
			i.Driver.Mounts = []spec.Mount{{Type: spec.MountVolume, Source: "data", Target: "/x"}}
		}, "mounts the volume data"},
		"processes": {func(k *kitchen, _ *config.Instance) {
			asked := 0
			k.answer(listProcesses, func() string {
				if asked++; asked == 1 {
					return "sh\nsleep\n"
				}
				return "sh\nsleep\nnginx\nnginx\nsleep\n"
			})
		}, "it left running nginx, sleep, which an image does not"},
		"volume": {func(k *kitchen, i *config.Instance) {
			i.Driver.Mounts = []spec.Mount{{Type: spec.MountVolume, Target: "/data"}}
			k.answer("mountinfo", func() string { return "1 0 8:1 / /data rw - ext4 /dev/x rw\n" })
			k.answer(listFilled, func() string { return "/data\n" })
		}, "what is on volumes or in memory is no part of an image: /data"},
		"sandbox": {func(k *kitchen, _ *config.Instance) {
			k.onConverge(func(c backend.Container) { k.put(c, "/opt/kitchen/result") })
		}, "it changed the files in /opt/kitchen"},
		"changed meanwhile": {func(k *kitchen, _ *config.Instance) {
			k.fake.FailOn(func(c fake.Call) error {
				if c.Verb == "StartContainer" {
					k.write(map[string]string{"data_bags/users/me.json": "[1]"})
				}
				return nil
			})
		}, inputSandbox + " changed after the runner was created"},
		"commit": {func(k *kitchen, _ *config.Instance) {
			k.fake.FailOn(func(c fake.Call) error {
				if c.Verb == "CommitContainer" {
					return errors.New("not here")
				}
				return nil
			})
		}, "no checkpoint was made: CommitContainer"},
	} {
		t.Run(name, func(t *testing.T) {
			k, i, converges := reuseKitchen(t)
			c.change(k, &i)
			require.NoError(t, k.do(ActionTest, i))
			require.Contains(t, k.sink.text(), c.want)
			require.Empty(t, k.checkpointImages())
			require.Equal(t, int32(1), converges.Load())
		})
	}
}

// answer answers a question of galley's to the runner.
func (k *kitchen) answer(question string, with func() string) {
	k.fake.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		if strings.Contains(strings.Join(e.Command, " "), question) {
			_, err := io.WriteString(e.Stdout, with())
			return 0, err
		}
		return 0, fake.ErrNotHandled
	})
}

// onConverge does something in the runner while that is converged.
func (k *kitchen) onConverge(do func(backend.Container)) {
	k.fake.OnExec(func(_ context.Context, c backend.Container, e backend.ExecSpec) (int, error) {
		if slices.Contains(e.Command, "/opt/kitchen/run_command") {
			do(c)
		}
		return 0, fake.ErrNotHandled
	})
}

// put writes a file where the runner sees it: in the sandbox of this machine.
func (k *kitchen) put(_ backend.Container, name string) {
	dirs, err := k.project.state().Names(sandboxDir)
	require.NoError(k.t, err)
	file := filepath.Join(k.project.StateDir(), sandboxDir, dirs[0], kitchenSandbox, filepath.Base(name))
	require.NoError(k.t, os.WriteFile(file, []byte("x"), 0o600))
}

// After a failed converge there is no checkpoint.
func TestNoReuseOfWhatFailed(t *testing.T) {
	k, i, _ := reuseKitchen(t)
	k.onConverge(func(backend.Container) {})
	k.fake.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		if slices.Contains(e.Command, "/opt/kitchen/run_command") {
			return 1, nil
		}
		return 0, fake.ErrNotHandled
	})
	require.Error(t, k.do(ActionTest, i))
	require.Empty(t, k.checkpointImages())
}

// A chain of instances: what starts from another has a key of its own, for which nothing is converged.
func TestReuseOfWhatStartsFromAnother(t *testing.T) {
	k, parent, child := startKitchen(t)
	child.From = &parent
	k.change = func(o *Options) { o.Reuse.On = true }
	require.NoError(t, k.do(ActionTest, child))
	require.Equal(t, 1, k.sink.converges("default"))
	require.Len(t, k.checkpointImages(), 2, k.sink.text())
	k.sink.events = nil
	require.NoError(t, k.do(ActionTest, child))
	require.Zero(t, k.sink.converges("default"), "it is not even created")
	require.Empty(t, k.runners())

	parent.Provisioner.Chef.RunList = []string{"recipe[other]"}
	k.sink.events = nil
	require.NoError(t, k.do(ActionTest, child))
	require.Contains(t, k.sink.text(), "changed: "+inputFrom)
	require.Equal(t, 1, k.sink.converges("default"))

	// One that an earlier run converged may be anything by now.
	k.change = nil
	require.NoError(t, k.do("converge", parent))
	child.Driver.Hostname = "other"
	k.change = func(o *Options) { o.Reuse.On = true }
	require.NoError(t, k.do(ActionTest, child))
	require.Contains(t, k.sink.text(), "it starts from default as an earlier run converged that")
}

// Whatever call or write fails with reuse on, and whenever galley is killed: the next command is as green as if nothing
// had been, converged or reused, and destroy leaves nothing.
func TestReuseRecoversFromEveryFault(t *testing.T) {
	for _, warm := range []bool{false, true} {
		setUp := func() (*kitchen, config.Instance, *atomic.Int32) {
			k, i, converges := reuseKitchen(t)
			if warm {
				require.NoError(t, k.do(ActionTest, i))
			}
			return k, i, converges
		}
		k, i, _ := setUp()
		count := galleyProcess{k: k}
		require.NoError(t, count.run(ActionTest, i))
		for f, fault := range []error{errors.New("the engine said no"), fake.AfterEffect(errors.New("the answer got lost")),
			fake.ErrDiedBefore, fake.ErrDiedAfter} {
			for at := range points(count.seen, f, 11) {
				k, i, converges := setUp()
				err := (&galleyProcess{k: k, at: at, fault: fault}).run(ActionTest, i)
				what := fmt.Sprintf("warm=%v, %v at %d, %s: %v", warm, fault, at, count.happened[at-1], err)
				require.NoError(t, k.do([]Action{ActionTest, "verify"}[at%2], i), what)
				was := converges.Load()
				require.NoError(t, k.do(ActionTest, i), what)
				if at%2 == 0 {
					require.Equal(t, was, converges.Load(), what)
				}
				require.NoError(t, k.do("destroy", i), what)
				require.Empty(t, k.runners(), what)
				require.LessOrEqual(t, len(k.checkpointImages()), 1, what)
			}
		}
	}
}

// Prune removes checkpoints, those that are younger than it is told not, and never what a person made of one.
func TestPruneOfCheckpoints(t *testing.T) {
	k, i, _ := reuseKitchen(t)
	require.NoError(t, k.do(ActionTest, i))
	made := k.checkpointImages()[0]
	k.fake.AddImage(fake.ImageSpec{Ref: "localhost/mine:1", Config: backend.Image{Labels: made.Labels}})
	for _, o := range []PruneOptions{{DryRun: true}, {Older: time.Hour}, {Older: time.Nanosecond}} {
		removed, err := Prune(t.Context(), k.fake, o)
		require.NoError(t, err)
		var images []string
		for _, p := range removed {
			if p.Role == label.RoleCheckpoint {
				images = append(images, p.Name)
			}
		}
		if o.Older == time.Hour {
			require.Empty(t, images)
		} else if o.DryRun || !made.Created.IsZero() {
			require.Equal(t, made.Tags, images)
		}
	}
	_, err := Prune(t.Context(), k.fake, PruneOptions{})
	require.NoError(t, err)
	left := k.checkpointImages()
	require.Len(t, left, 1)
	require.Equal(t, []string{"localhost/mine:1"}, left[0].Tags)
}
