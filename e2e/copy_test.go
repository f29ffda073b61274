//go:build linux

package e2e

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

const copyKitchen = `
driver: {name: dokken, tmpfs: {/mem: exec}}
provisioner:
  name: shell
  command: mkdir -p /out/empty /out/sub; echo 1 > /out/a; echo 2 > /out/sub/b; ln -s a /out/l; mkfifo /out/fifo; ln -s /etc /out/away; ln -s /out /way; echo 3 > /mem/m
  uploads: {up: /mem/up}
  downloads: {/out/.: ./got, /mem/m: ./got/, /mem/up: ./up-again}
verifier: {name: dummy}
platforms: [{name: busybox, driver: {image: busybox}}]
suites: [{name: default}]
`

// TestCopies: what is copied is what processes in the runner see, by the rules of docker cp, on each engine.
func TestCopies(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		p := newProject(t, e, map[string]string{"kitchen.yml": copyKitchen, "up/x": "up", "src/a": "A",
			"src/sub/b": "B"})
		require.NoError(t, os.MkdirAll(filepath.Join(p.dir, "src", "empty"), 0o755))
		r := p.ok("converge")
		require.Contains(t, r.String(), "fifo (a pipe)")
		require.Contains(t, r.String(), "away -> /etc")
		out := map[string]string{"a": "1\n", "sub/b": "2\n", "l": "->a", "empty": "/", "sub": "/"}
		require.Equal(t, with(out, "m", "3\n"), below(t, filepath.Join(p.dir, "got")))
		require.Equal(t, map[string]string{"x": "up"}, below(t, filepath.Join(p.dir, "up-again")))

		shown := func(script string) string { t.Helper(); return p.ok("exec", "-c", script).stdout }
		p.ok("cp", "src/a", "default-busybox:/mem/")
		p.ok("cp", "src", "default-busybox:/mem/new")
		p.ok("cp", "src/.", "default-busybox:/mem/new/deep")
		p.ok("cp", "src", "default-busybox:/mem/new")
		require.Contains(t, shown("cat /mem/a /mem/new/sub/b /mem/new/deep/a /mem/new/src/a; ls -d /mem/new/empty"),
			"ABAA/mem/new/empty")
		for _, args := range [][]string{{"src/a", "default-busybox:/mem/none/"}, {"src", "default-busybox:/mem/a"},
			{"default-busybox:/none", "."},
			{"default-busybox:/out/a", "none/"}, {"default-busybox:/out", "src/a"}} {
			r := p.galley(append([]string{"cp"}, args...)...)
			require.NotZero(t, r.code, "%q: %s", args, r)
		}
		for _, args := range [][]string{{"src/a", "default-busybox:/proc"}, {"default-busybox:/proc/self/net", "."},
			{"default-busybox:/sys/kernel/.", "sys"}} {
			r := p.galley(append([]string{"cp"}, args...)...)
			require.NotZero(t, r.code, "%q", args)
			require.Contains(t, r.String(), "makes up as they are read", "%q", args)
		}
		p.ok("cp", "default-busybox:/out", "one")
		p.ok("cp", "default-busybox:/out/.", "two")
		p.ok("cp", "default-busybox:/way", "three")
		require.NoError(t, os.Mkdir(filepath.Join(p.dir, "four"), 0o777))
		require.NoError(t, os.Chmod(filepath.Join(p.dir, "four"), 0o777))
		p.ok("cp", "default-busybox:/way", "four")
		p.ok("cp", "default-busybox:/mem/new/.", "five")
		p.ok("cp", "default-busybox:/proc/version", "version")
		for _, dir := range []string{"one", "two", "three", "four/way"} {
			require.Equal(t, out, below(t, filepath.Join(p.dir, dir)), dir)
		}
		require.Equal(t, "A", below(t, filepath.Join(p.dir, "five"))["deep/a"])
		version, err := os.ReadFile(filepath.Join(p.dir, "version"))
		require.NoError(t, err)
		require.Contains(t, string(version), "Linux version")
	})
}

// with is a map with one more entry.
func with(m map[string]string, name, text string) map[string]string {
	more := map[string]string{name: text}
	maps.Copy(more, m)
	return more
}

