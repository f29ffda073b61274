package lifecycle

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// newReuser is a publisher whose checkpoints go to a repository of its registry, and an instance. It counts converges.
func newReuser(t *testing.T) (*publisher, config.Instance, *atomic.Int32) {
	t.Helper()
	p := newPublisher(t)
	var converges atomic.Int32
	p.onConverge(func(backend.Container) { converges.Add(1) })
	i := chefInstance("a")
	i.Provisioner = config.Provisioner{Name: "shell", Kind: config.ProvisionerShell, RootPath: "/opt/kitchen",
		Shell: config.ShellProvisioner{Command: "true", DataPath: filepath.Join(p.project.Root, "data")}}
	p.write(map[string]string{"data/file": "x"})
	i.Verifier.Shell.Command = "true"
	i.Driver.Env = map[string]string{"APP": "hunter2hunter2"}
	p.change = func(o *Options) { o.Reuse = ReuseOptions{On: true, Repository: p.repository(), Push: true} }
	return p, i, &converges
}

func (p *publisher) repository() string { return p.address + "/team/checkpoints" }

// tags are those of the repository.
func (p *publisher) tags() []string {
	p.t.Helper()
	repo, err := name.NewRepository(p.repository())
	require.NoError(p.t, err)
	tags, err := remote.List(repo)
	if err != nil {
		return nil // it has none yet
	}
	return tags
}

// What a push makes is a checkpoint to another engine: what is said of it there is true, and nothing of the runner's
// configuration or of the machine is in it.
func TestCheckpointsOfARegistry(t *testing.T) {
	p, i, converges := newReuser(t)
	p.fake.AddRemoteImage(fake.ImageSpec{Ref: p.address + "/other:1"}) // so that the registry answers
	require.NoError(t, p.do(ActionTest, i))
	require.Equal(t, int32(1), converges.Load())
	require.Contains(t, p.sink.text(), "pushed the checkpoint")
	tags := p.tags()
	require.Len(t, tags, 1)
	ref, err := name.ParseReference(p.repository() + ":" + tags[0])
	require.NoError(t, err)
	img, err := remote.Image(ref)
	require.NoError(t, err)
	conf, err := img.ConfigFile()
	require.NoError(t, err)
	require.Equal(t, tags[0], conf.Config.Labels[label.Checkpoint])
	require.Equal(t, []string{"app"}, conf.Config.Cmd, "that of the platform's image")
	raw, err := img.RawConfigFile()
	require.NoError(t, err)
	for _, private := range []string{"hunter2", p.project.Root, p.project.ID} {
		require.NotContains(t, string(raw), private)
	}
	x, err := p.run().Explain(t.Context(), i)
	require.NoError(t, err)
	require.Equal(t, Warm, x.State)

	// Another machine: its engine has nothing, and its project another ID.
	other, b, converges := newReuser(t)
	b.Name = "other-name"
	other.change = func(o *Options) {
		o.Reuse = ReuseOptions{On: true, Repository: p.repository(), Push: true}
	}
	image, err := p.fake.InspectImage(t.Context(), fake.Busybox)
	require.NoError(t, err)
	for _, c := range []struct {
		content string
		want    Warmth
	}{{"other", Cold}, {image.Content, Warm}} { // whatever ID that engine has for it
		other.fake.AddImage(fake.ImageSpec{Ref: fake.Busybox, Config: backend.Image{Content: c.content}})
		x, err = other.run().Explain(t.Context(), b)
		require.NoError(t, err)
		require.Equal(t, c.want, x.State)
	}
	require.Equal(t, p.repository(), x.Repository)
	dry, err := other.run().Preview(t.Context(), ActionTest, b)
	require.NoError(t, err)
	require.Contains(t, dry.Unknown, "whether a checkpoint spares the converge: "+p.repository()+" may have one")
	other.fake.AddRemoteImage(fake.ImageSpec{Ref: p.repository() + ":" + tags[0],
		Config: backend.Image{Labels: conf.Config.Labels}})
	for range 2 {
		require.NoError(t, other.do(ActionTest, b))
	}
	require.Zero(t, converges.Load(), other.sink.text())
	pulls := 0
	for _, c := range other.fake.Calls() {
		if c.Verb == "PullImage" {
			pulls++
		}
	}
	require.Equal(t, 1, pulls)
	_, err = Prune(t.Context(), other.fake, PruneOptions{})
	require.NoError(t, err)
	require.Empty(t, other.checkpointImages())
}

