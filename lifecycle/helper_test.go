package lifecycle

import (
	"context"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// recorder is a sink that keeps all events.
type recorder struct {
	mu     sync.Mutex
	events []Event
}

func (r *recorder) Handle(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// notices are the texts of all notices.
func (r *recorder) notices() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, e := range r.events {
		if n, ok := e.(Notice); ok {
			list = append(list, n.Text)
		}
	}
	return list
}

// kitchen is a project on a fake engine.
type kitchen struct {
	t       *testing.T
	fake    *fake.Engine
	engines map[string]*fake.Engine
	usual   string
	project Project
	sink    *recorder
	change  func(*Options)
}

const toolRef = "docker.io/chef/chef:latest"

func newKitchen(t *testing.T) *kitchen {
	t.Helper()
	p, err := NewProject(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, p.ensureID(t.Context(), "test"))
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	require.NoError(t, sandbox.WriteFile(filepath.Join(cache, "galley", "validation.pem"), []byte("no key"), 0o600))
	engine := fake.New(fake.ImageSpec{
		Ref:    toolRef,
		Files:  map[string]string{"/opt/chef/bin/chef-client": "#!/bin/sh\nexit 0\n"},
		Config: backend.Image{Volumes: []string{"/opt/chef"}},
	})
	// The tool's client and scripts are none of the fake's business.
	engine.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		if len(e.Command) == 2 && e.Command[1] == "/opt/kitchen/run_command" {
			fmt.Fprintln(e.Stdout, "Chef Infra Client finished, 1/2 resources updated in 00 seconds")
			return 0, nil
		}
		return 0, fake.ErrNotHandled
	})
	engine.OnExec(listFiles(engine))
	engine.OnExec(fileCommands(engine))
	// An image has the volumes that its Dockerfile declares.
	engine.Build = func(_ backend.BuildOptions, context map[string]string) (fake.ImageSpec, error) {
		var img fake.ImageSpec
		for line := range strings.Lines(context["Dockerfile"]) {
			if volumes, ok := strings.CutPrefix(line, "VOLUME "); ok {
				img.Config.Volumes = append(img.Config.Volumes, strings.Fields(strings.Trim(volumes, "[]\"\n"))...)
			}
		}
		return img, nil
	}
	return &kitchen{t: t, fake: engine, engines: map[string]*fake.Engine{"fake://one": engine}, usual: "fake://one",
		project: p, sink: &recorder{}}
}

// run makes a run whose every call goes to the fake.
func (k *kitchen) run() *Run {
	k.t.Helper()
	o := Options{Project: k.project, Version: "test", Sink: k.sink,
		Open: func(_ context.Context, _, host string) (backend.ContainerBackend, backend.Endpoint, error) {
			return k.open(host)
		}}
	if k.change != nil {
		k.change(&o)
	}
	r, err := New(o)
	require.NoError(k.t, err)
	return r
}

// open gives the engine at an address: the usual fake one for none.
func (k *kitchen) open(host string) (backend.ContainerBackend, backend.Endpoint, error) {
	if host == "" {
		host = k.usual
	}
	be, ok := k.engines[host]
	if !ok {
		return nil, backend.Endpoint{}, &backend.Error{Op: "ask " + host, Kind: backend.ErrUnreachable}
	}
	return be, backend.Endpoint{URI: host}, nil
}

func (k *kitchen) do(a Action, instances ...config.Instance) error {
	r := k.run()
	defer func() { require.NoError(k.t, r.Close()) }()
	return r.Do(k.t.Context(), a, instances)
}

// runners are the containers that are not shared.
func (k *kitchen) runners() []backend.Container {
	k.t.Helper()
	list, err := k.fake.ListContainers(k.t.Context(), backend.Labels{label.Role: label.RoleRunner})
	require.NoError(k.t, err)
	return list
}

// chefInstance is an instance with a tool, a converge and a remote verify.
func chefInstance(name string) config.Instance {
	return config.Instance{
		Name: name, Suite: name, Platform: "busybox", OSType: "unix",
		Driver: config.Driver{Name: "dokken", Image: "busybox", ToolImage: "chef/chef:latest",
			PullPlatform: config.PullMissing, PullTool: config.PullMissing,
			Network: spec.Network{Mode: spec.NetworkNamed, Name: "dokken"}, Hostname: "dokken"},
		Provisioner: config.Provisioner{Name: "dokken", Kind: config.ProvisionerChef, RootPath: "/opt/kitchen",
			Chef: config.Chef{LogLevel: "warn", OutputFormat: "doc", JSONAttrs: true, ZeroPort: 8889, Converges: 1}},
		Verifier: config.Verifier{Name: "shell", Kind: config.VerifierShell, RootPath: "/opt/verifier",
			Shell: config.ShellVerifier{Command: "true", Remote: true}},
	}
}

// fileCommands answers mkdir -p, rm -rf, test -e and test -d by the files of a fake.
func fileCommands(engine *fake.Engine) fake.ExecHook {
	return func(_ context.Context, c backend.Container, e backend.ExecSpec) (int, error) {
		act, known := map[string]func(name string) error{
			"mkdir": func(name string) error { return engine.PutFile(c.ID, name, fake.Directory()) },
			"rm":    func(name string) error { return engine.RemoveFile(c.ID, name) },
			"test": func(name string) error {
				f, err := engine.Stat(c.ID, name)
				if err == nil && e.Command[1] == "-d" && !f.Mode.IsDir() {
					err = fs.ErrInvalid
				}
				return err
			},
		}[e.Command[0]]
		if !known {
			return 0, fake.ErrNotHandled
		}
		for _, operand := range e.Command[1:] {
			if !strings.HasPrefix(operand, "-") && act(operand) != nil {
				return 1, nil //nolint:nilerr // as a program says it
			}
		}
		return 0, nil
	}
}

// listFiles answers listCommand with the files that a container has. A file's inode is made
// from its content, so that it differs when that was changed.
func listFiles(engine *fake.Engine) fake.ExecHook {
	return func(_ context.Context, c backend.Container, e backend.ExecSpec) (int, error) {
		if !slices.Equal(e.Command, listCommand()) {
			return 0, fake.ErrNotHandled
		}
		names, err := engine.ListFiles(c.ID, e.WorkDir)
		if err != nil {
			return 1, nil //nolint:nilerr // as find says when the directory is not there
		}
		for _, name := range names {
			f, err := engine.Stat(c.ID, path.Join(e.WorkDir, name))
			if err != nil {
				return 0, err
			}
			kind := uint32(0o100000)
			switch {
			case f.Mode.IsDir():
				kind = 0o040000
			case f.Mode&fs.ModeSymlink != 0:
				kind = 0o120000
			}
			if name != "." {
				name = "./" + name
			}
			if _, err := fmt.Fprintf(e.Stdout, "%d 1 1 %d %x %s\n", crc32.ChecksumIEEE(f.Data), len(f.Data),
				kind|uint32(f.Mode.Perm()), name); err != nil {
				return 0, err
			}
		}
		return 0, nil
	}
}
