package lifecycle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
)

// toolInstance is an instance whose tool is built from lines.
func toolInstance(name string) config.Instance {
	i := chefInstance(name)
	i.Provisioner = config.Provisioner{Name: "tool", Kind: config.ProvisionerTool, RootPath: "/opt/kitchen",
		Shell: config.ShellProvisioner{Command: "true"},
		Tool: config.ToolProvisioner{Volumes: []string{"/opt/writer"},
			Instructions: []string{"FROM busybox", "RUN mkdir -p /opt/writer"}}}
	return i
}

// A tool's image is built once for all, its bases are found as all images are, and
// its directory is a volume whether it says so or not.
func TestToolFromInstructions(t *testing.T) {
	k := newKitchen(t)
	require.NoError(t, k.do("create", toolInstance("a"), toolInstance("b")))
	require.NoError(t, k.do("create", toolInstance("c")))
	count := map[string]int{}
	var contexts []string
	for _, c := range k.fake.Calls() {
		count[c.Verb]++
		contexts = append(contexts, strings.Join(c.Args, " "))
	}
	require.Equal(t, 2, count["BuildImage"], "the image, and the volume on top of it: %v", contexts)
	require.LessOrEqual(t, count["CreateContainer"], 3+3)
	for _, c := range k.runners() {
		code, err := k.fake.Exec(t.Context(), c.ID, backend.ExecSpec{User: "0",
			Command: []string{"test", "-d", "/opt/writer"}})
		require.NoError(t, err)
		require.Zero(t, code)
	}

	bad := toolInstance("bad")
	bad.Provisioner.Tool.Volumes = nil
	require.ErrorContains(t, k.do("create", bad), "Name the tool's directory in provisioner.volume.")
}

// A tool's image gets the build secrets that its lines mount.
func TestToolWithBuildSecret(t *testing.T) {
	k := newKitchen(t)
	file := filepath.Join(t.TempDir(), "npmrc")
	require.NoError(t, os.WriteFile(file, []byte("a value"), 0o600))
	var got []map[string][]byte
	build := k.fake.Build
	k.fake.Build = func(o backend.BuildOptions, context map[string]string) (fake.ImageSpec, error) {
		got = append(got, o.Secrets)
		return build(o, context)
	}
	i := toolInstance("a")
	i.Driver.BuildSecrets = map[string]config.BuildSecret{"npm": {File: file}}
	i.Provisioner.Tool.Instructions[1] = "RUN --mount=type=secret,id=npm mkdir -p /opt/writer"
	require.NoError(t, k.do("create", i))
	require.Len(t, got, 2)
	require.Equal(t, map[string][]byte{"npm": []byte("a value")}, got[0])
	require.Empty(t, got[1], "the volume on top of it mounts none")
}

// Images that others remove under a build are no reason for it to fail, unless that
// never ends; what a step says is one at once.
func TestBuildBesideRemovals(t *testing.T) {
	for _, tc := range []struct {
		kind   error
		faults int
		tries  int
		fails  bool
	}{
		{backend.ErrConflict, buildAttempts - 1, 2 * buildAttempts, false},
		{backend.ErrConflict, buildAttempts, buildAttempts, true},
		{backend.ErrBuildFailed, 1, 1, true},
	} {
		k := newKitchen(t)
		var tries int
		k.fake.FailOn(func(c fake.Call) error {
			if c.Verb != "BuildImage" {
				return nil
			}
			tries++
			if (tries-1)%buildAttempts < tc.faults {
				return &backend.Error{Op: "build", Kind: tc.kind}
			}
			return nil
		})
		err := k.do("create", toolInstance("a"))
		if tc.fails {
			require.ErrorContains(t, err, "build: "+tc.kind.Error())
		} else {
			require.NoError(t, err)
		}
		require.Equal(t, tc.tries, tries)
	}
}

// Uploads go into the runner before a converge, downloads come after it, also when
// it failed; files keep their names in directories.
func TestUploadsAndDownloads(t *testing.T) {
	k := newKitchen(t)
	i := toolInstance("a")
	for name, text := range map[string]string{"one": "1", "dir/two": "2"} {
		path := filepath.Join(k.project.Root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	i.Provisioner.Uploads = map[string]string{"one": "/in/to/", "dir": "/in/dir",
		filepath.Join(k.project.Root, "one"): "/in/other"}
	i.Provisioner.Downloads = map[string]string{"/in/dir": "got", "/in/other": "back/", "/in/to/one": "renamed"}
	require.NoError(t, k.do("converge", i))
	for name, want := range map[string]string{"got/two": "2", "back/other": "1", "renamed": "1"} {
		text, err := os.ReadFile(filepath.Join(k.project.Root, name))
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
	require.NoError(t, os.Symlink("nowhere", filepath.Join(k.project.Root, "dir", "dead")))
	require.NoError(t, k.do("converge", i))
	require.Contains(t, strings.Join(k.sink.notices(), "\n"),
		"left out links that lead elsewhere or nowhere, and what is no file: dead")
	i.Provisioner.Uploads = map[string]string{"none": "/x"}
	require.ErrorContains(t, k.do("converge", i), "provisioner.uploads: upload none: ")
}

// A long download tells how far it is, and a short one is quiet.
func TestLongDownload(t *testing.T) {
	for size, told := range map[int]bool{10: false, 3 * meterStep: true} {
		k := newKitchen(t)
		i := toolInstance("a")
		require.NoError(t, os.WriteFile(filepath.Join(k.project.Root, "f"), make([]byte, size), 0o644))
		i.Provisioner.Uploads = map[string]string{"f": "/in/"}
		i.Provisioner.Downloads = map[string]string{"/in/f": "got"}
		require.NoError(t, k.do("converge", i))
		var list []Progress
		for _, e := range k.sink.events {
			if p, ok := e.(Progress); ok && p.What == "download /in/f" {
				list = append(list, p)
			}
		}
		require.Equal(t, told, len(list) > 1)
		if told {
			require.GreaterOrEqual(t, list[0].Current, int64(meterStep))
			require.True(t, list[len(list)-1].Done)
		}
	}
}

func TestRunnerThatCannotBeMade(t *testing.T) {
	k := newKitchen(t)
	k.fake.FailOn(func(c fake.Call) error {
		if c.Verb == "CreateContainer" {
			return &backend.Error{Op: "create", Kind: backend.ErrInvalid}
		}
		return nil
	})
	require.ErrorContains(t, k.do("create", chefInstance("a")), "create: invalid")
}
