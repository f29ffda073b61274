package backendtest

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// List implements Volumes.
func (f *Fake) List(context.Context) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.volumes)), nil
}

// Remove implements Volumes.
func (f *Fake) Remove(_ context.Context, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.volumeInUse(name) {
		return failure(backend.ErrConflict, "remove volume "+name, "it is in use")
	}
	delete(f.volumes, name)
	return nil
}

// printReady adds to the log of a container what the contract waits for.
func (f *Fake) printReady(container string) error {
	return f.withContainer(container, func(c *fakeContainer) error {
		c.log.WriteString("ready\n")
		return nil
	})
}

// answeredByState are the cases of the contract that need no kernel and no shell: an
// engine answers them by what it remembers, or by the commands of contractCommands.
func answeredByState() []string {
	return []string{
		"info/complete", "info/close",
		"image/inspect-absent", "image/list-by-label", "image/remove-absent", "image/remove-in-use", "image/remove",
		"image/pull-unreachable", "image/pull-absent",
		"container/life", "container/start-twice", "container/restart-after-exit", "container/start-absent",
		"container/name-taken", "container/image-absent", "container/bind-source-absent", "container/inspect-absent",
		"container/list", "container/remove-absent", "container/remove-created", "container/remove-exited",
		"container/remove-at-once", "container/remove-four-at-once",
		"container/wait-exit-code", "container/wait-cancelled", "container/wait-absent",
		"stop/stopped", "stop/created", "stop/absent", "log/absent",
		"exec/exit-code", "exec/streams-apart", "exec/env", "exec/user", "exec/cancelled", "exec/cancelled-before",
		"exec/container-removed", "exec/container-created", "exec/container-exited", "exec/container-absent",
		"copy/to-running", "copy/to-created", "copy/to-other-user", "copy/to-bind", "copy/to-large",
		"copy/to-replaces", "copy/to-missing-directory", "copy/to-absent-container",
		"copy/from-file", "copy/from-missing", "copy/round-trip",
		"volume/anonymous-removed", "volume/named-kept", "volume/bind", "volume/bind-read-only", "volume/bind-file",
		"tool/access-unknown", "tool/image-absent",
		"network/ensure", "network/race", "network/list", "network/remove-absent", "network/remove-in-use", "network/absent",
		"feature/hostname",
	}
}

// contractFake is a fake that answers the commands of those cases.
func contractFake() *Fake {
	f := New()
	f.AddRemoteImage(ImageSpec{Ref: "registry.example.test/public/image:1"})
	f.OnBuild(func(_ backend.BuildOptions, context map[string]string) (ImageSpec, error) {
		var img ImageSpec
		for line := range strings.Lines(context["Dockerfile"]) {
			if volumes, ok := strings.CutPrefix(line, "VOLUME "); ok {
				img.Config.Volumes = strings.Fields(volumes)
			}
		}
		return img, nil
	})
	f.OnExec(contractCommands(f))
	return f
}

// contractCommands answers the commands of the contract's cases that the fake runs, and
// fails for all others.
func contractCommands(f *Fake) ExecHook {
	var running sync.Map // IDs of containers in which something sleeps
	variable := regexp.MustCompile(`^printf %s "\$\{(\w+)-unset\}"$`)
	write := regexp.MustCompile(`^echo (\w+) > (/\S+)$`)
	ids := map[string]string{
		"": "0\n0\n", "0": "0\n0\n", "nobody": "65534\n65534\n", "1234:567": "1234\n567\n", "1234": "1234\n0\n",
	}
	return func(ctx context.Context, c backend.Container, e backend.ExecSpec) (int, error) {
		say := func(w io.Writer, text string) (int, error) {
			_, err := io.WriteString(w, text)
			return 0, err
		}
		line := strings.Join(e.Command, " ")
		if e.Command[0] == "sh" {
			line = e.Command[2]
		}
		words := strings.Fields(line)
		switch {
		case variable.MatchString(line):
			return say(e.Stdout, f.variable(c.ID, e, variable.FindStringSubmatch(line)[1]))
		case write.MatchString(line):
			match := write.FindStringSubmatch(line)
			if f.WriteFile(c.ID, match[2], []byte(match[1]+"\n")) != nil {
				return 1, nil
			}
			return 0, nil
		case line == "id -u; id -g":
			return say(e.Stdout, ids[e.User])
		case line == "hostname":
			return say(e.Stdout, f.hostname(c.ID)+"\n")
		case line == "echo to out; echo to err >&2; exit 3":
			if _, err := say(e.Stdout, "to out\n"); err != nil {
				return 0, err
			}
			_, err := say(e.Stderr, "to err\n")
			return 3, err
		case strings.HasPrefix(line, "echo started; "):
			running.Store(c.ID, true)
			defer running.Delete(c.ID)
			if _, err := say(e.Stdout, "started\n"); err != nil {
				return 0, err
			}
			<-ctx.Done()
			return 0, ctx.Err()
		case line == "ps":
			if _, ok := running.Load(c.ID); ok {
				return say(e.Stdout, "2 root sleep 4321\n")
			}
			return 0, nil
		case words[0] == "touch":
			if f.WriteFile(c.ID, words[1], nil) != nil {
				return 1, nil
			}
			return 0, nil
		case len(words) == 1 && strings.HasSuffix(line, "/sample/program"):
			return say(e.Stdout, "program ran\n")
		case words[0] == "cat" || words[0] == "readlink" || words[0] == "stat":
			text, err := f.look(c.ID, e.Command)
			if err != nil {
				return 1, nil
			}
			return say(e.Stdout, text)
		case slices.Contains([]string{"true", "exit", "test"}, words[0]):
			return 0, ErrNotHandled
		}
		return 0, fmt.Errorf("the contract runs %q, which contractCommands does not know", e.Command)
	}
}

