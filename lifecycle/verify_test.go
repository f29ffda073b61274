package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/verifier"
)

// phases are the phases of an instance that ended, with how.
func (r *recorder) phases() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, e := range r.events {
		if p, ok := e.(PhaseFinished); ok {
			how := "passed"
			if p.Error != "" {
				how = "failed"
			}
			list = append(list, string(p.Phase)+" "+how)
		}
	}
	return list
}

// failing makes the instance's remote verify fail for so many times.
func (k *kitchen) failing(times int) config.Instance {
	i := chefInstance("tries")
	i.Verifier.Shell.Command = "look"
	k.fake.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
		switch {
		case slices.Contains(e.Command, "look"):
			times--
			if times >= 0 {
				fmt.Fprintln(e.Stdout, "not yet")
				return 1, nil
			}
		case !slices.Contains(e.Command, "/opt/kitchen/run_command"):
			return 0, fake.ErrNotHandled
		}
		return 0, nil
	})
	return i
}

func TestRetry(t *testing.T) {
	for _, c := range []struct {
		fails, retry int
		want         []string
	}{
		{0, 2, []string{"verify passed"}},
		{1, 0, []string{"verify failed"}},
		{1, 1, []string{"verify failed", "verify passed"}},
		{2, 3, []string{"verify failed", "verify failed", "verify passed"}},
		{9, 2, []string{"verify failed", "verify failed", "verify failed"}},
	} {
		t.Run(fmt.Sprintf("%d failures, %d retries", c.fails, c.retry), func(t *testing.T) {
			k := newKitchen(t)
			k.change = func(o *Options) { o.Retry = c.retry }
			err := k.do("verify", k.failing(c.fails))
			phases := k.sink.phases()
			require.Equal(t, c.want, phases[3:])
			if c.want[len(c.want)-1] == "verify passed" {
				require.NoError(t, err)
				return
			}
			var failed *ActionError
			require.ErrorAs(t, err, &failed)
			var tests *verifier.FailedError
			require.ErrorAs(t, failed.Failures[0].Err, &tests)
		})
	}
}

// A person who is asked may have a phase that failed done again, as often as wanted.
func TestAskOnFailure(t *testing.T) {
	for answers, want := range map[int][]string{
		0: {"verify failed"}, 1: {"verify failed", "verify failed"}, 2: {"verify failed", "verify failed", "verify passed"},
	} {
		k := newKitchen(t)
		var asked []Stopped
		k.change = func(o *Options) {
			o.OnFailure = func(_ context.Context, s Stopped) bool {
				asked = append(asked, s)
				return len(asked) <= answers
			}
		}
		err := k.do("verify", k.failing(2))
		require.Equal(t, want, k.sink.phases()[3:])
		require.Equal(t, answers == 2, err == nil)
		require.Len(t, asked, min(answers+1, 2))
		require.Equal(t, PhaseVerify, asked[0].Phase)
		require.Equal(t, "tries", asked[0].Instance.Name)
		require.Error(t, asked[0].Err)
		runner, err := asked[0].Engine.InspectContainer(t.Context(), asked[0].Runner.ID)
		require.NoError(t, err)
		require.Equal(t, asked[0].Runner.ID, runner.ID)
	}
}

// Nobody is asked of a runner that is not there, nor after an interrupt.
func TestAskOnFailureOnlyWhereItHelps(t *testing.T) {
	k := newKitchen(t)
	k.change = func(o *Options) {
		o.OnFailure = func(context.Context, Stopped) bool { t.Error("asked"); return true }
	}
	k.fake.FailOn(func(c fake.Call) error {
		if c.Verb == "CreateContainer" {
			return backend.ErrInvalid
		}
		return nil
	})
	require.Error(t, k.do("verify", k.failing(2)))
}

// What no second try can mend is not tried again.
func TestRetryIsForTestsOnly(t *testing.T) {
	k := newKitchen(t)
	k.change = func(o *Options) { o.Retry = 3 }
	i := chefInstance("missing")
	i.Verifier = config.Verifier{Name: "goss", NameSet: true, Kind: config.VerifierGoss, RootPath: "/opt/verifier",
		Tool: config.ToolVerifier{Tests: []string{"nowhere.yaml"}}}
	require.Error(t, k.do("verify", i))
	require.Equal(t, []string{"verify failed"}, k.sink.phases()[3:])
}

func TestNoTests(t *testing.T) {
	k := newKitchen(t)
	i := chefInstance("bare")
	i.Verifier = config.Verifier{Name: "busser", Kind: config.VerifierBusser, RootPath: "/opt/verifier"}
	require.NoError(t, k.do("verify", i))
	require.Contains(t, k.sink.notices(), "no tests were found in test/integration/bare")
	k.change = func(o *Options) { o.RequireTests = true }
	err := k.do("verify", i)
	var failed *ActionError
	require.ErrorAs(t, err, &failed)
	require.ErrorContains(t, failed.Failures[0].Err,
		"no tests were found in test/integration/bare, and --require-tests is set")
}

// The image that brings a test tool is mounted beside the provisioner's; one image
// for both is mounted once, since an engine refuses to mount two at one place.
func TestVerifierImage(t *testing.T) {
	k := newKitchen(t)
	k.fake.AddImage(fake.ImageSpec{Ref: "docker.io/library/goss:latest",
		Files:  map[string]string{"/opt/goss/bin/goss": "#!/bin/sh\nexit 0\n"},
		Config: backend.Image{Volumes: []string{"/opt/goss"}}})
	for image, goss := range map[string]int{"goss": 0, "chef/chef:latest": 1, "": 1} {
		i := chefInstance("with-" + names.Digest(image))
		i.Verifier = config.Verifier{Name: "goss", NameSet: true, Kind: config.VerifierGoss, RootPath: "/opt/verifier",
			Tool: config.ToolVerifier{Image: image}}
		k.fake.ForgetCalls()
		require.NoError(t, k.do("create", i))
		for tool, want := range map[string]int{"/opt/chef": 0, "/opt/goss/bin/goss": goss} {
			code, err := k.fake.Exec(t.Context(), containerName(k.project, i.Name),
				backend.ExecSpec{Command: []string{"test", "-e", tool}})
			require.NoError(t, err)
			require.Equal(t, want, code, "%q: %s", image, tool)
		}
	}
}