// What the repository has under a key and is no checkpoint of it is refused, and made good by one that may push.
func TestRefusedCheckpoints(t *testing.T) {
	for name, spoil := range map[string]func(backend.Labels){
		"no labels":    func(l backend.Labels) { clear(l) },
		"another key":  func(l backend.Labels) { l[label.Checkpoint] = strings.Repeat("0", 32) },
		"other inputs": func(l backend.Labels) { l[label.Inputs] = `[{"name":"platform image","digest":"0"}]` },
		"another role": func(l backend.Labels) { l[label.Role] = label.RoleWork },
		"too old":      func(l backend.Labels) { l[label.Created] = "2020-01-01T00:00:00Z" },
	} {
		t.Run(name, func(t *testing.T) {
			p, i, converges := newReuser(t)
			push := p.change
			p.change = func(o *Options) { push(o); o.Reuse.MaxAge = time.Hour }
			x, err := p.run().Explain(t.Context(), i)
			require.NoError(t, err)
			labels := backend.Labels{label.Role: label.RoleCheckpoint, label.Checkpoint: x.Key, label.Inputs: x.Inputs.Text(),
				label.Created: time.Now().Format(time.RFC3339)}
			spoil(labels)
			bad := fake.ImageSpec{Ref: p.repository() + ":" + x.Key, Config: backend.Image{Labels: labels}}
			p.fake.AddRemoteImage(bad)
			require.NoError(t, p.do(ActionTest, i))
			require.Equal(t, int32(1), converges.Load())
			require.Regexp(t, "is no checkpoint of these inputs|older than reuse_max_age", p.sink.text())
			_, err = p.fake.InspectImage(t.Context(), bad.Ref)
			require.ErrorIs(t, err, backend.ErrNotFound, "it does not stay on the engine")
			require.Equal(t, []string{x.Key}, p.tags(), "the good one takes its place")
		})
	}
}

// A registry that is down or refuses stops no instance: instances converge, and it is told once, with what there is to do.
func TestRegistryOfCheckpointsFails(t *testing.T) {
	instances := func(i config.Instance) []config.Instance {
		b := i
		b.Name, b.Provisioner.Shell.Command = "b", "true b"
		return []config.Instance{i, b}
	}
	warnings := func(p *publisher) (list []string) {
		for _, e := range p.sink.events {
			if n, ok := e.(Notice); ok && n.Level == LevelWarn {
				list = append(list, n.Text)
			}
		}
		return list
	}
	t.Run("pull", func(t *testing.T) {
		p, i, converges := newReuser(t)
		push := p.change
		p.change = func(o *Options) { push(o); o.Reuse.Push = false }
		require.NoError(t, p.do(ActionTest, instances(i)...), "the fake knows of no such registry")
		require.Equal(t, int32(2), converges.Load())
		require.Len(t, warnings(p), 1)
		require.Contains(t, warnings(p)[0], "so converge is run")
		require.Len(t, p.checkpointImages(), 2)
		require.Empty(t, p.tags())
	})
	t.Run("push", func(t *testing.T) {
		p, i, _ := newReuser(t)
		p.fake.AddRemoteImage(fake.ImageSpec{Ref: p.address + "/other:1"})
		p.down.Store(true)
		require.NoError(t, p.do(ActionTest, instances(i)...))
		require.Len(t, warnings(p), 1, p.sink.text())
		require.Contains(t, warnings(p)[0], "the checkpoint is not pushed: push to")
		require.Contains(t, warnings(p)[0], "\n", "there is a remedy")
		require.Contains(t, p.sink.text(), "its checkpoint is not pushed either")

		p.down.Store(false) // the next run finds the checkpoint on the engine, and pushes it
		require.NoError(t, p.do(ActionTest, i))
		require.Len(t, p.tags(), 1)
	})
	t.Run("push, and the pull of another instance meanwhile", func(t *testing.T) {
		p, i, _ := newReuser(t)
		p.fake.AddRemoteImage(fake.ImageSpec{Ref: p.address + "/other:1"})
		p.down.Store(true)
		r := p.run()
		p.fake.FailOn(func(c fake.Call) error {
			if c.Verb == "SaveImages" {
				r.repository.unreachable.Store(true)
			}
			return nil
		})
		require.NoError(t, r.Do(t.Context(), ActionTest, []config.Instance{i}))
		require.NoError(t, r.Close())
		require.Len(t, warnings(p), 1, p.sink.text())
		require.Contains(t, warnings(p)[0], "the checkpoint is not pushed: push to")
	})
	t.Run("a repository that is not there yet", func(t *testing.T) {
		p, i, _ := newReuser(t)
		p.fake.FailOn(func(c fake.Call) error {
			if c.Verb == "PullImage" {
				return &backend.Error{Op: "pull", Kind: backend.ErrUnauthorized, Detail: "denied"}
			}
			return nil
		})
		p.hidden.Store(true)
		require.NoError(t, p.do(ActionTest, i))
		require.Len(t, warnings(p), 1, p.sink.text())
		require.Contains(t, warnings(p)[0], "so converge is run")
		p.hidden.Store(false)
		require.Len(t, p.tags(), 1, p.sink.text())
	})
	t.Run("strict", func(t *testing.T) {
		p, i, _ := newReuser(t)
		p.fake.AddRemoteImage(fake.ImageSpec{Ref: p.address + "/other:1"})
		p.down.Store(true)
		push := p.change
		p.change = func(o *Options) { push(o); o.Reuse.StrictPush = true }
		err := p.do(ActionTest, i)
		require.ErrorContains(t, err, "push the checkpoint: ")
		var failed *ActionError
		require.ErrorAs(t, err, &failed)
	})
}

