package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/internal/imagetest"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/publish"
)

// publisher is a kitchen whose engine saves images, and a registry.
type publisher struct {
	*kitchen
	address string
	// made is in the file that converge makes.
	made string
	// hidden has it refuse to tell of manifests, as some do of repositories that they do not have.
	hidden atomic.Bool
	// down has the registry refuse what does not only ask.
	down    atomic.Bool
	uploads sync.Map // by the digest of a blob: how often it came
}

func newPublisher(t *testing.T) *publisher {
	t.Helper()
	p := &publisher{kitchen: newKitchen(t), made: "by converge"}
	base := imagetest.Pack(t, imagetest.Dir("etc", 0o755))
	p.fake.Save = func(refs []string) ([]byte, error) {
		token := refs[0][strings.LastIndex(refs[0], ":")+1:]
		own := imagetest.Pack(t, imagetest.File("made", p.made), imagetest.Dir("opt", 0o755),
			imagetest.Dir("opt/kitchen", 0o755), imagetest.Dir("opt/chef", 0o755))
		return imagetest.Archive(t,
			imagetest.Image{Config: v1.Config{Labels: map[string]string{label.Commit: token}}, Layers: [][]byte{base, own}},
			imagetest.Image{Config: v1.Config{Cmd: []string{"app"}}, Layers: [][]byte{base}}), nil
	}
	p.fake.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		if !strings.Contains(strings.Join(e.Command, " "), "mountinfo") {
			return 0, fake.ErrNotHandled
		}
		_, err := io.WriteString(e.Stdout, `1 0 0:1 / / rw - overlay overlay rw
2 1 0:2 / /proc rw - proc proc rw
3 1 0:3 / /opt/kitchen rw - ext4 /dev/sda rw
4 1 0:3 / /var/my\040data rw - ext4 /dev/sda rw
5 1 0:3 / /etc/read-only ro,relatime - ext4 /dev/sda rw
6 1 0:4 / /run rw - tmpfs tmpfs rw
`)
		return 0, err
	})
	real := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.down.Load() && r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if p.hidden.Load() && r.Method != http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if digest := r.URL.Query().Get("digest"); digest != "" && r.Method == http.MethodPut {
			n, _ := p.uploads.LoadOrStore(digest, new(atomic.Int32))
			n.(*atomic.Int32).Add(1)
		}
		real.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	p.address = s.Listener.Addr().String()
	return p
}

// publish publishes instances and returns what came of it.
func (p *publisher) publish(o PublishOptions, instances ...config.Instance) ([]Published, error) {
	p.change = func(all *Options) { all.Publish = o }
	r := p.run()
	err := r.Do(p.t.Context(), ActionPublish, instances)
	return r.Published(), err
}

func (p *publisher) image(ref string) (v1.Image, error) {
	p.t.Helper()
	tag, err := name.ParseReference(ref)
	require.NoError(p.t, err)
	return remote.Image(tag)
}

// Only a runner whose tests passed is published, or one with a label that says so.
func TestPublishWantsTests(t *testing.T) {
	p, i := newPublisher(t), chefInstance("default")
	o := PublishOptions{Refs: []string{p.address + "/team/web:1"}}
	_, err := p.publish(o, i)
	require.ErrorContains(t, err, "has no runner")
	require.NoError(t, p.do(Action(PhaseConverge), i))
	_, err = p.publish(o, i)
	require.ErrorContains(t, err, "it was not tested since its last converge")
	i.Verifier.Shell.Command = "false"
	p.fake.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		if strings.Contains(strings.Join(e.Command, " "), "false") {
			return 1, nil
		}
		return 0, fake.ErrNotHandled
	})
	require.Error(t, p.do(Action(PhaseVerify), i))
	_, err = p.publish(o, i)
	require.ErrorContains(t, err, "its last tests did not pass\nRun `galley verify default` first")
	i.Verifier.Shell.Command = "true"
	require.NoError(t, p.do(Action(PhaseVerify), i))
	i.Driver.Env = map[string]string{"NEW": "1"}
	_, err = p.publish(o, i)
	require.ErrorContains(t, err, "env changed in its configuration since it was tested")
	require.NotContains(t, fmt.Sprint(p.fake.Calls()), "CommitContainer")

	o.Force = true
	done, err := p.publish(o, i)
	require.NoError(t, err)
	require.Len(t, done, 1)
	img, err := p.image(done[0].String())
	require.NoError(t, err)
	conf, err := img.ConfigFile()
	require.NoError(t, err)
	require.Equal(t, "false", conf.Config.Labels[label.Verified])
}

