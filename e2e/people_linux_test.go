package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
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

// Doctor tries each engine with nothing but galley, and removes what it made, also when it is interrupted.
func TestDoctor(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		p := newProject(t, e, map[string]string{"kitchen.yml": shellKitchen("true", "true")})
		b := p.backend()
		made := func() (list []string) {
			helper := backend.Labels{"dev.galley.role": "helper"}
			containers, err := b.ListContainers(t.Context(), helper)
			require.NoError(t, err)
			for _, c := range containers {
				if strings.HasPrefix(c.Name, "galley-doctor-") {
					list = append(list, c.Name)
				}
			}
			images, err := b.ListImages(t.Context(), helper)
			require.NoError(t, err)
			for _, i := range images {
				if tags := strings.Join(i.Tags, " "); strings.Contains(tags, "galley-doctor") {
					list = append(list, tags)
				}
			}
			return list
		}
		before := made() // of one that was killed
		r := p.ok("doctor", "--json")
		var found []struct{ Check, Verdict, Detail, Remedy string }
		require.NoError(t, json.Unmarshal([]byte(r.stdout), &found), r.String())
		checks := map[string]string{}
		for _, f := range found {
			checks[f.Check] = f.Verdict
			if f.Verdict != "ok" && f.Verdict != "skipped" {
				require.NotEmpty(t, f.Remedy, f.Check)
			}
		}
		for _, name := range []string{"engine", "image", "container", "build", "volumes-from", "names"} {
			require.Equal(t, "ok", checks[name], "%s\n%s", name, r)
		}

		cmd := p.command(t.Context(), "doctor")
		term := newTerminal(t, cmd, 24, 80)
		term.expect(`container `)
		term.send("\x03")
		require.Error(t, cmd.Wait())
		require.Equal(t, 130, cmd.ProcessState.ExitCode())

		require.Subset(t, before, made(), "all that was made is removed")
	})
}
