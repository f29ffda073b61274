package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/execmark"
	"github.com/galley-kitchen/galley/internal/mirrors"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// A warm test of one instance must be as cheap as it can be. A program that does nothing else needs 9 requests: create,
// start, two execs of three, remove. galley's other ones, each with its reason:
//
//	ping                  which engine is it, and is it there (made by detection, not here)
//	list containers       what exists: one call for all instances of a run
//	inspect image         the tool's image, whose ID the tool is found by
//
// Docker takes two more for the tool: one to find what carries it, and one to remove what the runner wrote into it.
func TestAPICallsOfAWarmTest(t *testing.T) {
	k := newKitchen(t)
	require.NoError(t, k.do(ActionTest, chefInstance("warm")))
	k.fake.ForgetCalls()
	require.NoError(t, k.do(ActionTest, chefInstance("warm")))
	calls := k.fake.Calls()
	const ping = 1
	require.LessOrEqual(t, k.fake.APICalls()+ping, 13, "%v", calls)
}

// What a warm run takes for granted may be gone: another galley pruned the network, or a person the image.
func TestMakesWhatWasTakenForGranted(t *testing.T) {
	k := newKitchen(t)
	k.fake.AddRemoteImage(fake.ImageSpec{Ref: "registry.example.com/platform:1"})
	i := chefInstance("a")
	i.Driver.Image = "registry.example.com/platform:1"
	require.NoError(t, k.do(ActionTest, i))
	require.NoError(t, k.fake.RemoveNetwork(t.Context(), "dokken"))
	require.NoError(t, k.fake.RemoveImage(t.Context(), "registry.example.com/platform:1"))

	never := i
	never.Driver.PullPlatform = config.PullNever
	err := k.do("create", never)
	require.ErrorContains(t, err, "the pull policy is never")
	require.Empty(t, k.runners())

	require.NoError(t, k.do("create", i))
	require.Len(t, k.runners(), 1)

	require.NoError(t, k.do("destroy", i))
	i.Driver.Image = "registry.example.com/absent"
	err = k.do("create", i)
	require.ErrorContains(t, err, "registry.example.com/absent")
	require.Empty(t, k.runners())
}

// What the user's settings have come from elsewhere is pulled from there, with the login for that registry, and only
// there. A local image counts under both names.
func TestImagesFromElsewhere(t *testing.T) {
	const asWritten, asPulled = "quay.io/team/platform:1", "mirror.example/quay/platform:1"
	k := newKitchen(t)
	require.NoError(t, k.do(ActionTest, chefInstance("first"))) // it makes the network
	k.fake.ForgetCalls()
	var mu sync.Mutex // the images are pulled at the same time
	var asked []string
	k.change = func(o *Options) {
		o.Images = mirrors.List{"quay.io/team": "mirror.example/quay", "docker.io": "mirror.example/hub"}
		o.Credentials = func(_ context.Context, _ config.Instance, ref string) (*backend.Credentials, error) {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, ref)
			return nil, nil
		}
	}
	k.fake.AddRemoteImage(fake.ImageSpec{Ref: asWritten})
	k.fake.AddRemoteImage(fake.ImageSpec{Ref: asPulled})
	k.fake.AddRemoteImage(fake.ImageSpec{Ref: "mirror.example/hub/chef/chef:latest",
		Config: backend.Image{Volumes: []string{"/opt/chef"}}})
	i := chefInstance("a")
	i.Driver.Image, i.Driver.PullPlatform, i.Driver.PullTool = "team/platform:1", config.PullAlways, config.PullAlways
	i.Driver.Registry = "quay.io"
	i.Driver.ToolImage = "docker.io/chef/chef:latest"
	require.NoError(t, k.do("create", i))
	require.ElementsMatch(t, []string{asPulled, "mirror.example/hub/chef/chef:latest"}, asked)
	for _, c := range k.fake.Calls() {
		require.False(t, c.Verb == "PullImage" && !strings.HasPrefix(c.Args[0], "mirror.example/"), "%v", c)
	}
	mirrored, err := k.fake.InspectImage(t.Context(), asPulled)
	require.NoError(t, err)
	require.Equal(t, mirrored.ID, k.runners()[0].ImageID)

	require.NoError(t, k.do("destroy", i))

	// An image that was built here under its own name is found when the other one is not there, and nothing is pulled.
	require.NoError(t, k.fake.RemoveImage(t.Context(), asPulled))
	i.Driver.PullPlatform, i.Driver.PullTool = config.PullMissing, config.PullNever
	built := k.fake.AddImage(fake.ImageSpec{Ref: asWritten})
	asked = nil
	require.NoError(t, k.do("create", i))
	require.Equal(t, built.ID, k.runners()[0].ImageID)
	require.Empty(t, asked)
	require.NoError(t, k.do("destroy", i))

	// Errors have both names.
	i.Driver.Image = "team/absent"
	for policy, want := range map[config.PullPolicy]string{
		config.PullMissing: "pull mirror.example/quay/absent:latest", config.PullNever: "the pull policy is never",
	} {
		i.Driver.PullPlatform = policy
		err = k.do("create", i)
		require.ErrorContains(t, err,
			"use image quay.io/team/absent:latest, which is mirror.example/quay/absent:latest by the setting images: ")
		require.ErrorContains(t, err, want)
	}
}

