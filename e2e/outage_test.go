//go:build linux

package e2e

import (
	"cmp"
	"context"
	crand "crypto/rand"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// The environment variables of tests that try more, or harm the engine.
const (
	// killsVar is how often TestKilledAtRandom kills galley.
	killsVar = "GALLEY_TEST_KILLS"
	// seedVar repeats a run of it.
	seedVar = "GALLEY_TEST_SEED"
	// repeatsVar is how often TestRepeated tests.
	repeatsVar = "GALLEY_TEST_REPEATS"
	// outagesVar allows TestOutages to stop engines and to remove what is on them. They are in a directory of their
	// own.
	outagesVar = "GALLEY_TEST_OUTAGES"
)

// numberOf is what an environment variable says, or usual.
func numberOf(t *testing.T, variable, usual string) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(variable), usual))
	require.NoError(t, err, variable)
	return n
}

var fourSuites = []string{"one", "two", "three", "four"}

// requireTruth wants galley list to say of each instance what the engine says, once that is done with what a galley
// that is no more has asked for.
func (p *project) requireTruth(what string) {
	p.t.Helper()
	var listed, states map[string]string
	require.Eventually(p.t, func() bool {
		listed, states = map[string]string{}, map[string]string{}
		for _, c := range p.runners() {
			states[c.Labels[label.Instance]] = string(c.State)
		}
		for name, row := range p.list() {
			if row.Runner != "" {
				listed[name] = row.Runner
			} else {
				require.Nil(p.t, row.LastAction, "%s: %s", what, name)
			}
		}
		return maps.Equal(states, listed)
	}, time.Minute, 200*time.Millisecond, what)
	require.Equal(p.t, states, listed, what)
}

// things are the names of all that an engine has, so that what a test left can be told.
func things(t *testing.T, e testbed.Engine) []string {
	t.Helper()
	be := connect(t, e)
	var names []string
	containers, err := be.ListContainers(t.Context(), nil)
	require.NoError(t, err)
	for _, c := range containers {
		names = append(names, "container "+c.Name)
	}
	images, err := be.ListImages(t.Context(), nil)
	require.NoError(t, err)
	for _, i := range images {
		names = append(names, "image "+i.ID)
	}
	networks, err := be.ListNetworks(t.Context(), nil)
	require.NoError(t, err)
	for _, n := range networks {
		names = append(names, "network "+n.Name)
	}
	for _, v := range e.Volumes(t) {
		names = append(names, "volume "+v)
	}
	slices.Sort(names)
	return names
}

// A galley that is killed at any moment is taken up: the list tells the truth, the next command is green, and destroy
// leaves nothing.
func TestKilledAtRandom(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "tool")
		kills := numberOf(t, killsVar, "1")
		seed := numberOf(t, seedVar, strconv.FormatInt(time.Now().UnixNano()%1e9, 10))
		t.Logf("%s=%d %s=%d", seedVar, seed, killsVar, kills)
		random := rand.New(rand.NewPCG(uint64(seed), 0))
		p := newProject(t, e, killFiles(fourSuites...))
		p.ok("test", "-c", "4")
		before := e.UnusedVolumes(t)
		begun := time.Now()
		p.ok("test", "-c", "4")
		whole := time.Since(begun)
		killed := 0
		for n := range kills {
			after := time.Duration(random.Int64N(int64(whole)))
			what := fmt.Sprintf("killed after %s of %s", after, whole)
			cmd := p.command(t.Context(), "test", "-c", "4")
			require.NoError(t, cmd.Start())
			kill := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
			if cmd.Wait() != nil { // else it was done by then
				killed++
			}
			kill.Stop()
			p.requireTruth(what)
			r := p.galley([]string{"test", "verify"}[n%2], "-c", "4")
			require.Zero(t, r.code, "%s: %s", what, r)
			p.ok("destroy", "-c", "4")
			require.Empty(t, p.runners(), what)
		}
		p.requireNothingLeft(before)
		t.Logf("%s: %d kills, %d recovered", e.Name, killed, killed)
	})
}

