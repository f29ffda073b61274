package lifecycle

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/keys"
	kitchenyml "github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/internal/golden"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// What becomes of `driver:` in each kitchen.yml of testdata/spec is in the file of the same name beside it.
func TestRunnerSpec(t *testing.T) {
	files, err := filepath.Glob("testdata/spec/*.yml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yml"), func(t *testing.T) {
			specs := map[string]backend.ContainerSpec{}
			dir, instances := load(t, file)
			for _, i := range instances {
				sb := func(name string) sandbox.Dir {
					return sandbox.Dir{Local: filepath.Join(dir, "sandbox", name), Remote: "/opt/" + name}
				}
				specs[i.Name] = runnerSpec(Project{ID: "0123456789", Root: dir}, i, "sha256:0123",
					[]backend.Tool{{Image: "sha256:4567"}},
					[]sandbox.Dir{sb("kitchen"), sb("verifier")}, environment("CI=true"))
			}
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			require.NoError(t, enc.Encode(specs))
			golden.Equal(t, strings.TrimSuffix(file, ".yml")+".json", bytes.ReplaceAll(got.Bytes(), []byte(dir),
				[]byte("PROJECT")))
		})
	}
}

// load reads a kitchen.yml as that of a project of its own.
func load(t *testing.T, file string) (dir string, instances []config.Instance) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	dir = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kitchen.yml"), text, 0o644))
	conf, err := kitchenyml.Load(t.Context(), kitchenyml.Options{Dir: dir, Home: filepath.Join(dir, "home")})
	require.NoError(t, err)
	instances, diagnostics := keys.Resolve(conf, keys.ResolveOptions{Home: filepath.Join(dir, "home")})
	for _, d := range diagnostics {
		require.NotEqual(t, kitchenyml.SeverityError, d.Severity, "%v", d)
	}
	return dir, instances
}

// environment looks up variables in a list.
func environment(list ...string) func(string) string {
	return project.Project{Environ: list}.Getenv
}

// No field of a specification may be left out of its digest, or a change of it would not be seen.
func TestDigestSeesEveryKey(t *testing.T) {
	seen := map[string]bool{}
	for _, file := range []string{"testdata/spec/dokken.yml", "testdata/spec/further.yml"} {
		_, instances := load(t, file)
		digests, err := specDigests(runnerSpec(Project{}, instances[0], "image", []backend.Tool{{Image: "sha256:4567"}},
			nil, environment()))
		require.NoError(t, err)
		for field := range digests {
			seen[field] = true
		}
	}
	for _, field := range []string{
		"Name", "Image", "Platform", "Entrypoint", "Command", "Env", "Hostname", "Domainname", "User", "WorkDir",
		"StopSignal", "Labels",
		"Init", "Privileged", "UserNS", "CgroupNS", "IPC", "PID", "CapAdd", "CapDrop", "Security", "Devices", "GPUs",
		"GroupAdd",
		"Ulimits", "Sysctls", "ReadOnlyRoot", "Tty", "Resources", "Mounts", "VolumesFrom", "Tools", "Network", "Ports",
		"PublishAll",
		"ExtraHosts", "DNS",
	} {
		require.True(t, seen[field], "%s is set by no key, or is not in the digest", field)
	}
}

func TestDigestsTellWhatChanged(t *testing.T) {
	base := backend.ContainerSpec{Image: "one", Command: []string{"a"}, Env: map[string]string{"SECRET": "x"}}
	now := base
	now.Image, now.Env, now.Command = "two", map[string]string{"SECRET": "y"}, nil
	now.Tools = []backend.Tool{{Image: "tool"}}
	now.ExtraHosts = []spec.HostEntry{{Name: "a", Gateway: true}}
	old, err := specDigests(base)
	require.NoError(t, err)
	changed, err := specDigests(now)
	require.NoError(t, err)
	require.NotEqual(t, combine(old), combine(changed))
	require.Equal(t, []string{"PID 1", "env", "extra hosts", "image", "tool image"}, changedFields(old, changed))
	require.Empty(t, changedFields(old, old))

	// Records, snapshots and checkpoints have digests: one that is made otherwise tells of changes that are none.
	require.Equal(t, "e687ef373f0e7bd0", old["Image"])
	require.Equal(t, "c3e69615214ab695", combine(map[string]string{"A": "1", "B": "2"}))
}

// Two build arguments are not one with the text of both.
func TestBuildArgumentsAreToldApart(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Driver.IntermediateInstructions = []string{"RUN true"}
	i.Driver.BuildArgs = map[string]string{"A": "1", "B": "2"}
	require.NoError(t, k.do("create", i))
	require.Contains(t, k.preview("verify", i), "verify: run")
	require.NotContains(t, k.preview("verify", i), "replace the runner")
	i.Driver.BuildArgs = map[string]string{"A": "1 B:2"}
	require.Contains(t, k.preview("verify", i), "create: replace the runner galley-ID-a (image changed in its configuration)")
}

func TestBaseImages(t *testing.T) {
	for _, tc := range []struct {
		dockerfile string
		want       []string
	}{
		{"FROM sha256:0123\nRUN true\n", nil},
		{"FROM sha256:0123\nCOPY --from=private.example.com/tools:1 --chown=0:0 /bin/x /bin/\n",
			[]string{"private.example.com/tools:1"}},
		{"FROM --platform=linux/arm64 a.example.com/b AS One\nfrom one\nCOPY --from=one / /\nCOPY --from=0 / /\nFROM " +
			"scratch\n", []string{"a.example.com/b"}},
		{"FROM a\nRUN --mount=type=bind,from=b.example.com/c,target=/c true\nFROM a as a2\nFROM $VARIABLE\n",
			[]string{"a", "b.example.com/c"}},
		{"FROM a\nCOPY \\\n  --from=b \\\n  /x /x\n", []string{"a", "b"}},
		{"FROM\nCOPY --from=\n\n# FROM c\n", nil},
	} {
		require.Equal(t, tc.want, baseImages(tc.dockerfile), tc.dockerfile)
	}
}

// A network that is there already is not changed under those who use it; who wants more of it is told.
func TestIPv6OfANetworkThatIsThere(t *testing.T) {
	k := newKitchen(t)
	four, six := chefInstance("four"), chefInstance("six")
	six.Driver.IPv6 = true
	require.NoError(t, k.do(ActionTest, six))
	require.NotContains(t, strings.Join(k.sink.notices(), "\n"), "ipv6: ", "the first one gets what it wants")

	k = newKitchen(t)
	require.NoError(t, k.do(ActionTest, four))
	require.NoError(t, k.do(ActionTest, six))
	require.Contains(t, strings.Join(k.sink.notices(), "\n"), "ipv6: the network dokken is there already, without IPv6")
}