// Sharing: what one instance needs from the engine is asked once for all.
func TestSharedThingsOnce(t *testing.T) {
	k := newKitchen(t)
	k.change = func(o *Options) { o.Concurrency = 8 }
	var list []config.Instance
	for i := range 8 {
		list = append(list, chefInstance(fmt.Sprintf("i%d", i)))
	}
	require.NoError(t, k.do("create", list...))
	count := map[string]int{}
	for _, c := range k.fake.Calls() {
		count[c.Verb]++
	}
	require.Equal(t, 1, count["EnsureNetwork"])
	require.Equal(t, 0, count["ListContainers"], "nothing is recorded")
	require.Equal(t, 3, count["InspectImage"], "the tool, and both again after a miss")
	require.LessOrEqual(t, count["CreateContainer"], 8+8, "what is missing is found out by trying")
	require.Len(t, k.runners(), 8)
}

// A call that never answers ends with the user's patience.
func TestInterruptedWhileTheEngineHangs(t *testing.T) {
	k := newKitchen(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("ctrl-c")
	k.fake.FailOn(func(c fake.Call) error {
		if c.Verb == "CreateContainer" {
			cancel(gone)
			return fake.ErrHang
		}
		return nil
	})
	err := k.run().Do(ctx, ActionTest, []config.Instance{chefInstance("a"), chefInstance("b")})
	require.ErrorIs(t, err, gone)
	var action *ActionError
	require.ErrorAs(t, err, &action)
	require.Equal(t, []string{"b"}, action.Skipped)
}

// An interrupted phase says so once, and what could not be ended besides.
func TestInterrupted(t *testing.T) {
	cause := errors.New("interrupted")
	call := fmt.Errorf("run a command in container 0123: %w", cause)
	still := errors.New("the command may still run")
	plain := fmt.Errorf("wait for systemd: %w", context.Canceled)
	for err, want := range map[error]string{
		call:                                    "interrupted",
		plain:                                   "interrupted",
		errors.Join(call, still):                "interrupted\nthe command may still run",
		errors.Join(plain, cause):               "interrupted",
		errors.New("code 137"):                  "code 137\ninterrupted",
		fmt.Errorf("%w before it began", cause): "interrupted before it began",
	} {
		got := interrupted(err, cause)
		require.EqualError(t, got, want)
		require.ErrorIs(t, got, cause)
		require.ErrorIs(t, got, err)
	}
}

func TestOneFailureDoesNotStopTheOthers(t *testing.T) {
	for _, failFast := range []bool{false, true} {
		k := newKitchen(t)
		k.change = func(o *Options) { o.FailFast = failFast }
		bad := chefInstance("bad")
		bad.Driver.Image = "not/there"
		bad.Driver.PullPlatform = config.PullNever
		err := k.do("create", bad, chefInstance("good"))
		var action *ActionError
		require.ErrorAs(t, err, &action)
		require.Len(t, action.Failures, 1)
		require.Equal(t, "bad", action.Failures[0].Instance)
		require.Equal(t, PhaseCreate, action.Failures[0].Phase)
		require.ErrorIs(t, action.Failures[0].Err, backend.ErrNotFound)
		if failFast {
			require.Equal(t, []string{"good"}, action.Skipped)
			require.Empty(t, k.runners())
		} else {
			require.Len(t, k.runners(), 1)
		}
	}
}

func TestDestroyModes(t *testing.T) {
	for _, tc := range []struct {
		mode   DestroyMode
		passes bool
		left   int
	}{
		{DestroyPassing, true, 0}, {DestroyPassing, false, 1},
		{DestroyAlways, true, 0}, {DestroyAlways, false, 0},
		{DestroyNever, true, 1}, {DestroyNever, false, 1},
	} {
		t.Run(fmt.Sprintf("%s passes=%v", tc.mode, tc.passes), func(t *testing.T) {
			k := newKitchen(t)
			k.change = func(o *Options) { o.Destroy = tc.mode }
			i := chefInstance("a")
			if !tc.passes {
				i.Verifier.Shell.Command = "exit 4"
			}
			err := k.do(ActionTest, i)
			require.Equal(t, tc.passes, err == nil, "%v", err)
			require.Len(t, k.runners(), tc.left)
		})
	}
}

// The engine is right: a runner that a person removed is made again, and one that
// the state file has forgotten is found.
func TestStateFollowsTheEngine(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	require.NoError(t, k.do("verify", i))
	require.NoError(t, k.fake.RemoveContainer(t.Context(), k.runners()[0].ID))
	st, err := k.run().Statuses(t.Context(), []string{"a"})
	require.NoError(t, err)
	require.Empty(t, st[0].LastAction)
	require.NoError(t, k.do("converge", i))
	require.Len(t, k.runners(), 1)

	require.NoError(t, stateFileOf(k.project, "a").remove())
	require.NoError(t, k.do("destroy", i))
	require.Empty(t, k.runners())
}

// What a galley that was killed left running in the runner is ended before the next
// phase begins. What ended by itself, or went with its runner, is no matter.
func TestEndsWhatAKilledGalleyLeft(t *testing.T) {
	k := newKitchen(t)
	var kills []string
	code, running := 0, "12 13\n"
	k.fake.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		for _, word := range e.Command {
			if mark, ok := strings.CutPrefix(word, execmark.Var+"="); ok {
				kills = append(kills, mark)
				fmt.Fprint(e.Stdout, running)
				return code, nil
			}
		}
		if slices.Contains(e.Command, "/opt/kitchen/run_command") {
			state, err := stateFileOf(k.project, "a").load()
			require.NoError(t, err)
			require.NotEmpty(t, e.Mark)
			require.Equal(t, state.Mark, e.Mark, "a galley killed now leaves the mark of its command")
		}
		return 0, fake.ErrNotHandled
	})
	file := stateFileOf(k.project, "a")
	killed := func() {
		state, err := file.load()
		require.NoError(t, err)
		require.Empty(t, state.Mark)
		state.Mark = "m4rk"
		require.NoError(t, file.save(state))
		kills, k.sink.events = nil, nil
	}
	const ended = "ended the command that a galley which was killed had left running in the runner"
	require.NoError(t, k.do("converge", chefInstance("a")))
	require.Empty(t, kills)
	killed()
	require.NoError(t, k.do("converge", chefInstance("a")))
	require.Equal(t, []string{"m4rk"}, kills)
	require.Contains(t, k.sink.notices(), ended)

	killed()
	running = ""
	require.NoError(t, k.do("verify", chefInstance("a")))
	require.Equal(t, []string{"m4rk"}, kills)
	require.NotContains(t, k.sink.notices(), ended)

	killed()
	code = 127
	require.NoError(t, k.do("converge", chefInstance("a")))
	require.Contains(t, strings.Join(k.sink.notices(), "\n"), "may have left a command running")

	killed()
	require.NoError(t, k.do("destroy", chefInstance("a")))
	require.Empty(t, kills)
}

