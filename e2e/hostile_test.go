//go:build linux

package e2e

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// hostileConverges is how often galley converges under attack: GALLEY_HOSTILE_CONVERGES.
func hostileConverges(t *testing.T) int {
	t.Helper()
	text, ok := os.LookupEnv("GALLEY_HOSTILE_CONVERGES")
	if !ok {
		return 5
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	require.Positive(t, n)
	return n
}

// hostileKitchen has a runner whose PID 1 attacks all that galley writes, changes, removes or reads there.
const hostileKitchen = `
driver:
  name: dokken
  pid_one_command: /hostile/%s %s /opt/kitchen /opt/verifier
  volumes: ['%s:/hostile:ro']
provisioner:
  name: shell
  command: 'true'
  data_path: data
  downloads: {/res: ./res, /res/sub: ./sub/}
verifier: {name: shell, remote_exec: true, command: 'true'}
platforms: [{name: busybox, driver: {image: busybox}}]
suites: [{name: default}]
`

// TestHostileRunner: while a runner swaps the parts of its sandboxes for links to a
// directory of the host, no converge, verify or destroy touches what is there.
func TestHostileRunner(t *testing.T) {
	programs := t.TempDir()
	require.NoError(t, os.Chmod(programs, 0o755))
	require.NoError(t, os.Chmod(filepath.Dir(programs), 0o755))
	build := exec.Command("go", "build", "-o", filepath.Join(programs, "exchange"), "./testdata/hostile/exchange")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	script, err := os.ReadFile("testdata/hostile/swap.sh")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(programs, "swap.sh"), script, 0o755))

	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		for _, program := range []string{"exchange", "swap.sh"} {
			t.Run(program, func(t *testing.T) { attacked(t, e, programs, program, ownUser) })
			switch {
			case os.Getuid() != 0: // who cannot be another user
			case e.Rootless:
				t.Run(program+" as root", func(t *testing.T) { attacked(t, e, programs, program, asRoot) })
			default:
				t.Run(program+" as a user", func(t *testing.T) { attacked(t, e, programs, program, asUser) })
			}
		}
	})
}

// user is who runs galley: the engine's own user, root on an engine of a user, or a user who may use the engine of
// root.
type user int

const (
	ownUser user = iota
	asRoot
	asUser
)

// attacked runs galley while a program attacks it.
func attacked(t *testing.T, e testbed.Engine, programs, program string, who user) {
	if who == asUser {
		st, err := os.Stat(strings.TrimPrefix(e.Host, "unix://"))
		require.NoError(t, err)
		if st.Mode()&0o006 != 0o006 {
			t.Skip("users may not use this engine")
		}
	}
	converges := hostileConverges(t)
	own := e.TempDir(t) // where the engine's user sees them
	tool := filepath.Join(own, program)
	data, err := os.ReadFile(filepath.Join(programs, program))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(tool, data, 0o755))
	if who == asRoot {
		e.Rootless = false // for the project: it and galley are root's
	}
	p := newProject(t, e, map[string]string{
		"canary/a": "canary", "canary/b": "canary", "canary/sub/a": "canary", "canary/data/a": "canary",
		"canary/hooks/README": "canary",
		".git/hooks/README":   "canary", "data/a": "0", "data/b": "1", "data/sub/a": "1",
		"test/integration/default/a":       "1",
		"test/integration/default/tests/x": "1",
	})
	canary := filepath.Join(p.dir, "canary")
	if who == asUser {
		p.user = testbed.UserID
		require.NoError(t, os.Chown(p.dir, p.user, p.user))
	}
	p.write("kitchen.yml", fmt.Sprintf(hostileKitchen, program, canary, own))
	require.NoError(t, os.Chmod(filepath.Join(canary, "a"), 0o600))
	before := seal(t, canary) + seal(t, filepath.Join(p.dir, ".git"))
	p.ok("create")

	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(converges)*20*time.Second+time.Minute)
	defer cancel()
	failed, memory := 0, int64(0)
	for i := range converges {
		p.change("data/a", strings.Repeat("x", i))
		p.change(fmt.Sprintf("data/sub/f%d", i%5), strconv.Itoa(i))
		require.NoError(t, os.RemoveAll(filepath.Join(p.dir, "data", "sub", fmt.Sprintf("f%d", (i+2)%5))))
		require.NoError(t, os.Chmod(filepath.Join(p.dir, "data", "b"), fs.FileMode(0o644+i%2*0o111)))
		verb := "converge"
		if i%5 == 4 {
			verb = "verify"
		}
		cmd := p.command(ctx, verb)
		out, err := cmd.CombinedOutput()
		require.NoError(t, ctx.Err(), "galley blocks")
		memory = max(memory, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss/1024)
		if err != nil {
			failed++
			t.Logf("%d: %s: %s", i, verb, lastLine(string(out)))
			if strings.Contains(string(out), "goroutine ") {
				t.Log(string(out))
			}
		}
		require.Equal(t, before, seal(t, canary)+seal(t, filepath.Join(p.dir, ".git")), "%s %d: %s", verb, i, out)
		for _, dir := range []string{"res", "sub"} {
			requireClosed(t, filepath.Join(p.dir, dir))
		}
	}
	p.ok("destroy")
	require.Equal(t, before, seal(t, canary)+seal(t, filepath.Join(p.dir, ".git")))
	require.Less(t, memory, int64(200), "MiB")
	st, err := os.Stat(p.dir)
	require.NoError(t, err)
	t.Logf("%s on %s as user %d: 0 of %d canaries touched in %d converges, of which %d were refused; at most %d MiB of memory",
		program, e.Name, st.Sys().(*syscall.Stat_t).Uid, strings.Count(before, "\n"), converges, failed, memory)
}

// change writes a file of the project, and touches nothing else of it.
func (p *project) change(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	require.NoError(p.t, os.WriteFile(path, []byte(text), 0o644))
	st, err := os.Stat(p.dir)
	require.NoError(p.t, err)
	owner := st.Sys().(*syscall.Stat_t)
	require.NoError(p.t, os.Lchown(path, int(owner.Uid), int(owner.Gid)))
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// seal is all that can be told of the files below a directory.
func seal(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		st, err := d.Info()
		require.NoError(t, err)
		text := ""
		if st.Mode().IsRegular() {
			data, err := os.ReadFile(p)
			require.NoError(t, err)
			text = string(data)
		}
		fmt.Fprintln(&b, p, st.Mode(), st.ModTime(), text)
		return nil
	}))
	return b.String()
}

// requireClosed: nothing below a directory leads out of it, or is more than a file.
func requireClosed(t *testing.T, dir string) {
	t.Helper()
	st, err := os.Lstat(dir)
	if os.IsNotExist(err) {
		return
	}
	require.NoError(t, err)
	require.Zero(t, st.Mode()&fs.ModeSymlink, dir)
	require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		st, err := d.Info()
		require.NoError(t, err)
		require.Zero(t, st.Mode()&(fs.ModeSetuid|fs.ModeNamedPipe|fs.ModeDevice), p)
		if real, err := filepath.EvalSymlinks(p); err == nil {
			require.True(t, real == dir || strings.HasPrefix(real, dir+"/"), "%s leads to %s", p, real)
		}
		return nil
	}))
}
