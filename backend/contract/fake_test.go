package contract_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

// answeredByState are the cases of the contract that need no kernel and no shell: an
// engine answers them by what it remembers, or by the commands of contractCommands.
func answeredByState() []string {
	return []string{
		"info/complete", "info/close",
		"image/inspect-absent", "image/list-by-label", "image/remove-absent", "image/remove-in-use", "image/remove",
		"image/pull-unreachable", "image/pull-absent",
		"container/life", "container/start-twice", "container/start-absent",
		"container/name-taken", "container/image-absent", "container/bind-source-absent", "container/inspect-absent",
		"container/list", "container/remove-absent", "container/remove-created", "container/remove-exited",
		"container/remove-at-once", "container/remove-four-at-once",
		"container/wait-exit-code", "container/wait-cancelled", "container/wait-absent",
		"log/absent",
		"exec/exit-code", "exec/streams-apart", "exec/env", "exec/user", "exec/cancelled", "exec/cancelled-before",
		"exec/container-removed", "exec/container-created", "exec/container-exited", "exec/container-absent",
		"copy/to-running", "copy/to-created", "copy/to-other-user", "copy/to-bind", "copy/to-large",
		"copy/to-replaces", "copy/to-missing-directory", "copy/to-absent-container",
		"copy/from-file", "copy/from-missing", "copy/round-trip",
		"commit/changes", "commit/changes-absent", "commit/absent", "image/save-absent",
		"volume/anonymous-removed", "volume/named-kept", "volume/bind", "volume/bind-read-only", "volume/bind-file",
		"tool/access-unknown", "tool/image-absent",
		"network/ensure", "network/race", "network/list", "network/remove-absent", "network/remove-in-use",
		"network/absent",
		"feature/hostname",
	}
}

// onFake is the contract's run on a fake that answers the commands of those cases, and tells that lie.
func onFake(tells lie) subject {
	f := fake.New()
	f.AddRemoteImage(fake.ImageSpec{Ref: "registry.example.test/public/image:1"})
	f.Build = func(_ backend.BuildOptions, context map[string]string) (fake.ImageSpec, error) {
		var img fake.ImageSpec
		for line := range strings.Lines(context["Dockerfile"]) {
			if volumes, ok := strings.CutPrefix(line, "VOLUME "); ok {
				img.Config.Volumes = strings.Fields(volumes)
			}
		}
		return img, nil
	}
	specs := &sync.Map{} // of containers, by ID
	f.OnExec(contractCommands(f, specs))
	return subject{
		name:     "fake",
		connect:  func(*testing.T) backend.ContainerBackend { return liar{f, specs, tells} },
		image:    fake.Busybox,
		outside:  fakeOutside{f},
		registry: registry{absent: "registry.example.test/public/absent:1"},
		// The fake needs no time, so what has not come about never will.
		patience: time.Second,
		only:     answeredByState(),
		record:   func(string, testbed.Verdict, string) {},
	}
}

// fakeOutside is the fake's state.
type fakeOutside struct{ *fake.Engine }

func (f fakeOutside) Volumes(testing.TB) []string { return f.Engine.Volumes() }

func (f fakeOutside) RemoveVolume(_ context.Context, name string) error {
	return f.Engine.RemoveVolume(name)
}

func (f fakeOutside) Inspect(t testing.TB, container string) testbed.Container {
	t.Helper()
	volumes, err := f.VolumesOf(container)
	require.NoError(t, err)
	return testbed.Container{Volumes: volumes}
}

func (f fakeOutside) Stop(_ context.Context, container string, _ int) error {
	return f.Engine.Stop(container)
}

// contractCommands answers the commands of the contract's cases that the fake runs, and fails for all others.
func contractCommands(f *fake.Engine, specs *sync.Map) fake.ExecHook {
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
			return say(e.Stdout, environment(specOf(specs, c), e, variable.FindStringSubmatch(line)[1]))
		case write.MatchString(line):
			match := write.FindStringSubmatch(line)
			if f.WriteFile(c.ID, match[2], []byte(match[1]+"\n")) != nil {
				return 1, nil
			}
			return 0, nil
		case line == "id -u; id -g":
			return say(e.Stdout, ids[e.User])
		case line == "hostname":
			return say(e.Stdout, specOf(specs, c).Hostname+"\n")
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
			text, err := look(f, c.ID, e.Command)
			if err != nil {
				return 1, nil
			}
			return say(e.Stdout, text)
		case words[0] == "test":
			if _, err := f.Stat(c.ID, words[2]); err != nil {
				return 1, nil
			}
			return 0, nil
		case words[0] == "true" || words[0] == "exit":
			return 0, fake.ErrNotHandled
		}
		return 0, fmt.Errorf("the contract runs %q, which contractCommands does not know", e.Command)
	}
}

// specOf returns what a container was made by.
func specOf(specs *sync.Map, c backend.Container) backend.ContainerSpec {
	spec, _ := specs.Load(c.ID)
	return spec.(backend.ContainerSpec)
}

// environment returns what a command finds in a variable.
func environment(s backend.ContainerSpec, e backend.ExecSpec, name string) string {
	value := "unset"
	for _, env := range []map[string]string{s.Env, e.Env} {
		if v, ok := env[name]; ok {
			value = v
		}
	}
	return value
}

// look answers cat, readlink and stat.
func look(f *fake.Engine, id string, argv []string) (string, error) {
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
		return look(f, id, []string{"cat", path.Join(path.Dir(name), file.Link)})
	}
	return string(file.Data), nil
}

func TestFakeKeepsTheContract(t *testing.T) {
	run(t, onFake(lie{}))
}
