//go:build linux

package e2e

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/e2e/testbed"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// killKitchen is for instances whose tests pass only in a runner in which the hooks of
// create were run and the recipe was converged.
const killKitchen = `
driver: {name: dokken, chef_image: chef/chef, chef_version: latest}
provisioner: {name: dokken}
verifier:
  name: shell
  remote_exec: true
  command: test "$(cat /converged)" = "$(cat /hooked)"
platforms:
  - name: busybox
    driver: {image: busybox}
lifecycle:
  pre_create: test -d .
  post_create:
    - remote: printf yes > /hooked
suites:
`

func killFiles(suites ...string) map[string]string {
	kitchen := killKitchen
	for _, name := range suites {
		kitchen += "  - {name: " + name + ", run_list: ['recipe[app]']}\n"
	}
	return map[string]string{
		"kitchen.yml":                      kitchen,
		"cookbooks/app/metadata.rb":        "name 'app'\n",
		"cookbooks/app/recipes/default.rb": "file '/converged' do\n  content 'yes'\nend\n",
	}
}

// event is what a test reads of the stream of events.
type event struct {
	Type, Instance, Phase, Step string
}

func (e event) String() string { return e.Type + " " + e.Phase + " " + e.Step }

// watched runs `galley test` on all instances side by side, and calls seen with each event of one of them. code is
// negative when a signal ended it, and said is what it printed on stderr.
func (p *project) watched(seen func(event, *os.Process)) (code int, said string) {
	p.t.Helper()
	cmd := p.command(p.t.Context(), "test", "-c", "4", "--report", "ndjson=-")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	require.NoError(p.t, err)
	require.NoError(p.t, cmd.Start())
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		require.NoError(p.t, json.Unmarshal(lines.Bytes(), &e), "%s", lines.Text())
		if strings.HasPrefix(e.Instance, "three-busybox") { // or a node of it
			seen(e, cmd.Process)
		}
	}
	require.NoError(p.t, lines.Err())
	_ = cmd.Wait() // how it ended is what is returned
	return cmd.ProcessState.ExitCode(), stderr.String()
}

// events is watched for a run that is killed when seen returns false, and green otherwise.
func events(t *testing.T, p *project, seen func(event) bool) (killed bool) {
	t.Helper()
	code, said := p.watched(func(e event, galley *os.Process) {
		if !killed && !seen(e) {
			killed = true
			require.NoError(t, galley.Kill())
		}
	})
	if !killed {
		require.Zero(t, code, said)
	}
	return killed
}

// killEach is the environment variable with which each kill of TestKilledAtEveryStep, at the beginning and at the end
// of each step, is followed by a test of its own, as in
//
//	GALLEY_TEST_KILL_EACH=1 GALLEY_TEST_ENGINES=docker26 go test ./e2e -run TestKilledAtEveryStep -timeout 2h
//
// Without it, four kills share what comes after them.
const killEach = "GALLEY_TEST_KILL_EACH"

// A galley that is killed at any step of any phase is taken up by the next one, which is
// green, and destroy leaves nothing.
func TestKilledAtEveryStep(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "tool")
		four := []string{"one", "two", "three", "four"}
		t.Run("local", func(t *testing.T) { killAtEveryStep(t, newProject(t, e, killFiles(four...))) })
		t.Run("remote", func(t *testing.T) {
			p := newFarProject(t, e, killFiles(four...))
			defer p.galley("destroy", "-c") // a Cleanup is too late: the project is gone then
			killAtEveryStep(t, p.project)
		})
	})
}

func killAtEveryStep(t *testing.T, p *project) {
	t.Helper()
	var steps []event
	require.False(t, events(t, p, func(e event) bool {
		if strings.HasPrefix(e.Type, "step_") && !slices.Contains(steps, e) {
			steps = append(steps, e)
		}
		return true
	}))
	for _, step := range []string{"pre_create", "container", "start", "post_create", "prepare", "run", "remove",
		"clean"} {
		require.True(t, slices.ContainsFunc(steps, func(e event) bool { return e.Step == step }), "%s in %v", step,
			steps)
	}
	require.Empty(t, p.runners())
	before := p.engine.UnusedVolumes(p.t)
	killed, share := 0, 4
	if os.Getenv(killEach) != "" {
		share = 1
	}
	// A galley that was killed is taken up by the next one, which is killed at the next step, or by one that may end.
	// So a kill is found by what was killed before it, too.
	for _, step := range steps {
		if share > 1 && step.Type == "step_finished" && step.Step != "container" && step.Step != "start" {
			continue // the next one begins at once
		}
		if !events(t, p, func(e event) bool { return e != step }) {
			t.Logf("%s did not come again: what is taken for granted is not looked for", step)
			continue
		}
		killed++
		if killed%share == 0 {
			next := []string{"test", "verify"}[killed/share%2]
			if share == 1 {
				next = "test"
			}
			r := p.galley(next, "-c", "4")
			require.Zero(t, r.code, "killed at %s, next %s: %s", step, next, r)
			p.ok("destroy", "-c", "4")
			require.Empty(t, p.runners(), step)
		}
	}
	p.ok("test", "-c", "4")
	p.requireNothingLeft(before)
	t.Logf("killed at %d steps, %d of them with a test of their own", killed, killed/share)
	require.GreaterOrEqual(t, killed, 10)
}

