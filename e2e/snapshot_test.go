//go:build linux

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/e2e/testbed"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// snapshotKitchen has an instance that counts its converges, and whose image has a volume in which converge writes.
func snapshotKitchen(driver string) string {
	return `
driver:
  name: dokken
  ` + driver + `
provisioner:
  name: shell
  command: 'echo once >> /etc/converges; if [ -d /srv/data ]; then rm -f /srv/data/seed; echo kept > /srv/data/file; chown 7:8 /srv/data/file; fi'
verifier:
  name: shell
  remote_exec: true
  command: '[ "$(cat /etc/converges)" = once ]'
platforms:
  - name: p
    driver: {image: busybox}
suites:
  - name: default
  - name: Odd Ä
`
}

// withVolume has the platform's image declare a volume with a file in it.
const withVolume = `intermediate_instructions: ["RUN mkdir -p /srv/data && touch /srv/data/seed", "VOLUME /srv/data"]`

// snapshotImages are the images of the project's snapshots on the engine.
func (p *project) snapshotImages() []backend.Image {
	p.t.Helper()
	dir, err := filepath.EvalSymlinks(p.dir)
	require.NoError(p.t, err)
	list, err := p.backend().ListImages(p.t.Context(),
		backend.Labels{label.Role: label.RoleSnapshot, label.ProjectDir: dir})
	require.NoError(p.t, err)
	return list
}

// What was saved is there again, converged, whatever became of the runner; what is not kept is said.
func TestSnapshots(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": snapshotKitchen(withVolume)})
		t.Cleanup(func() { p.galley("snapshot", "rm", "--all") })
		r := p.galley("snapshot", "save", "default")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "Run `galley create default-p` first")
		p.ok("converge", "default")
		was := p.runners()[0].ID

		saved := p.ok("snapshot", "save", "default", `an odd "näme"/..`)
		require.Contains(t, saved.String(), "not in the snapshot: the volumes at /srv/data")
		require.Contains(t, p.ok("snapshot", "save", "default", "full", "--volumes").String(), "kept the volume at /srv/data")
		require.Equal(t, was, p.runners()[0].ID, "it goes on")
		r = p.galley("snapshot", "save", "default", "full")
		require.Contains(t, r.String(), "--replace")
		p.ok("snapshot", "save", "default", "full", "--volumes", "--replace")
		require.Len(t, p.snapshotImages(), 2)

		p.ok("destroy")
		require.Empty(t, p.runners())
		var rows []struct {
			Name, State string
			LastAction  string `json:"last_action"`
			Volumes     []struct{ Path string }
		}
		require.NoError(t, json.Unmarshal([]byte(p.ok("snapshot", "list", "--json").stdout), &rows))
		require.Len(t, rows, 2)
		require.Equal(t, "warm", rows[0].State)
		require.Contains(t, p.ok("__complete", "snapshot", "restore", "").stdout, "default-p\n")
		require.Contains(t, p.ok("__complete", "snapshot", "rm", "default-p", "f").stdout, "full\n")
		require.Equal(t, "converge", rows[1].LastAction)
		require.Equal(t, "/srv/data", rows[1].Volumes[0].Path)

		for _, name := range []string{"full", `an odd "näme"/..`} {
			p.ok("snapshot", "restore", "default", name)
			r := p.ok("verify", "default")
			require.NotContains(t, r.String(), "Converging")
			require.NotContains(t, r.String(), "recreating")
			restored := p.runners()[0].ID
			p.ok("create", "default")
			require.Equal(t, restored, p.runners()[0].ID, "create keeps it")
			volume := p.ok("exec", "default", "--", "sh", "-c", "stat -c '%n %u:%g' /srv/data/*").stdout
			require.Equal(t, map[bool]string{true: "/srv/data/file 7:8\n", false: "/srv/data/seed 0:0\n"}[name == "full"], volume)
		}
		// kitchen.yml has changed since.
		p.write("kitchen.yml", snapshotKitchen(withVolume+"\n  env: {A: b}"))
		r = p.galley("snapshot", "restore", "default", "full")
		require.Equal(t, 20, r.code)
		require.Contains(t, r.String(), "env changed in its configuration")
		p.ok("snapshot", "restore", "default", "full", "--force")
		require.NotContains(t, p.ok("verify", "default").String(), "Converging")

		r = p.galley("snapshot", "rm", "default", "fool")
		require.Contains(t, r.String(), ">>>>>>   full")
		p.ok("prune", "--all")
		p.ok("snapshot", "restore", "default", "full", "--force")
		p.ok("destroy")
		p.ok("snapshot", "rm", "--all")
		require.Empty(t, p.snapshotImages())
		require.Contains(t, p.ok("snapshot", "list").stdout, "there are no snapshots")
	})
}