// Four instances side by side never fail of themselves.
func TestRepeated(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "tool")
		p := newProject(t, e, killFiles(fourSuites...))
		repeats := numberOf(t, repeatsVar, "2")
		for n := range repeats {
			r := p.galley("test", "-c", "4")
			require.Zero(t, r.code, "run %d of %d: %s", n+1, repeats, r)
		}
		require.Empty(t, p.runners())
		t.Logf("%s: %d runs of 4 instances, 0 failures", e.Name, repeats)
	})
}

// requireOwnEngines skips a test that harms engines unless it may.
func requireOwnEngines(t *testing.T) {
	t.Helper()
	if os.Getenv(outagesVar) == "" {
		t.Skipf("it stops engines: set %s, and ENGINES_DIR to a directory for engines of its own", outagesVar)
	}
	require.NotEmpty(t, os.Getenv("ENGINES_DIR"), "engines that no other test uses")
}

// outage is something that befalls a run of four instances while one of them is at work in its runner.
type outage struct {
	// engine prepares the engine; it may be nil.
	engine func(*testing.T, testbed.Engine)
	// strike makes it, and mend undoes it; mend may be nil.
	strike, mend func(t *testing.T, p *project)
	// harmless means that the run may be green all the same.
	harmless bool
}

// Whatever happens to the engine and to what is on it in the middle of a run: the run ends, the list tells the truth,
// the next test is green, and destroy and prune leave the engine as it was before.
func TestOutages(t *testing.T) {
	requireOwnEngines(t)
	remove := func(kind, role string) func(*testing.T, *project) {
		return func(t *testing.T, p *project) {
			list := p.engine.Exec(t, p.engine.Kind, kind, "ls", "-q", "--filter", "label="+label.Role+"="+role)
			for _, id := range strings.Fields(list) {
				args := []string{p.engine.Kind, kind, "rm", "-f", id}
				if kind == "container" {
					args = []string{p.engine.Kind, kind, "rm", "-f", "-v", id}
				}
				_ = p.engine.Command(t.Context(), args...).Run() // what is in use may stay, as with Docker's networks
			}
		}
	}
	socket := func(from, to string) func(*testing.T, *project) {
		return func(t *testing.T, p *project) {
			path := strings.TrimPrefix(p.engine.Host, "unix://")
			require.NoError(t, os.Rename(path+from, path+to))
		}
	}
	for name, o := range map[string]outage{
		"engine restarted":         {strike: func(t *testing.T, p *project) { p.engine.Restart(t, func(string) {}) }},
		"engine's disk full":       {engine: onSmallDisk, strike: fillEngine, mend: emptyEngine, harmless: true},
		"socket removed":           {strike: socket("", ".away"), mend: socket(".away", "")},
		"runners removed":          {strike: remove("container", label.RoleRunner)},
		"tool container removed":   {strike: remove("container", label.RoleTool), harmless: true},
		"network removed":          {strike: remove("network", label.RoleNetwork), harmless: true},
		"state directory full":     {strike: fill(".kitchen"), mend: empty(".kitchen")},
		"temporary directory full": {strike: fill(".tmp"), mend: empty(".tmp"), harmless: true},
	} {
		t.Run(name, func(t *testing.T) {
			testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) { o.befalls(t, e) })
		})
	}
}

// smallDisk mounts a file system of few megabytes on a directory of the project.
func smallDisk(t *testing.T, p *project, name string) {
	t.Helper()
	p.write(filepath.Join(name, "x"), "")
	dir := filepath.Join(p.dir, name)
	st, err := os.Stat(p.dir)
	require.NoError(t, err)
	owner := st.Sys().(*syscall.Stat_t)
	require.NoError(t, syscall.Mount("galley", dir, "tmpfs", 0, fmt.Sprintf("size=4m,mode=700,uid=%d,gid=%d", owner.Uid,
		owner.Gid)))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
}