// Only what has passed its tests is pushed, and nothing that holds a secret.
func TestWhatIsNotPushed(t *testing.T) {
	p, i, _ := newReuser(t)
	p.fake.AddRemoteImage(fake.ImageSpec{Ref: p.address + "/other:1"})
	require.NoError(t, p.do("converge", i))
	require.NoError(t, p.do("destroy", i))
	require.Empty(t, p.tags(), "it was not tested")
	i.Verifier.Shell.Command = "not there"
	p.fake.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		if slices.Contains(e.Command, "not there") {
			return 1, nil
		}
		return 0, fake.ErrNotHandled
	})
	require.Error(t, p.do(ActionTest, i))
	require.Empty(t, p.tags())

	i.Verifier.Shell.Command = "true"
	i.Secrets = []string{"hunter2hunter2"}
	p.made = strings.Repeat("x", 40000) + "password=hunter2hunter2"
	require.NoError(t, p.do(ActionTest, i))
	require.Contains(t, p.sink.text(), "made: it holds the value of a secret")
	require.Empty(t, p.tags())

	ctx, cancel := context.WithCancelCause(t.Context())
	p.made = "nothing"
	p.fake.FailOn(func(c fake.Call) error {
		if c.Verb == "SaveImages" {
			cancel(errors.New("interrupted"))
		}
		return nil
	})
	r := p.run()
	require.ErrorContains(t, r.Do(ctx, ActionTest, []config.Instance{i}), "interrupted")
	require.NoError(t, r.Close())
	require.Empty(t, p.tags())
}

// TestImagesGoOneAfterAnother: a registry may refuse an image while another push writes a layer that both have.
func TestImagesGoOneAfterAnother(t *testing.T) {
	p, i, _ := newReuser(t)
	p.fake.AddRemoteImage(fake.ImageSpec{Ref: p.address + "/other:1"}) // so that the registry answers
	change := p.change
	p.change = func(o *Options) { change(o); o.Concurrency = 4 }
	var list []config.Instance
	for _, n := range []string{"a", "b", "c", "d"} {
		i.Name, i.Driver.Env = n, map[string]string{"APP": n}
		list = append(list, i)
	}
	require.NoError(t, p.do(ActionTest, list...))
	require.Len(t, p.tags(), 4)
	p.uploads.Range(func(digest, n any) bool {
		require.EqualValues(t, 1, n.(*atomic.Int32).Load(), digest)
		return true
	})
}