// A directory of the host that is mounted in a volume is neither saved nor emptied, and one in place of it neither.
func TestSnapshotSparesTheHost(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": snapshotKitchen(withVolume), "host/precious": ""})
		host := filepath.Join(p.dir, "host")
		t.Cleanup(func() { p.galley("snapshot", "rm", "--all") })
		p.ok("converge", "default")
		p.ok("snapshot", "save", "default", "full", "--volumes")
		for _, target := range []string{"/srv/data", "/srv/data/in it"} {
			p.write("kitchen.yml", snapshotKitchen(withVolume+"\n  volumes: ['"+host+":"+target+"']"))
			require.Contains(t, p.ok("snapshot", "restore", "default", "full", "--force").String(),
				"not restored: the volume at /srv/data, since")
			require.FileExists(t, filepath.Join(host, "precious"), target)
		}
		require.Contains(t, p.ok("snapshot", "save", "default", "partly", "--volumes").String(),
			"not in the snapshot: the volume at /srv/data, since something else is mounted in it: /srv/data/in it")
	})
}

// A galley that is killed while it saves or restores leaves nothing that the next one does not set right, and a copy of
// a project has nothing to do with the snapshots of the original.
func TestSnapshotKilledAndCopied(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": snapshotKitchen("hostname: x")})
		t.Cleanup(func() { p.galley("snapshot", "rm", "--all") })
		const odd = "Odd Ä-p"
		p.ok("converge", odd)
		p.ok("snapshot", "save", odd, "one")
		for _, args := range [][]string{{"save", odd, "two"}, {"restore", odd, "one"}, {"save", odd, "one", "--replace"}} {
			for _, after := range []time.Duration{100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond} {
				p.killAfter(after, append([]string{"snapshot"}, args...)...)
			}
		}
		p.ok("snapshot", "restore", odd, "one")
		require.NotContains(t, p.ok("verify", odd).String(), "Converging")
		p.ok("snapshot", "save", odd, "two", "--replace")
		require.LessOrEqual(t, len(p.snapshotImages()), 3, "one, two, and what the runner was made from")

		copied := *p
		copied.dir = p.dir + "-copy"
		require.NoError(t, exec.CommandContext(t.Context(), "cp", "-a", p.dir, copied.dir).Run())
		t.Cleanup(func() {
			copied.galley("destroy")
			require.NoError(t, os.RemoveAll(copied.dir))
		})
		r := copied.galley("snapshot", "restore", odd, "one")
		require.Contains(t, r.String(), "has no snapshots")
		copied.ok("converge", odd)
		copied.ok("snapshot", "save", odd, "one")
		copied.ok("snapshot", "rm", odd, "one")
		require.Empty(t, copied.snapshotImages())
		p.ok("destroy")
		p.ok("snapshot", "restore", odd, "two")
		p.ok("destroy")
		p.ok("snapshot", "rm", odd, "--all")
		require.Empty(t, p.snapshotImages())
	})
}

// killAfter kills a galley some time after its start, which is how a machine that goes down ends it.
func (p *project) killAfter(d time.Duration, args ...string) {
	p.t.Helper()
	cmd := p.command(p.t.Context(), args...)
	require.NoError(p.t, cmd.Start())
	timer := time.AfterFunc(d, func() { _ = cmd.Process.Kill() }) // it may have ended
	_ = cmd.Wait()
	timer.Stop()
}