func (f *Fake) hostname(id string) (name string) {
	_ = f.withContainer(id, func(c *fakeContainer) error {
		name = c.spec.Hostname
		return nil
	})
	return name
}

// variable returns what a command finds in its environment.
func (f *Fake) variable(id string, e backend.ExecSpec, name string) string {
	value := "unset"
	_ = f.withContainer(id, func(c *fakeContainer) error {
		for _, env := range []map[string]string{c.spec.Env, e.Env} {
			if v, ok := env[name]; ok {
				value = v
			}
		}
		return nil
	})
	return value
}

// look answers cat, readlink and stat.
func (f *Fake) look(id string, argv []string) (string, error) {
	name := argv[len(argv)-1]
	file, err := f.Stat(id, name)
	if err != nil {
		return "", err
	}
	switch {
	case argv[0] == "stat":
		return strings.NewReplacer("%a", strconv.FormatUint(uint64(file.Mode.Perm()), 8), "%u", strconv.Itoa(file.UID),
			"%g", strconv.Itoa(file.GID), "%s", strconv.Itoa(len(file.Data))).Replace(argv[2]) + "\n", nil
	case argv[0] == "readlink":
		return file.Link + "\n", nil
	case file.Mode&fs.ModeSymlink != 0:
		return f.look(id, []string{"cat", path.Join(path.Dir(name), file.Link)})
	}
	return string(file.Data), nil
}

func TestFakeKeepsTheContract(t *testing.T) {
	f := contractFake()
	Run(t, Options{
		Name:    "fake",
		Open:    func(*testing.T) backend.ContainerBackend { return liar{Fake: f} },
		Image:   Busybox,
		Volumes: f,
		Only:    answeredByState(),
		Registry: &Registry{
			Image:  "registry.example.test/public/image:1",
			Absent: "registry.example.test/public/absent:1",
		},
		// The fake needs no time, so what has not come about never will.
		Patience: 10 * time.Second,
	})
}

func TestOptionsNameKnownCases(t *testing.T) {
	for _, name := range answeredByState() {
		require.True(t, slices.ContainsFunc(cases(), func(c testCase) bool { return c.name == name }), name)
	}
}

// TestCommandsOfTheFake: the answers that OnExec documents, and the order of hooks.
func TestCommandsOfTheFake(t *testing.T) {
	f := New()
	c, err := create(t, f, "c")
	require.NoError(t, err)
	require.NoError(t, f.StartContainer(t.Context(), c.ID))
	for _, tc := range []struct {
		command string
		code    int
	}{
		{"true", 0}, {"false", 1}, {"anything at all", 0},
		{"test -e /a", 1}, {"mkdir -p -- /a/b", 0}, {"test -d /a/b", 0}, {"test -f /a/b", 1}, {"test -e /a", 0},
		{"rm -rf -- /a /none", 0}, {"test -d /a/b", 1},
	} {
		code, err := f.Exec(t.Context(), "c", backend.ExecSpec{Command: strings.Fields(tc.command)})
		require.NoError(t, err)
		require.Equal(t, tc.code, code, tc.command)
	}
	code, err := f.Exec(t.Context(), "c", backend.ExecSpec{Command: []string{"sh", "-c", "exit 4 # why"}})
	require.NoError(t, err)
	require.Equal(t, 4, code)
	for want := 5; want < 7; want++ {
		f.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
			if e.Command[0] == "other" {
				return 0, ErrNotHandled
			}
			return want, nil
		})
		code, err = f.Exec(t.Context(), "c", backend.ExecSpec{Command: []string{"false"}})
		require.NoError(t, err)
		require.Equal(t, want, code, "the latest hook is asked first")
	}
	code, err = f.Exec(t.Context(), "c", backend.ExecSpec{Command: []string{"other"}})
	require.NoError(t, err)
	require.Zero(t, code)
}

func TestANewerRemoteImage(t *testing.T) {
	f := New()
	const ref = "registry.example.test/chef/chef:latest"
	f.AddRemoteImage(ImageSpec{Ref: ref, Files: map[string]string{"/opt/chef/VERSION": "1"}})
	first, err := f.PullImage(t.Context(), backend.PullOptions{Ref: ref})
	require.NoError(t, err)
	same, err := f.PullImage(t.Context(), backend.PullOptions{Ref: ref})
	require.NoError(t, err)
	require.Equal(t, first, same)
	f.AddRemoteImage(ImageSpec{Ref: ref, Files: map[string]string{"/opt/chef/VERSION": "2"}})
	second, err := f.PullImage(t.Context(), backend.PullOptions{Ref: ref})
	require.NoError(t, err)
	require.NotEqual(t, first.ID, second.ID)
	require.True(t, strings.HasPrefix(second.ID, "sha256:"))
}
