//go:build !windows

package external

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// idle is a runner in which nothing is done.
type idle struct{ runner.Runner }

func (idle) Sync(context.Context) error { return nil }

// answers are what a well-behaved provider says before it runs.
const answers = `
caps='{"protocol_version":"1.0","commands":["validate","run"],"supported_transports":["ssh","docker_exec"]}'
valid='{"protocol_version":"1.0","status":"ok","warnings":[{"code":"x","message":"old key"}]}'
event() { echo "{\"protocol_version\":\"1.0\",$1}"; }
`

// operations are the rest of a provider whose run is a script.
func operations(run string) string {
	return answers + "case $1 in capabilities) echo \"$caps\";; validate) cat > validate.json; echo \"$valid\";; run) cat > run.json\n" +
		run + "\n;; esac\n"
}

// provider is an instance with a script of its project as its provider.
func provider(t *testing.T, script string) (External, runner.Run) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kitchen-provider-fake"), []byte("#!/bin/sh\n"+script), 0o755))
	i := config.Instance{Name: "default-p", Suite: "default", Platform: "p", OSType: "unix", ShellType: "bourne",
		Driver: config.Driver{Name: "dokken", Image: "busybox"}, Verifier: config.Verifier{Name: "shell"},
		Provisioner: config.Provisioner{Name: "external", Kind: config.ProvisionerExternal}}
	i.Provisioner.Shell.Command = "./kitchen-provider-fake"
	i.Provisioner.External = config.ExternalProvisioner{PassEnv: []string{"TOKEN", "UNSET"},
		Config: config.Hash{{Key: "channel", Value: "stable"}, {Key: "list", Value: []any{int64(1)}}}}
	o := converge.Options{Project: project.Project{Root: dir, Environ: append(os.Environ(), "TOKEN=hunter2hunter2")},
		Version: "9.9"}
	r := runner.Run{Runner: idle{}, Sandbox: sandbox.Dir{Local: filepath.Join(t.TempDir(), "kitchen")},
		Target: runner.Target{ContainerID: "c0ffee", Engine: "podman",
			ClientEnv: map[string]string{"DOCKER_HOST": "unix:///x"}}}
	return External{converge.Base{Options: o, Instance: i}}, r
}

func (e External) converges(t *testing.T, r runner.Run) (converge.Summary, string, error) {
	t.Helper()
	var out, errOut bytes.Buffer
	r.Out = runner.Output{Stdout: &out, Stderr: &errOut}
	s, err := e.Converge(t.Context(), r)
	return s, out.String() + errOut.String(), err
}

func TestProtocol(t *testing.T) {
	e, r := provider(t, operations(`
event '"type":"log","level":"info","message":"token '$TOKEN' at '$DOCKER_HOST'"'
event '"type":"log","level":"debug","message":"not shown"'
event '"type":"log","level":"warn","message":"careful"'
echo
event '"type":"progress","stage":"converge","message":"halfway"'
echo "a diagnosis $TOKEN" >&2
event '"type":"result","status":"passed","message":"all well","state":{"provider":{"n":1}}'`))
	s, out, err := e.converges(t, r)
	require.NoError(t, err)
	require.Equal(t, "all well", s.Text)
	require.Contains(t, out, "warn: old key\n")
	require.Contains(t, out, "token ******** at unix:///x\nwarn: careful\n[converge] halfway\n")
	require.Contains(t, out, "a diagnosis ********\n")
	require.NotContains(t, out, "not shown")

	var got map[string]any
	read := func(name string) {
		data, err := os.ReadFile(filepath.Join(e.Root, name))
		require.NoError(t, err)
		got = nil
		require.NoError(t, json.Unmarshal(data, &got))
		require.NotContains(t, string(data), "hunter2")
	}
	read("run.json")
	part := func(key string) any { return got["components"].(map[string]any)[key] }
	require.Equal(t, "run", got["operation"])
	require.Equal(t, map[string]any{"name": "docker_exec", "type": "docker_exec",
		"target": map[string]any{"kind": "container", "container_id": "c0ffee", "image": "busybox", "platform": "p"},
		"config": map[string]any{"executable": "podman", "shell": "/bin/sh", "user": nil}}, part("transport"))
	require.Equal(t, map[string]any{"name": "external", "provider": "fake", "command": "./kitchen-provider-fake",
		"config": map[string]any{"channel": "stable", "list": []any{1.0}}}, part("provisioner"))
	require.Equal(t, map[string]any{"passed": []any{"TOKEN"}, "user_allowed": []any{"TOKEN", "UNSET"},
		"kitchen_reserved": []any{}}, got["environment"])
	require.Equal(t, map[string]any{"provider": map[string]any{}}, got["state"])

	// What it left is told it again, in the same runner alone.
	_, _, err = e.converges(t, r)
	require.NoError(t, err)
	read("validate.json")
	require.Equal(t, "validate", got["operation"])
	require.Equal(t, map[string]any{"provider": map[string]any{"n": 1.0}}, got["state"])
	r.Target = runner.Target{ContainerID: "another"}
	_, _, err = e.converges(t, r)
	require.NoError(t, err)
	read("validate.json")
	require.Equal(t, map[string]any{"provider": map[string]any{}}, got["state"])
}