func TestDriftIsToldAndApplied(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	require.NoError(t, k.do("create", i))
	first := k.runners()[0].ID
	i.Driver.Env = map[string]string{"TOKEN": "hunter2"}
	require.NoError(t, k.do("create", i))
	require.NotEqual(t, first, k.runners()[0].ID)
	require.Contains(t, k.sink.notices(), "recreating the runner, since env changed in its configuration")
	state, err := k.project.state().ReadFile("a.json")
	require.NoError(t, err)
	require.NotContains(t, string(state), "hunter2")
}

// A newer image under the same tag is a change too, for runner and tool.
func TestMovedTagsAreDrift(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	require.NoError(t, k.do("create", i))
	first := k.runners()[0]
	k.fake.AddImage(fake.ImageSpec{Ref: toolRef, Files: map[string]string{"/opt/chef/bin/chef-client": "newer"},
		Config: backend.Image{Volumes: []string{"/opt/chef"}}})
	require.NoError(t, k.do("create", i))
	require.NotEqual(t, first.ID, k.runners()[0].ID)
	data, err := k.fake.ReadFile(k.runners()[0].ID, "/opt/chef/bin/chef-client")
	require.NoError(t, err)
	require.Equal(t, "newer", string(data))
}

// A tag that was moved since is a changed image, although kitchen.yml is the same.
func TestMovedTag(t *testing.T) {
	k := newKitchen(t)
	for _, warm := range []bool{false, true} {
		k.fake.AddImage(fake.ImageSpec{Ref: "registry.example.com/moving:1", Files: map[string]string{"/old": "old"}})
		i := chefInstance(fmt.Sprint("warm-", warm))
		i.Driver.Image = "registry.example.com/moving:1"
		require.NoError(t, k.do("create", i))
		first := k.runners()
		require.NoError(t, k.do("create", i))
		require.Equal(t, first, k.runners(), "nothing moved")

		moved := k.fake.AddImage(fake.ImageSpec{Ref: "registry.example.com/moving:1",
			Files: map[string]string{"/new": fmt.Sprint(warm)}})
		k.change = func(o *Options) { o.NoRecreate = true }
		require.NoError(t, k.do("create", i))
		require.Equal(t, first, k.runners(), "--no-recreate")
		k.change = nil
		require.NoError(t, k.do("create", i))
		require.Len(t, k.runners(), 1)
		require.NotEqual(t, first[0].ID, k.runners()[0].ID)
		require.Equal(t, moved.ID, k.runners()[0].ImageID)
		require.Contains(t, k.sink.notices(), "recreating the runner, since its image is another one now")
		require.NoError(t, k.do("destroy", i))
	}
}