// What is published has all of its names, and the instance and the engine are as they were.
func TestPublishNames(t *testing.T) {
	p, i := newPublisher(t), chefInstance("default")
	require.NoError(t, p.do(Action(PhaseVerify), i))
	before, err := os.ReadFile(p.project.state().Path("default.json"))
	require.NoError(t, err)
	i.Publish.Refs = []string{p.address + "/team/{{.Suite}}:1", p.address + "/team/{{.Instance}}:latest",
		p.address + "/other/x", p.address + "/other/x:latest", p.address + "/other/{{\"x\"}}"}
	done, err := p.publish(PublishOptions{ReportDigest: "sha256:12"}, i)
	require.NoError(t, err)
	require.Len(t, done, 3)
	for _, d := range done {
		img, err := p.image(d.Ref)
		require.NoError(t, err)
		require.NoError(t, validate.Image(img))
		digest, err := img.Digest()
		require.NoError(t, err)
		require.Equal(t, d.Digest, digest.String())
		conf, err := img.ConfigFile()
		require.NoError(t, err)
		require.Equal(t, []string{"app"}, conf.Config.Cmd)
		require.Equal(t, "sha256:12", conf.Config.Labels[label.Report])
		require.Equal(t, "docker.io/library/busybox:latest", conf.Config.Labels["org.opencontainers.image.base.name"])
	}
	after, err := os.ReadFile(p.project.state().Path("default.json"))
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
	left, err := p.fake.ListImages(t.Context(), backend.Labels{label.Commit: ""})
	require.NoError(t, err)
	require.Empty(t, left)
	lost := 0
	for _, text := range p.sink.notices() {
		if strings.Contains(text, "no part of the image: /var/my data") {
			lost++
		}
	}
	require.Equal(t, 1, lost, "%q", p.sink.notices())

	for _, refs := range [][]string{{"busybox"}, {p.address + "/x:{{.Nothing}}"}} {
		calls := len(p.fake.Calls())
		_, err = p.publish(PublishOptions{Refs: refs}, i)
		require.ErrorIs(t, err, backend.ErrInvalid)
		require.Len(t, p.fake.Calls(), calls, "a name is looked at before anything is done")
	}
}

func TestWithoutLogin(t *testing.T) {
	for address, want := range map[string]string{
		"": "", "git@example.com:team/x.git": "git@example.com:team/x.git", "https://example.com/x": "https://example.com/x",
		"https://me:secret@example.com/x.git":   "https://example.com/x.git",
		"https://me:s%secret@example.com/x.git": "",
		"https://example.com/x?token=secret#so": "https://example.com/x",
	} {
		require.Equal(t, want, withoutLogin(address), address)
	}
}