// Each provider that breaks the protocol, or fails, says so in an error.
func TestBrokenProviders(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"old":          {`echo '{"protocol_version":"2.0"}'`, `capabilities: it speaks version "2.0" of the protocol, and galley 1.0`},
		"no command":   {`echo '{"protocol_version":"1.0","commands":["run"]}'`, "it has no command validate"},
		"ssh alone":    {`echo '{"protocol_version":"1.0","commands":["run","validate"],"supported_transports":["ssh"]}'`, "reaches machines by ssh"},
		"no JSON":      {`echo hello`, "capabilities: its answer is not as the protocol has it"},
		"nothing":      {``, "capabilities: its answer is not as the protocol has it"},
		"endless":      {`exec cat /dev/zero`, "no answer is that long"},
		"exits":        {`exit 64`, "capabilities: it exited with code 64"},
		"refuses":      {strings.Replace(operations(""), `"status":"ok"`, `"status":"error","errors":[{"message":"no such $TOKEN channel"}]`, 1), "validate: no such"},
		"says nothing": {strings.Replace(operations(""), `"status":"ok"`, `"status":"error"`, 1), "does not say why"},
		"bad event":    {operations("echo '{not-json'"), "run: "},
		"bad type":     {operations(`event '"type":"what"'`), `there is no type "what"`},
		"bad level":    {operations(`event '"type":"log","level":"loud"'`), `a log has no level "loud"`},
		"bad status":   {operations(`event '"type":"result","status":"ok"'`), `a result has no status "ok"`},
		"bad version":  {operations(`echo; echo '{"type":"log"}'`), "line 2 of what it printed"},
		"two results":  {operations(`event '"type":"result","status":"passed"'; event '"type":"result","status":"passed"'`), "a result already"},
		"no result":    {operations(`event '"type":"log","level":"info","message":"x"'`), "run: it ended without a result"},
		"endless line": {operations(`exec cat /dev/zero`), "it is too long"},
		"explodes":     {operations(`exit 17`), "the provider fake exited with code 17"},
		"fails": {operations(`event '"type":"result","status":"failed","message":"policy '$TOKEN'"'`),
			"the provider fake, run: policy ********"},
		"fails mutely": {operations(`event '"type":"result","status":"failed"'`), "did not say which"},
		"much state": {operations(`event '"type":"result","status":"passed","state":{"provider":"'$(printf %066000d 0)'"}'`),
			"it is too long"},
	} {
		t.Run(name, func(t *testing.T) {
			e, r := provider(t, c.script)
			_, _, err := e.converges(t, r)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	e, r := provider(t, "")
	e.Provisioner.Shell.Command = ""
	require.ErrorContains(t, e.Prepare(t.Context(), r.Sandbox), "Write its command in provisioner.command")
	e.Provisioner.External.Config = config.Hash{{Key: "limit", Value: math.Inf(1)}}
	err := e.Prepare(t.Context(), r.Sandbox)
	require.ErrorContains(t, err, "provisioner.limit, ")
	require.ErrorContains(t, err, "write a number or a text")
	e, r = provider(t, "")
	e.Provisioner.Shell.Command = "no-such-provider --x"
	_, _, err = e.converges(t, r)
	require.ErrorContains(t, err, "no-such-provider")
}

// A provider that hangs ends with the run, with all that it started.
func TestHangingProvider(t *testing.T) {
	e, r := provider(t, operations("touch hangs; sleep 1000 & wait"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error)
	go func() {
		r.Out = runner.Output{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}}
		_, err := e.Converge(ctx, r)
		done <- err
	}()
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(e.Root, "hangs"))
		return err == nil
	}, time.Minute, 5*time.Millisecond)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}

func FuzzEvents(f *testing.F) {
	f.Add(`{"protocol_version":"1.0","type":"log","level":"info","message":"x"}` + "\n\n" + `{"type":3}`)
	f.Fuzz(func(_ *testing.T, text string) {
		e := &events{show: func(string) {}, fail: func(error) {}, debug: true}
		w := e.writer()
		if _, err := w.Write([]byte(text)); err == nil {
			_ = w.Flush()
		}
	})
}
