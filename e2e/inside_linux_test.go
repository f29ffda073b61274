package e2e

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

// A login is a terminal like any other: it has the window's size and follows it,
// Ctrl-C reaches the command and not galley, and the shell's exit code comes back.
func TestLogin(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("true", "true")})
		p.ok("create")
		cmd := p.command(t.Context(), "login", "default")
		term := newTerminal(t, cmd, 40, 100)
		before := term.settings()

		term.send("echo size: $(stty size)\n")
		term.expect(`size: 40 100\r\n`)
		term.resize(50, 120)
		term.send(`until [ "$(stty size)" = "50 120" ]; do sleep 0.1; done; echo resi''zed` + "\n")
		term.expect(`resized\r\n`)
		term.send("echo be''gun; sleep 1000\n")
		term.expect(`begun\r\n`)
		term.send("\x03")
		term.send("echo code: $?\n")
		term.expect(`code: 130\r\n`)
		require.NotEqual(t, before, term.settings(), "keys go through as they are")
		term.send("exit 7\n")
		require.Error(t, cmd.Wait())
		require.Equal(t, 7, cmd.ProcessState.ExitCode())
		require.Equal(t, before, term.settings(), "the terminal is as it was")
	})
}

func TestLoginWithACommand(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("true", "true")})
		p.ok("create")
		cmd := p.command(t.Context(), "login", "default", "-c", "tty; exit 3")
		term := newTerminal(t, cmd, 24, 80)
		term.expect(`/dev/pts/\d+\r\n`)
		require.Error(t, cmd.Wait())
		require.Equal(t, 3, cmd.ProcessState.ExitCode())

		// Without a terminal it works as well.
		r := p.galley("login", "default", "-c", "tty; exit 4")
		require.Equal(t, 4, r.code, r.String())
		require.Equal(t, "not a tty\n", r.stdout)
	})
}

// A command in a terminal that is stopped by Ctrl-C in galley's own terminal leaves nothing running.
func TestExecOnSeveral(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("true", "true") + "  - name: other\n"})
		p.ok("create", "-c", "2")
		r := p.ok("exec", "all", "-c", `hostname -i > /dev/null; echo "out of $0"; echo problem >&2`)
		for _, name := range []string{"default-busybox", "other-busybox"} {
			require.Contains(t, r.stdout, "["+name+"] out of sh\n")
			require.Contains(t, r.stderr, "["+name+"] problem\n")
		}
		r = p.galley("exec", "all", "-c", `test "$(cat /proc/sys/kernel/random/boot_id)" = ""`)
		require.Equal(t, 20, r.code)
		require.Contains(t, r.stderr, "[other-busybox] exited with code 1\n")
		// An argv is kept as it is.
		require.Equal(t, "a  b\n$HOME\n;\n", p.ok("exec", "other", "--", "printf", `%s\n`, "a  b", "$HOME", ";").stdout)
	})
}

func TestCopy(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{
			"kitchen.yml": shellKitchen("true", "true"),
			"tree/a":      "in a", "tree/deep/b": "in b",
		})
		require.NoError(t, os.Symlink("a", filepath.Join(p.dir, "tree", "link")))
		p.ok("create")
		inside := func(line string) string { return p.ok("exec", "default", "-c", line).stdout }

		p.ok("cp", "tree", "default:/new")
		require.Equal(t, "a\ndeep\nlink\nin a", inside("ls /new; cat /new/link"))
		p.ok("cp", "tree", "default:/new")
		require.Equal(t, "in b", inside("cat /new/tree/deep/b"))
		p.ok("cp", "tree/a", "default:/tmp/")
		p.ok("cp", "tree/a", "default:/tmp/renamed")
		require.Equal(t, "in ain a", inside("cat /tmp/a /tmp/renamed"))
		require.Equal(t, "0:0\n", inside("stat -c %u:%g /tmp/a"))

		p.ok("cp", "default:/new", "back")
		p.ok("cp", "default:/new", "back/")
		p.ok("cp", "default:/tmp/renamed", ".")
		for name, want := range map[string]string{"back/deep/b": "in b", "back/new/link": "in a", "renamed": "in a"} {
			data, err := os.ReadFile(filepath.Join(p.dir, name))
			require.NoError(t, err)
			require.Equal(t, want, string(data), name)
		}
		require.Contains(t, p.ok("cp", "default:/tmp/a", "-").stdout, "in a")

		r := p.galley("cp", "default:/nothing", ".")
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "/nothing")
		r = p.galley("cp", "tree", "default:/no/such/place")
		require.Equal(t, 1, r.code, r.String())
		require.Equal(t, 1, p.galley("cp", "a", "b").code)
		require.Equal(t, 1, p.galley("cp", "default:/a", "default:/b").code)
	})
}

// The log is followed until the runner is gone.
func TestFollowLogs(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": strings.Replace(shellKitchen("true", "true"),
			"image: busybox",
			`image: busybox
      pid_one_command: 'sh -c "echo first words; while :; do sleep 0.2; echo tick; done"'`, 1)})
		p.ok("create")
		cmd := p.command(t.Context(), "logs", "-f", "default")
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		ticks := 0
		for lines.Scan() {
			if ticks == 0 && lines.Text() == "first words" {
				ticks++
			} else if ticks > 0 && lines.Text() == "tick" {
				if ticks++; ticks == 4 {
					require.NoError(t, p.backend().RemoveContainer(t.Context(), p.runners()[0].ID))
				}
			}
		}
		require.NoError(t, cmd.Wait(), "the end of the runner is the end of its log")
		require.GreaterOrEqual(t, ticks, 4)
		require.Equal(t, backend.State(""), backend.State(p.list()["default-busybox"].Runner))
	})
}

// A galley that is killed leaves no private service behind: that ends by itself.
func TestPrivateServiceEndsAfterAKill(t *testing.T) {
	testbed.RunOn(t, testbed.Podman, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("echo started; exec sleep 600", "true")})
		bin, err := built()
		require.NoError(t, err)
		hideSocket(t, e)
		cmd := e.Command(t.Context(), "sh", "-c", `cd "$0" && { "$1" converge & echo $! > pid; wait; }`, p.dir, bin)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "started") {
				require.Contains(t, e.Exec(t, "ps", "-eo", "args"), "/galley-podman-")
				pid, err := os.ReadFile(filepath.Join(p.dir, "pid"))
				require.NoError(t, err)
				e.Exec(t, "kill", "-9", strings.TrimSpace(string(pid)))
			}
		}
		require.NoError(t, cmd.Wait())
		e.Exec(t, "timeout", "60", "sh", "-c", `while ps -eo args | grep -q '[/]galley-podman-'; do sleep 0.2; done`)
	})
}