// Several instances of one name are an index when they are for different processors.
func TestPublishIndex(t *testing.T) {
	p := newPublisher(t)
	var instances []config.Instance
	for _, arch := range []string{"amd64", "arm64"} {
		p.fake.AddImage(fake.ImageSpec{Ref: "docker.io/library/" + arch + ":latest", Config: backend.Image{Arch: arch}})
		i := chefInstance("web-" + arch)
		i.Driver.Image = arch
		instances = append(instances, i)
	}
	twin := instances[0]
	twin.Name = "web-twin"
	require.NoError(t, p.do(Action(PhaseVerify), append(instances, twin)...))
	ref := p.address + "/team/web:1"

	done, err := p.publish(PublishOptions{Refs: []string{ref}}, instances[0], twin)
	require.ErrorContains(t, err, "web-amd64 and web-twin are both for linux/amd64")
	require.ErrorContains(t, err, "Put {{.Instance}} or {{.Platform}} into the name")
	require.Empty(t, done)
	_, err = p.image(ref)
	require.Error(t, err)
	require.Contains(t, strings.Join(p.sink.notices(), "\n"), ref+" was not given to anything")

	done, err = p.publish(PublishOptions{Refs: []string{ref}}, instances...)
	require.NoError(t, err)
	require.Equal(t, []string{"web-amd64", "web-arm64"}, done[0].Instances)
	tag, err := name.ParseReference(done[0].String())
	require.NoError(t, err)
	index, err := remote.Index(tag)
	require.NoError(t, err)
	list, err := index.IndexManifest()
	require.NoError(t, err)
	require.Len(t, list.Manifests, 2)
	require.Equal(t, "linux/arm64", list.Manifests[1].Platform.String())
}

// A failed publish fails its instance, in the phase of that name, and nothing has a name.
func TestTestPublishes(t *testing.T) {
	p, i := newPublisher(t), chefInstance("default")
	ref := p.address + "/team/web:1"
	p.change = func(o *Options) { o.Publish.Refs = []string{ref} }
	p.down.Store(true)
	err := p.do(ActionTest, i)
	var failed *ActionError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, PhasePublish, failed.Failures[0].Phase)
	require.ErrorIs(t, failed.Failures[0].Err, backend.ErrUnauthorized)
	require.Len(t, p.runners(), 1, "what failed is kept")
	_, err = p.image(ref)
	require.Error(t, err)

	p.down.Store(false)
	require.NoError(t, p.do(ActionTest, i))
	require.Empty(t, p.runners())
	_, err = p.image(ref)
	require.NoError(t, err)
}

func TestPackage(t *testing.T) {
	p, i := newPublisher(t), chefInstance("default")
	require.NoError(t, p.do(Action(PhaseVerify), i))
	var file bytes.Buffer
	p.change = func(o *Options) {
		o.Publish.To = func(write func(io.Writer) error) error { return write(&file) }
		o.Publish.Epoch = time.Unix(1, 0)
	}
	require.NoError(t, p.do(ActionPackage, i))
	path := filepath.Join(t.TempDir(), "x.tar")
	require.NoError(t, os.WriteFile(path, file.Bytes(), 0o644))
	f, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	_, err = publish.OpenArchive(f)
	require.NoError(t, err)

	p.change = nil
	r := p.run()
	require.NoError(t, r.Do(t.Context(), ActionPackage, []config.Instance{i}))
	require.Equal(t, "localhost/galley-package/default:latest", r.Published()[0].String())
}

// Whatever the engine fails at, neither a commit nor a directory is left, and those of a galley that was killed go.
func TestPublishLeavesNothing(t *testing.T) {
	p, i := newPublisher(t), chefInstance("default")
	require.NoError(t, p.do(Action(PhaseVerify), i))
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("TMP", tmp)
	stale := filepath.Join(tmp, "galley-publish-"+names.Digest(p.project.ID+" default")+"-1")
	other := filepath.Join(tmp, "galley-publish-"+names.Digest(p.project.ID+" other")+"-1")
	for _, verb := range []string{"CommitContainer", "SaveImages", "InspectImage", ""} {
		require.NoError(t, errors.Join(os.MkdirAll(stale, 0o700), os.MkdirAll(other, 0o700)))
		p.fake.FailOn(func(c fake.Call) error {
			if c.Verb != verb {
				return nil
			}
			return fake.AfterEffect(&backend.Error{Op: verb, Kind: backend.ErrUnreachable})
		})
		_, err := p.publish(PublishOptions{Refs: []string{p.address + "/team/web:1"}}, i)
		p.fake.FailOn(nil)
		require.Equal(t, verb != "", err != nil, "%s: %v", verb, err)
		images, err := p.fake.ListImages(t.Context(), backend.Labels{label.Commit: ""})
		require.NoError(t, err)
		require.Empty(t, images, verb)
	}
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	require.Len(t, left, 1, "another instance may be at work")

	require.NoError(t, os.MkdirAll(stale, 0o700))
	require.NoError(t, p.do(Action(PhaseDestroy), i))
	require.NoDirExists(t, stale, "the runner is gone, and is not published again")
}

