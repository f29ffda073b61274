package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// A person mends in the runner what failed, and has the phase done again.
func TestOnFailureShell(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("test -e /mended", "true")})
		r := p.galley("converge", "--on-failure", "shell")
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "galley login")

		cmd := p.command(t.Context(), "converge", "--on-failure", "shell")
		term := newTerminal(t, cmd, 24, 80)
		before := term.settings()
		term.expect(`leave it with exit\r\n`)
		term.send("echo in the run''ner; exit\n")
		term.expect(`in the runner`)
		term.expect(`\[r/g/a/s\] `)
		require.Equal(t, before, term.settings(), "the terminal is as it was")
		term.send("r\n")
		term.expect(`leave it with exit\r\n`)
		term.send("touch /mended; exit\n")
		term.expect(`\[r/g/a/s\] `)
		term.send("r\n")
		term.expect(`galley is finished`)
		require.NoError(t, cmd.Wait())

		p.ok("exec", "-c", "rm /mended")
		cmd = p.command(t.Context(), "converge", "--on-failure=shell")
		term = newTerminal(t, cmd, 24, 80)
		term.expect(`leave it with exit\r\n`)
		term.send("exit\n")
		term.expect(`\[r/g/a/s\] `)
		term.send("a\n")
		require.Error(t, cmd.Wait())
		require.Equal(t, 20, cmd.ProcessState.ExitCode())
	})
}

// A file that is saved has the runner, which stays, converged and verified again.
func TestWatch(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("echo made >> /made", "cat note"), "note": "first"})
		cmd := p.command(t.Context(), "watch")
		term := newTerminal(t, cmd, 24, 80)
		before := term.settings()
		term.expect(`Creating(?s:.*)Converging(?s:.*)Verifying(?s:.*)waiting for changes`)
		p.write("note", "second")
		term.expect(`Converging(?s:.*)Verifying(?s:.*)second(?s:.*)waiting for changes`)
		term.send("r")
		term.expect(`Converging(?s:.*)Verifying(?s:.*)waiting for changes`)
		term.send("l")
		term.expect(`# `)
		term.send("echo con''verged $(wc -l < /made) times; exit\n")
		term.expect(`converged 3 times`)
		term.expect(`waiting for changes`)
		term.send("q")
		require.NoError(t, cmd.Wait())
		require.Equal(t, before, term.settings(), "the terminal is as it was")
	})
}
