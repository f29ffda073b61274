//go:build linux

package e2e

import (
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// TestSecretsAreHidden: what kitchen.yml and the environment call a secret, and commands print all the same, is nowhere
// in what galley shows and keeps. The output of exec is as it is where a program reads it.
func TestSecretsAreHidden(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		const inKitchen, inEnvironment = "canary-of-the-kitchen", "canary+of/the environment"
		p := newProject(t, e, map[string]string{"kitchen.yml": `
driver: {name: dokken, env: ["DB_PASSWORD=` + inKitchen + `"]}
provisioner:
  name: shell
  command: 'echo "password $DB_PASSWORD."; printf "user:$DB_PASSWORD" | base64; printf "%70000s$DB_PASSWORD"; exit 3'
verifier: {name: shell, command: "true"}
lifecycle:
  pre_converge:
    - local: echo "token $CI_TOKEN" "$(printf %s "$CI_TOKEN" | base64)"
    - remote: echo "remote $DB_PASSWORD" >&2
platforms: [{name: busybox, driver: {image: busybox}}]
suites: [{name: default}]
`})
		e.Load(t, "busybox")
		p.env = append(p.env, "CI_TOKEN="+inEnvironment)
		out := p.galley("converge", "-l", "debug", "--report", "html=r.html", "--report", "json=r.json", "--report",
			"junit=r.xml",
			"--report", "ndjson=r.ndjson", "--report", "markdown=r.md")
		require.Equal(t, 20, out.code, out.String())
		require.Contains(t, out.String(), "password ********.")
		require.Contains(t, out.String(), "remote ********")
		texts := map[string]string{"output": out.String()}
		require.NoError(t, filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || d.Name() == "kitchen.yml" {
				return err
			}
			data, err := os.ReadFile(path)
			texts[path] = string(data)
			st, statErr := d.Info()
			require.NoError(t, statErr)
			if strings.HasPrefix(d.Name(), "r.") || strings.Contains(path, filepath.Join(".kitchen", "logs")) {
				require.Zero(t, st.Mode().Perm()&0o004, "everybody may read %s", path)
			}
			return err
		}))
		require.Greater(t, len(texts), 8)
		encoded := base64.StdEncoding.EncodeToString([]byte("user:" + inKitchen))
		for name, text := range texts {
			for _, secret := range []string{inKitchen, inEnvironment, encoded[8:28],
				base64.StdEncoding.EncodeToString([]byte(inEnvironment))[:24]} {
				require.NotContains(t, text, secret, name)
			}
		}
		exec := []string{"exec", "-c", "echo $DB_PASSWORD"}
		r := p.galley(exec...)
		require.Equal(t, inKitchen+"\n", r.stdout, r.stderr)
		p.env = append(p.env, "GITHUB_ACTIONS=true")
		require.Equal(t, "********\n", p.galley(exec...).stdout)
	})
}

// TestHookEndsWithAllItStarted: a local hook whose time is up is gone when galley says so,
// with a child that ignores SIGTERM and one in a session of its own.
func TestHookEndsWithAllItStarted(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{
			"hook.sh": `trap "" TERM
sh -c 'trap "" TERM; echo $$ >> pids; while :; do sleep 1; done' &
setsid sh -c 'echo $$ >> pids; while :; do sleep 1; done' &
echo $$ >> pids
wait
`,
			"kitchen.yml": strings.Replace(shellKitchen("true", "true"), "platforms:",
				"lifecycle: {pre_converge: [{local: sh hook.sh, timeout: 1}]}\nplatforms:", 1)})
		started := time.Now()
		r := p.galley("converge")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "it took longer than 1s")
		require.Less(t, time.Since(started), time.Minute)
		pids, err := os.ReadFile(filepath.Join(p.dir, "pids"))
		require.NoError(t, err)
		require.Len(t, strings.Fields(string(pids)), 3)
		for _, pid := range strings.Fields(string(pids)) {
			stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
			require.True(t, err != nil || strings.Contains(string(stat), ") Z "), "process %s is still there: %s", pid,
				stat)
		}
	})
}