// onSmallDisk has an engine keep a copy of all that it has on a file system of its own, until the test ends.
func onSmallDisk(t *testing.T, e testbed.Engine) {
	e.Restart(t, func(data string) {
		old := data + ".old"
		require.NoError(t, os.Rename(data, old))
		require.NoError(t, os.Mkdir(data, 0o755))
		require.NoError(t, syscall.Mount("galley", data, "tmpfs", 0, "size=200m"))
		out, err := exec.Command("cp", "-a", old+"/.", data).CombinedOutput()
		require.NoError(t, err, "%s", out)
	})
	t.Cleanup(func() {
		e.Restart(t, func(data string) {
			require.NoError(t, syscall.Unmount(data, syscall.MNT_DETACH))
			require.NoError(t, os.Remove(data))
			require.NoError(t, os.Rename(data+".old", data))
		})
	})
}

func fillEngine(t *testing.T, p *project) {
	f, err := os.Create(filepath.Join(p.engine.Data(), "fill"))
	require.NoError(t, err)
	for err == nil {
		_, err = f.Write(make([]byte, 1<<16))
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, f.Close())
}

func emptyEngine(t *testing.T, p *project) {
	require.NoError(t, os.Remove(filepath.Join(p.engine.Data(), "fill")))
}

// fill fills a small disk, and empty makes room again.
func fill(name string) func(*testing.T, *project) {
	return func(t *testing.T, p *project) {
		err := os.WriteFile(filepath.Join(p.dir, name, "fill"), make([]byte, 8<<20), 0o600)
		require.ErrorIs(t, err, syscall.ENOSPC)
	}
}

func empty(name string) func(*testing.T, *project) {
	return func(t *testing.T, p *project) {
		require.NoError(t, os.Remove(filepath.Join(p.dir, name, "fill")))
	}
}

// An engine that has no network to give says so, and is as good as ever when it has one again.
func TestNetworksUsedUp(t *testing.T) {
	requireOwnEngines(t)
	testbed.RunOn(t, testbed.Docker, func(t *testing.T, e testbed.Engine) { // Podman has more than can be made
		e.Load(t, "busybox", "tool")
		p := newProject(t, e, killFiles(fourSuites...))
		p.ok("prune", "--all")
		clean := things(t, e)
		made := strings.Fields(e.Exec(t, "sh", "-c", "n=0; while docker network create used-$n; do n=$((n + 1)); done 2>&1 | grep -v ' '"))
		require.NotEmpty(t, made)
		r := p.galley("test", "-c", "4")
		require.Equal(t, 20, r.code, r)
		t.Logf("with %d networks: %s", len(made), r)
		p.requireTruth("without networks")
		e.Exec(t, append([]string{"docker", "network", "rm"}, made...)...)
		p.ok("test", "-c", "4")
		p.ok("prune", "--all")
		require.Equal(t, clean, things(t, e))
	})
}

func (o outage) befalls(t *testing.T, e testbed.Engine) {
	e.Load(t, "busybox", "tool")
	files := killFiles(fourSuites...)
	p := newProject(t, e, files)
	for _, name := range []string{".kitchen", ".tmp"} {
		smallDisk(t, p, name)
	}
	p.env = append(p.env, "TMPDIR="+filepath.Join(p.dir, ".tmp"))
	if o.engine != nil {
		o.engine(t, e)
	}
	p.ok("prune", "--all")
	clean := things(t, e)
	p.write("kitchen.yml", strings.Replace(files["kitchen.yml"], "lifecycle:\n",
		"lifecycle:\n  post_converge: [{remote: sleep 5}]\n", 1))
	struck := false
	code, said := p.watched(func(e event, _ *os.Process) {
		if !struck && e.Type == "step_started" && e.Step == "post_converge" {
			struck = true
			o.strike(t, p)
		}
	})
	require.True(t, struck, said)
	if o.mend != nil {
		o.mend(t, p)
	}
	t.Logf("exit code %d: %s", code, lastLine(said))
	if !o.harmless {
		require.NotZero(t, code, said)
	}
	p.write("kitchen.yml", files["kitchen.yml"])
	p.requireTruth("after it")
	p.ok("test", "-c", "4")
	p.ok("destroy")
	p.ok("prune", "--all")
	require.Equal(t, clean, things(t, e))
}

