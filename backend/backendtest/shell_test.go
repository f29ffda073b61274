package backendtest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func running(t *testing.T, f *Fake, edits ...edit) backend.Container {
	t.Helper()
	spec := backend.ContainerSpec{Name: "box", Image: Busybox, Command: []string{"sleep", "3600"}}
	for _, e := range edits {
		e(&spec)
	}
	c, err := f.CreateContainer(t.Context(), spec)
	require.NoError(t, err)
	require.NoError(t, f.StartContainer(t.Context(), c.ID))
	t.Cleanup(func() { require.NoError(t, f.Kill(c.ID)) })
	return c
}

func TestShell(t *testing.T) {
	f := New()
	running(t, f)
	for _, c := range []struct {
		script  string
		code    int
		out     string
		errPart string
	}{
		{"echo a; echo b", 0, "a\nb\n", ""},
		{"true && echo yes || echo no", 0, "yes\n", ""},
		{"false && echo yes || echo no", 0, "no\n", ""},
		{"true || echo skipped && echo run", 0, "run\n", ""},
		{"! false && echo inverted", 0, "inverted\n", ""},
		{`echo "a  b" 'c $X' d\ e "q\"q"`, 0, "a  b c $X d e q\"q\n", ""},
		{"X=1; echo $X ${X} ${Y-none} ${Y:-none} $", 0, "1 1 none none $\n", ""},
		{`E=; echo "${E-kept}|${E:-filled}|"`, 0, "|filled|\n", ""},
		{`echo a "" b $UNSET c`, 0, "a  b c\n", ""},
		{"X=2 sh -c 'echo $X'; echo ${X-unset}", 0, "2\nunset\n", ""},
		{"sh -c 'echo $0-$1-$#' name one two", 0, "name-one-2\n", ""},
		{"sh -c 'exit 3'; echo $?", 0, "3\n", ""},
		{"if false; then echo a; else echo b; fi", 0, "b\n", ""},
		{"if test -d /etc; then echo dir; fi; if test -e /none; then echo none; fi", 0, "dir\n", ""},
		{"while ! test -e /made; do touch /made; echo round; done; rm /made", 0, "round\n", ""},
		{"until test -e /made; do echo x > /made; done; cat /made; rm -f /made", 0, "x\n", ""},
		{"echo one > /f; echo two >> /f; cat < /f; cat /f 2>&1", 0, "one\ntwo\none\ntwo\n", ""},
		{"echo to err >&2", 0, "", "to err\n"},
		{"{ echo a; }", 2, "", "no {"},
		{"echo a | cat", 2, "", "no pipes"},
		{"echo $(pwd)", 2, "", "no command substitution"},
		{"if true; echo", 2, "", "syntax error"},
		{"echo 'open", 2, "", "unterminated"},
		{"no-such; echo $?", 0, "127\n", "no-such: not found"},
		{"set -e; false; echo never", 1, "", ""},
		{"sh -ec 'if false; then :; fi; false || true; echo on; false; echo never'", 1, "on\n", ""},
		{"# comment\necho a # more\necho b#c", 0, "a\nb#c\n", ""},
		{"cd /etc; pwd; cd /none || echo stays; pwd", 0, "/etc\nstays\n/etc\n", "can't cd"},
		{"mkdir -p /a/b; ln -s b /a/l; echo x > /a/l/f; cat /a/b/f; readlink /a/l; rm /a", 0, "x\nb\n", ""},
		{"cp /etc/passwd /copy; cp -r /etc /etc2; grep root: /copy; test -f /etc2/group && echo copied", 0, "root:x:0:0:root:/root:/bin/sh\ncopied\n", ""},
		{"trap 'echo bye' EXIT; echo hi; exit 4", 4, "hi\nbye\n", ""},
		{"kill -TERM $$; echo never", 143, "", ""},
		{"trap 'echo caught' TERM; kill -TERM $$; echo on", 0, "caught\non\n", ""},
		{"printf '%s-%s\\n' a b; seq 2 4", 0, "a-b\n2\n3\n4\n", ""},
		{"[ a = a ] && [ a != b ] && [ -n x ] && [ ! -z x ] && echo all", 0, "all\n", ""},
	} {
		t.Run(c.script, func(t *testing.T) {
			var out, errOut bytes.Buffer
			code, err := f.Exec(t.Context(), "box", backend.ExecSpec{Command: []string{"sh", "-c", c.script}, Stdout: &out, Stderr: &errOut})
			require.NoError(t, err)
			require.Equal(t, c.out, out.String())
			require.Equal(t, c.code, code, errOut.String())
			require.Contains(t, errOut.String(), c.errPart)
		})
	}
}

// TestShellKeepsDokkensCommand: it is what runners run as PID 1 if nobody says
// otherwise.
func TestShellKeepsDokkensCommand(t *testing.T) {
	f := New()
	c := running(t, f, script("trap exit 0 SIGTERM; while :; do sleep 1; done"))
	require.NoError(t, f.StopContainer(t.Context(), c.ID, guard))
	got, err := f.InspectContainer(t.Context(), c.ID)
	require.NoError(t, err)
	require.Equal(t, backend.StateExited, got.State)
	require.NotEqual(t, 128+sigKill, got.ExitCode, "it ended by itself")
}

func TestHooksComeBeforeTheShell(t *testing.T) {
	f := New()
	c := running(t, f)
	f.OnExec(func(_ context.Context, c backend.Container, e backend.ExecSpec) (int, error) {
		if e.Command[0] != "/opt/chef/bin/chef-client" {
			return 0, ErrNotHandled
		}
		_, err := e.Stdout.Write([]byte("converged " + c.Name + "\n"))
		return 17, errors.Join(err, f.WriteFile(c.ID, "/etc/made/by-chef", []byte("chef\n")))
	})
	var out bytes.Buffer
	code, err := f.Exec(t.Context(), c.ID, backend.ExecSpec{Command: []string{"/opt/chef/bin/chef-client", "-z"}, Stdout: &out})
	require.NoError(t, err)
	require.Equal(t, 17, code)
	require.Equal(t, "converged box\n", out.String())
	made, err := f.ReadFile(c.ID, "/etc/made/by-chef")
	require.NoError(t, err)
	require.Equal(t, "chef\n", string(made))
	code, err = f.Exec(t.Context(), c.ID, backend.ExecSpec{Command: []string{"test", "-e", "/etc/made/by-chef"}})
	require.NoError(t, err)
	require.Zero(t, code, "other commands go to the shell")
}

func TestANewerRemoteImage(t *testing.T) {
	f := New()
	const ref = "registry.example.test/chef/chef:latest"
	f.AddRemoteImage(ImageSpec{Ref: ref, Files: map[string]string{"/opt/chef/VERSION": "1"}}, nil)
	first, err := f.PullImage(t.Context(), backend.PullOptions{Ref: ref})
	require.NoError(t, err)
	same, err := f.PullImage(t.Context(), backend.PullOptions{Ref: ref})
	require.NoError(t, err)
	require.Equal(t, first, same)
	f.AddRemoteImage(ImageSpec{Ref: ref, Files: map[string]string{"/opt/chef/VERSION": "2"}}, nil)
	second, err := f.PullImage(t.Context(), backend.PullOptions{Ref: ref})
	require.NoError(t, err)
	require.NotEqual(t, first.ID, second.ID)
	require.True(t, strings.HasPrefix(second.ID, "sha256:"))
}