// below lists what is in a directory: content, "/" for directories, "->x" for links.
func below(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		rel, err := filepath.Rel(dir, p)
		require.NoError(t, err)
		switch {
		case d.IsDir():
			all[rel] = "/"
		case d.Type()&fs.ModeSymlink != 0:
			to, err := os.Readlink(p)
			require.NoError(t, err)
			all[rel] = "->" + to
		default:
			data, err := os.ReadFile(p)
			require.NoError(t, err)
			all[rel] = string(data)
		}
		return nil
	}))
	delete(all, ".")
	return all
}

// TestCopiesAsDockerDoes compares each row with docker cp itself. A link that is named is
// the one difference: docker cp copies it as a link to what is elsewhere.
func TestCopiesAsDockerDoes(t *testing.T) {
	cli, err := exec.LookPath("docker")
	if err != nil {
		t.Skip("there is no docker program to compare with")
	}
	testbed.RunOn(t, testbed.Docker, func(t *testing.T, e testbed.Engine) {
		p := newProject(t, e, map[string]string{"kitchen.yml": copyKitchen, "up/x": ""})
		p.ok("converge")
		id := p.runners()[0].ID
		docker := func(args ...string) error {
			cmd := exec.CommandContext(t.Context(), cli, append([]string{"cp", "-q"}, args...)...)
			cmd.Env = append(os.Environ(), "DOCKER_HOST="+e.Host)
			out, err := cmd.CombinedOutput()
			t.Logf("docker cp %q: %v %s", args, err, out)
			return err
		}
		lay := func(name string) string {
			dir := filepath.Join(p.dir, name)
			require.NoError(t, os.RemoveAll(dir))
			for f, text := range map[string]string{"file": "F", "have/a": "5", "src/a": "1", "src/sub/b": "2"} {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, f)), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(dir, f), []byte(text), 0o644))
			}
			require.NoError(t, os.Mkdir(filepath.Join(dir, "src", "empty"), 0o755))
			require.NoError(t, os.Symlink("have", filepath.Join(dir, "haveto")))
			if p.asOther() { // galley, and not docker cp, is the engine's user
				require.NoError(t, exec.CommandContext(t.Context(), "chmod", "-R", "a+rwX", dir).Run())
			}
			return dir
		}
		for _, r := range [][2]string{
			{"/out/a", "new"}, {"/out/a", "new/"}, {"/out/a", "none/new"}, {"/out/a", "file"}, {"/out/a", "have"},
			{"/out/a", "have/"}, {"/out/a", "haveto"},
			{"/out/sub", "new"}, {"/out/sub", "new/"}, {"/out/sub/", "new"}, {"/out/sub/.", "new"},
			{"/out/sub", "file"}, {"/out/sub/.", "file"},
			{"/out/sub", "have"}, {"/out/sub/.", "have"}, {"/out/sub/.", "haveto"}, {"/out/sub", "none/new"},
			{"/none", "new"},
		} {
			ours, theirs := lay("ours"), lay("theirs")
			ok := p.galley("cp", "default-busybox:"+r[0], ours+"/"+r[1]).code == 0
			require.Equal(t, docker(id+":"+r[0], theirs+"/"+r[1]) == nil, ok, "%q", r)
			require.Equal(t, below(t, theirs), below(t, ours), "%q", r)
		}
		for _, r := range [][2]string{
			{"file", "new"}, {"file", "new/"}, {"file", "none/new"}, {"file", "old"}, {"file", "have"},
			{"file", "have/"}, {"file", "haveto"},
			{"src", "new"}, {"src", "new/"}, {"src/.", "new"}, {"src", "old"}, {"src", "have"}, {"src/.", "have"},
			{"src/.", "haveto"}, {"none", "new"},
		} {
			lay("ours")
			look := func(copyIn func() error) (string, bool) {
				p.ok("exec", "-c", "rm -rf /x; mkdir -p /x/have; echo 5 > /x/have/a; echo O > /x/old; ln -s have /x/haveto")
				err := copyIn()
				return p.ok("exec", "-c",
					`cd /x; find . | sort | while read -r f; do if [ -f "$f" ]; then echo "$f $(cat "$f")"; else echo "$f"; fi; done`).stdout, err == nil
			}
			ours, ok := look(func() error {
				if r := p.galley("cp", "ours/"+r[0], "default-busybox:/x/"+r[1]); r.code != 0 {
					return os.ErrInvalid
				}
				return nil
			})
			theirs, okToo := look(func() error { return docker(p.dir+"/ours/"+r[0], id+":/x/"+r[1]) })
			require.Equal(t, okToo, ok, "%q", r)
			require.Equal(t, theirs, ours, "%q", r)
		}
	})
}