// A container that is not galley's is never removed, even when it has the name.
func TestForeignContainerIsLeftAlone(t *testing.T) {
	k := newKitchen(t)
	c, err := k.fake.CreateContainer(t.Context(), backend.ContainerSpec{Name: containerName(k.project, "a"),
		Image: fake.Busybox})
	require.NoError(t, err)
	require.ErrorContains(t, k.do("create", chefInstance("a")), "is not galley's")
	_, err = k.fake.InspectContainer(t.Context(), c.ID)
	require.NoError(t, err)
}

func TestHooksOrderAndFailure(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	out := filepath.Join(k.project.Root, "out")
	say := func(s string) []config.Hook { return []config.Hook{{Local: "echo " + s + " >> " + out}} }
	i.Hooks = config.Hooks{"pre_create": say("pre"), "post_create": say("post"), "finally_create": say("finally"),
		"pre_converge": {{Local: "exit 3"}}, "finally_converge": say("finally2")}
	err := k.do("converge", i)
	require.ErrorContains(t, err, "lifecycle hook pre_converge")
	text, readErr := os.ReadFile(out)
	require.NoError(t, readErr)
	require.Equal(t, "pre\npost\nfinally\nfinally2\n", string(text))
	state, loadErr := stateFileOf(k.project, "a").load()
	require.NoError(t, loadErr)
	require.Equal(t, PhaseCreate, state.LastAction)
	require.Contains(t, state.LastError, "pre_converge")
}

func TestRemoteHookWithoutRunner(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("a")
	i.Hooks = config.Hooks{"pre_create": {{Remote: "true"}}}
	require.ErrorContains(t, k.do("create", i), "skippable: true")
	i.Hooks = config.Hooks{"pre_create": {{Remote: "true", Skippable: true}}}
	require.NoError(t, k.do("create", i))
}

// A runner stays on the engine where it was made, whichever would be chosen now.
func TestInstanceStaysOnItsEngine(t *testing.T) {
	k := newKitchen(t)
	k.engines["fake://two"] = fake.New(fake.ImageSpec{Ref: toolRef,
		Config: backend.Image{Volumes: []string{"/opt/chef"}}})
	i := chefInstance("a")
	require.NoError(t, k.do("create", i))
	k.usual = "fake://two"
	require.NoError(t, k.do("converge", i))
	require.Empty(t, k.engines["fake://two"].Calls())
	require.NoError(t, k.do("destroy", i))
	require.Empty(t, k.runners())

	// While its engine is stopped, no other takes its place.
	k.usual = "fake://one"
	require.NoError(t, k.do("create", i))
	delete(k.engines, "fake://one")
	k.usual = "fake://two"
	for _, a := range []Action{"destroy", "converge", ActionTest} {
		err := k.do(a, i)
		require.ErrorIs(t, err, backend.ErrUnreachable, a)
		require.ErrorContains(t, err, "galley destroy --forget a")
	}
	require.Empty(t, k.engines["fake://two"].Calls())
	k.change = func(o *Options) { o.Forget = true }
	require.NoError(t, k.do("destroy", i))
	require.Contains(t, strings.Join(k.sink.notices(), "\n"),
		"The runner is forgotten, and not removed: "+containerName(k.project, "a")+" on fake://one")
	require.Len(t, k.runners(), 1)
	require.NoError(t, k.do("create", i), "now it may be made elsewhere")
}

// kitchen.yml that names another engine moves the instance there.
func TestMovedToAnotherEngine(t *testing.T) {
	k := newKitchen(t)
	k.engines["fake://two"] = fake.New(fake.ImageSpec{Ref: toolRef,
		Config: backend.Image{Volumes: []string{"/opt/chef"}}})
	i := chefInstance("a")
	require.NoError(t, k.do("create", i))
	i.Driver.Host = "fake://two"
	require.NoError(t, k.do("create", i))
	require.Empty(t, k.runners())
	list, err := k.engines["fake://two"].ListContainers(t.Context(), backend.Labels{label.Role: label.RoleRunner})
	require.NoError(t, err)
	require.Len(t, list, 1)
}