// atCommit does something when a runner is about to be made an image of.
type atCommit struct {
	Sink
	do func()
}

func (a atCommit) Handle(e Event) {
	if s, ok := e.(StepStarted); ok && s.Step == StepCommit {
		a.do()
	}
	a.Sink.Handle(e)
}

// An engine goes on with the image of an interrupted galley, which waits for it to remove it.
func TestPublishInterrupted(t *testing.T) {
	p, i := newPublisher(t), chefInstance("default")
	require.NoError(t, p.do(Action(PhaseVerify), i))
	id := p.runners()[0].ID
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := 0
	goOn := func(ctx context.Context) { assert.NoError(t, p.fake.UnpauseContainer(ctx, id)) }
	p.fake.FailOn(func(c fake.Call) error {
		switch {
		case c.Verb == "CommitContainer":
			cancel()
			return ctx.Err()
		case c.Verb == "InspectContainer" && ctx.Err() != nil:
			if seen++; seen == 2 {
				go goOn(context.WithoutCancel(ctx))
			}
		case c.Verb == "RemoveImage":
			assert.GreaterOrEqual(t, seen, 2, "the engine is not through with the image")
		}
		return nil
	})
	p.change = func(o *Options) {
		o.Publish = PublishOptions{Refs: []string{p.address + "/team/web:1"}}
		o.Sink = atCommit{o.Sink, func() { assert.NoError(t, p.fake.PauseContainer(t.Context(), id)) }}
	}
	require.ErrorIs(t, p.run().Do(ctx, ActionPublish, []config.Instance{i}), context.Canceled)
	require.GreaterOrEqual(t, seen, 2)
}

// A node is published only when its suite passed as a whole with the nodes as they are.
func TestPublishOfANode(t *testing.T) {
	p := newPublisher(t)
	nodes := grouped(chefInstance("a"), nil, "web", "app")
	require.NoError(t, p.do("verify", nodes...))
	o := PublishOptions{Refs: []string{p.address + "/team/web:1"}}
	_, err := p.publish(o, nodes[0])
	require.NoError(t, err)
	require.NoError(t, p.do("converge", nodes[0]))
	require.NoError(t, p.do("verify", nodes[0])) // alone: the group is not tested
	_, err = p.publish(o, nodes[0])
	require.ErrorContains(t, err, "a has not passed its tests as a whole since then\nRun `galley verify a` first")
	o.Force = true
	_, err = p.publish(o, nodes[0])
	require.NoError(t, err)
}

// The commit that a galley which was killed left goes with prune, and an image that a person made of one stays.
func TestPruneCommits(t *testing.T) {
	k := newKitchen(t)
	labels := backend.Labels{label.Role: label.RoleHelper, label.Commit: "x"}
	k.fake.AddImage(fake.ImageSpec{Ref: commitImages + "0123", Config: backend.Image{Labels: labels}})
	k.fake.AddImage(fake.ImageSpec{Ref: "docker.io/library/mine:1", Config: backend.Image{Labels: labels}})
	removed, err := Prune(t.Context(), k.fake, PruneOptions{All: true})
	require.NoError(t, err)
	require.Len(t, removed, 1)
	require.Equal(t, commitImages+"0123", removed[0].Name)
}