// A galley that is killed when the engine has done what a call asks for, and before galley gets to know, as between a
// tool's layer and the container, is taken up by the next one too.
func TestKilledAtEveryCall(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "tool")
		logging, log := e.LogRequests(t)
		p := newProject(t, logging, killFiles("one"))
		p.ok("test")
		p.ok("test") // what is done once for a tool and a platform is done with the second runner
		before := p.engine.UnusedVolumes(p.t)
		calls := log.During(func() { p.ok("test") })
		for n, call := range calls {
			p.killedAtAnswer(log, n+1)
			r := p.galley("test")
			require.Zero(t, r.code, "killed after %s: %s", call, r)
			require.Empty(t, p.runners(), call)
		}
		p.requireNothingLeft(before)
		t.Logf("killed at %d calls:\n%s", len(calls), strings.Join(calls, "\n"))
	})
}

// killedAtAnswer runs `galley test` and kills it when the engine has answered n calls, before it sees the last answer.
func (p *project) killedAtAnswer(log *testbed.RequestLog, n int) {
	p.t.Helper()
	cmd := p.command(p.t.Context(), "test")
	ended := make(chan struct{})
	var answers atomic.Int32
	log.OnAnswer(func(string) bool {
		last := int(answers.Add(1)) == n
		if last {
			_ = cmd.Process.Kill() // how it ended is asked for below
			<-ended
		}
		return !last
	})
	defer log.OnAnswer(nil)
	require.NoError(p.t, cmd.Start())
	err := cmd.Wait()
	close(ended)
	var exit *exec.ExitError
	require.ErrorAs(p.t, err, &exit, "it ended before call %d was answered", n)
	require.Equal(p.t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal())
}

// twinRoundsVar is how often each of two projects at one path is tested.
const twinRoundsVar = "GALLEY_TEST_TWIN_ROUNDS"

// twinRounds is what twinRoundsVar says, or 12.
func twinRounds(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(twinRoundsVar), "12"))
	require.NoError(t, err, twinRoundsVar)
	return n
}

// Two projects at one path, as two containers or CI jobs have them, share an engine.
func TestTwoProjectsAtOnePath(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		if os.Getuid() != 0 {
			t.Skip("only root can mount one directory over another")
		}
		e.Load(t, "busybox")
		dir := e.TempDir(t)
		var projects []*project
		for _, word := range []string{"one", "two"} {
			kitchen := strings.Replace(shellKitchen("test ! -e /word && echo "+word+" > /word",
				`test "$(cat /word)" = `+word),
				"verifier:\n  name: shell\n", "verifier:\n  name: shell\n  remote_exec: true\n", 1)
			real := newProject(t, e, map[string]string{"kitchen.yml": kitchen})
			projects = append(projects, real.mountedAt(dir))
		}
		rounds := twinRounds(t)
		var wg sync.WaitGroup
		failed := make(chan string, 2*rounds)
		for _, p := range projects {
			wg.Go(func() {
				for range rounds {
					if r := p.galley("test"); r.code != 0 {
						failed <- r.String()
					}
				}
			})
		}
		wg.Wait()
		close(failed)
		for text := range failed {
			t.Error(text)
		}
		for _, p := range projects {
			p.ok("converge")
		}
		list, err := projects[0].backend().ListContainers(t.Context(),
			backend.Labels{label.ProjectDir: dir, label.Role: label.RoleRunner})
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.NotEqual(t, list[0].Name, list[1].Name)
		projects[0].ok("destroy")
		require.Equal(t, "running", projects[1].list()["default-busybox"].Runner)
		require.NotContains(t, projects[0].ok("list").String(), list[0].Name)
		projects[1].ok("destroy")
	})
}

// mountedAt is the project as it is seen by who has it at another path.
func (p *project) mountedAt(dir string) *project {
	p.t.Helper()
	there := *p
	user := ""
	if p.asOther() {
		st, err := os.Stat(p.dir)
		require.NoError(p.t, err)
		owner := st.Sys().(*syscall.Stat_t)
		user = fmt.Sprintf("setpriv --reuid %d --regid %d --clear-groups", owner.Uid, owner.Gid)
	}
	_, err := exec.LookPath("unshare")
	require.NoError(p.t, err)
	there.env = append(slices.Clone(p.env), "HOME="+filepath.Join(dir, ".home"))
	there.enter = []string{"unshare", "--mount", "sh", "-c",
		`mount --bind "$0" "$1" && cd "$1" && shift && exec ` + user + ` "$@"`, p.dir, dir}
	return &there
}