// soakVar is how many instances TestSoak tests.
const soakVar = "GALLEY_TEST_SOAK"

// Many instances, eight side by side, leave nothing on the engine and no temporary file: no container, volume or
// network, no monitor of Podman's, and no file that the engine has open.
func TestSoak(t *testing.T) {
	requireOwnEngines(t)
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "tool")
		count := numberOf(t, soakVar, "60")
		var suites []string
		for n := range count {
			suites = append(suites, fmt.Sprintf("s%d", n))
		}
		p := newProject(t, e, killFiles(suites...))
		p.write(".tmp/x", "")
		p.env = append(p.env, "TMPDIR="+filepath.Join(p.dir, ".tmp"))
		p.ok("test", "-c", "8", "s[0-7]-") // what is made once is there
		daemon := map[string]string{testbed.Docker: "dockerd", testbed.Podman: "podman"}[e.Kind]
		used := func() (monitors, files int) { // a monitor whose galley was killed may stay a zombie of Podman's
			out := e.Exec(t, "sh", "-c", "pgrep -c -r D,R,S '^conmon$'; ls /proc/$(pidof -s "+daemon+")/fd | wc -l")
			_, err := fmt.Sscan(out, &monitors, &files)
			require.NoError(t, err, out)
			return monitors, files
		}
		clean := things(t, e)
		_, before := used()
		begun := time.Now()
		p.ok("test", "-c", "8")
		took := time.Since(begun).Round(time.Second)
		require.Equal(t, clean, things(t, e))
		var monitors, files int
		require.Eventually(t, func() bool {
			monitors, files = used()
			return monitors == 0 && files <= before+8 // some are idle connections
		}, 10*time.Minute, 5*time.Second) // Podman keeps the monitor of a command for five minutes
		left, err := os.ReadDir(filepath.Join(p.dir, ".tmp"))
		require.NoError(t, err)
		require.Len(t, left, 1)
		t.Logf("%s: %d instances in %s; then %d monitors, %d open files of the engine (%d before)", e.Name, count, took,
			monitors, files, before)
	})
}

// Prune takes nothing that is not galley's, and nothing of a project whose runners are there.
func TestPruneSparesOthers(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		busybox := e.Load(t, "busybox", "tool")[0]
		other := newProject(t, e, killFiles("one"))
		p := newProject(t, e, killFiles("one"))
		other.ok("converge")
		live := other.runners()
		name := "foreign-" + strings.ToLower(crand.Text())
		engine := func(args ...string) { e.Exec(t, append([]string{e.Kind}, args...)...) }
		engine("volume", "create", name)
		engine("network", "create", name)
		engine("tag", busybox.Tag, "localhost/"+name)
		engine("create", "--name", name, "-v", name+":/data", busybox.Tag, "true")
		t.Cleanup(func() {
			for _, remove := range [][]string{{"rm", "-f", name}, {"volume", "rm", name}, {"network", "rm", name},
				{"rmi", "localhost/" + name}} {
				out, err := e.Command(context.Background(), append([]string{e.Kind}, remove...)...).CombinedOutput()
				require.NoError(t, err, "%s", out)
			}
		})
		p.ok("prune")
		p.ok("prune", "--orphans")
		for _, kind := range []string{"container", "volume", "network", "image"} {
			ref := name
			if kind == "image" {
				ref = "localhost/" + name
			}
			engine(kind, "inspect", ref)
		}
		require.Equal(t, live[0].ID, other.runners()[0].ID)
		other.ok("verify")
	})
}