// A systemd boots again in a runner that was restored.
func TestSnapshotOfSystemd(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "systemd")
		text := strings.Replace(snapshotKitchen("privileged: true\n  pid_one_command: /sbin/init"), "busybox", "systemd", 1)
		text = strings.Replace(text, "command: '[", "command: 'systemctl is-system-running | grep -E \"running|degraded\" && [", 1)
		p := newProject(t, e, map[string]string{"kitchen.yml": text})
		t.Cleanup(func() { p.galley("snapshot", "rm", "--all") })
		p.ok("converge", "default")
		if e.UserNSRemap { // and a privileged runner has the users of the host
			r := p.galley("snapshot", "save", "default")
			require.Equal(t, 20, r.code, r.String())
			require.Contains(t, r.String(), "files of root would be missing")
			return
		}
		p.ok("snapshot", "save", "default")
		p.ok("destroy")
		p.ok("snapshot", "restore", "default")
		require.NotContains(t, p.ok("verify", "default").String(), "Converging")
		p.ok("destroy")
		p.ok("snapshot", "rm", "--all")
		require.Empty(t, p.snapshotImages())
	})
}

// A suite starts from another's converged state: that is converged once, selected or not, and nothing stays behind.
func TestSuiteFromAnother(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "systemd")
		volumes := e.UnusedVolumes(t)
		excludes := ""
		if e.UserNSRemap { // which makes no image of a privileged runner
			excludes = ", excludes: [systemd]"
		}
		p := newProject(t, e, map[string]string{"kitchen.yml": strings.Replace(`
driver: {name: dokken}
provisioner: {name: shell, command: 'echo "$TEST_SUITE" >> /etc/converges'}
verifier: {name: shell, remote_exec: true, command: 'cat /etc/converges; [ "$(tr "\n" " " < /etc/converges)" = "$WANTED " ]'}
platforms:
  - {name: plain, driver: {image: busybox}}
  - {name: systemd, driver: {image: systemd, privileged: true, pid_one_command: /sbin/init}}
suites:
  - {name: later, from: upgrade, driver: {env: {TEST_SUITE: later, WANTED: default upgrade later}}, excludes: [systemd]}
  - {name: upgrade, from: default, driver: {env: {TEST_SUITE: upgrade, WANTED: default upgrade}}EXCLUDES}
  - {name: default, driver: {env: {TEST_SUITE: default, WANTED: default}}}
`, "EXCLUDES", excludes, 1)})
		require.Contains(t, p.ok("list").stdout, "From")
		converged := func(r result, instance string) int {
			return strings.Count(r.String(), "Converging <"+instance+">")
		}
		for _, args := range [][]string{{"-c", "4"}, {}, {"later"}} {
			r := p.ok(append([]string{"test"}, args...)...)
			for _, instance := range []string{"default-plain", "upgrade-plain", "later-plain"} {
				require.Equal(t, 1, converged(r, instance), r.String())
			}
			p.requireNothingLeft(volumes)
			require.Empty(t, p.startImages())
		}
		p.ok("converge", "default-plain")
		r := p.ok("verify", "upgrade-plain")
		require.Zero(t, converged(r, "default-plain"), r.String())
		require.Len(t, p.runners(), 2, "what was there stays")
		r = p.ok("create", "upgrade-plain")
		require.NotContains(t, r.String(), "recreating")
		p.ok("snapshot", "save", "upgrade-plain", "x")
		p.ok("destroy", "default-plain")
		p.ok("snapshot", "restore", "upgrade-plain", "x")
		p.ok("destroy")
		p.ok("snapshot", "rm", "--all")
		require.Empty(t, p.startImages())
		require.Empty(t, p.snapshotImages())
	})
}

// startImages are the project's images that suites start from.
func (p *project) startImages() []backend.Image {
	p.t.Helper()
	dir, err := filepath.EvalSymlinks(p.dir)
	require.NoError(p.t, err)
	list, err := p.backend().ListImages(p.t.Context(), backend.Labels{label.Role: label.RoleFrom, label.ProjectDir: dir})
	require.NoError(p.t, err)
	return list
}
