package contract_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/backend"
)

func execCases() []testCase {
	return []testCase{
		{"exec/exit-code", testExecCode},
		{"exec/signal", testExecSignal},
		{"exec/command-absent", testExecCommandAbsent},
		{"exec/command-not-executable", testExecNotExecutable},
		{"exec/no-shell", testExecNoShell},
		{"exec/streams-apart", testExecStreams},
		{"exec/output-thrown-away", testExecNoWriters},
		{"exec/huge-output", testExecHuge},
		{"exec/stdin", testExecStdin},
		{"exec/stdin-empty", testExecStdinEmpty},
		{"exec/stdin-unread", testExecStdinUnread},
		{"exec/env", testExecEnv},
		{"exec/user", testExecUser},
		{"exec/user-absent", testExecUserAbsent},
		{"exec/workdir", testExecWorkDir},
		{"exec/tty", testExecTty},
		{"exec/tty-size", testExecTtySize},
		{"exec/parallel", testExecParallel},
		{"exec/cancelled", testExecCancelled},
		{"exec/cancelled-tree", testExecCancelledTree},
		{"exec/cancelled-silent", testExecCancelledSilent},
		{"exec/cancelled-before", testExecCancelledBefore},
		{"exec/container-removed", testExecContainerRemoved},
		{"exec/container-created", testExecCreated},
		{"exec/container-exited", testExecExited},
		{"exec/container-absent", testExecAbsent},
	}
}

func testExecCode(t *testing.T, s *suite) {
	c := s.start(t)
	for _, want := range []int{0, 1, 3, 126, 127, 255} {
		require.Equal(t, want, s.try(t, c.ID, "sh", "-c", "exit "+strconv.Itoa(want)))
	}
}

func testExecSignal(t *testing.T, s *suite) {
	c := s.start(t)
	require.Equal(t, 137, s.try(t, c.ID, "sh", "-c", "kill -KILL $$"))
	require.Equal(t, 143, s.try(t, c.ID, "sh", "-c", "kill -TERM $$"))
}

func testExecCommandAbsent(t *testing.T, s *suite) {
	c := s.start(t)
	for _, name := range []string{"no-such-command", "/no/such/command"} {
		require.Equal(t, 127, s.try(t, c.ID, name), name)
	}
}

func testExecNotExecutable(t *testing.T, s *suite) {
	c := s.start(t)
	require.NoError(t, s.b.CopyTo(s.ctx(t), c.ID, "/",
		tarOf(t, entry{name: "plain-file", mode: 0o644, content: "#!/bin/sh\n"})))
	require.Equal(t, 126, s.try(t, c.ID, "/plain-file"))
}

// testExecNoShell: the command is an argv, and nothing in it is expanded.
func testExecNoShell(t *testing.T, s *suite) {
	c := s.start(t)
	require.Equal(t, "$HOME * ; 'quoted' two  spaces", s.run(t, c.ID, "echo", "$HOME * ; 'quoted'", "two  spaces"))
}

func testExecStreams(t *testing.T, s *suite) {
	c := s.start(t)
	r := s.exec(t, c.ID, backend.ExecSpec{Command: []string{"sh", "-c", "echo to out; echo to err >&2; exit 3"}})
	require.Equal(t, result{3, "to out\n", "to err\n"}, r)
}

func testExecNoWriters(t *testing.T, s *suite) {
	c := s.start(t)
	code, err := s.b.Exec(s.ctx(t), c.ID,
		backend.ExecSpec{Command: []string{"sh", "-c", "seq 1 10000; seq 1 10000 >&2; exit 5"}})
	require.NoError(t, err)
	require.Equal(t, 5, code)
}

// testExecHuge: 10 MB arrive whole and in order, on both streams.
func testExecHuge(t *testing.T, s *suite) {
	const last = 1_450_000
	c := s.start(t)
	want := sha256.New()
	for n := 1; n <= last; n++ {
		_, err := want.Write(append(strconv.AppendInt(nil, int64(n), 10), '\n'))
		require.NoError(t, err)
	}
	out, errOut := sha256.New(), sha256.New()
	script := fmt.Sprintf("seq 1 %d; seq 1 %d >&2; exit 6", last, last)
	code, err := s.b.Exec(s.ctx(t), c.ID,
		backend.ExecSpec{Command: []string{"sh", "-c", script}, Stdout: out, Stderr: errOut})
	require.NoError(t, err)
	require.Equal(t, 6, code)
	require.Equal(t, want.Sum(nil), out.Sum(nil), "stdout")
	require.Equal(t, want.Sum(nil), errOut.Sum(nil), "stderr")
}

func testExecStdin(t *testing.T, s *suite) {
	c := s.start(t)
	want := strings.Repeat("0123456789abcdef\n", 1<<16)
	r := s.exec(t, c.ID, backend.ExecSpec{Command: []string{"cat"}, Stdin: strings.NewReader(want)})
	require.Zero(t, r.code)
	require.True(t, want == r.out, "%d bytes went in, %d came out", len(want), len(r.out))
}

func testExecStdinEmpty(t *testing.T, s *suite) {
	c := s.start(t)
	require.Equal(t, result{}, s.exec(t, c.ID,
		backend.ExecSpec{Command: []string{"cat"}, Stdin: strings.NewReader("")}), "an empty reader")
	require.Equal(t, result{}, s.exec(t, c.ID, backend.ExecSpec{Command: []string{"cat"}}), "no reader")
}

// testExecStdinUnread: a command that does not read its input ends, though the input never does. Where there is more
// input than anything on its way can hold, Podman may lose output, but not the exit code.
func testExecStdinUnread(t *testing.T, s *suite) {
	c := s.start(t)
	much := strings.NewReader(strings.Repeat("0123456789abcdef\n", 1<<18))
	require.Equal(t, 3, s.exec(t, c.ID, backend.ExecSpec{Command: []string{"sh", "-c", "echo much; exit 3"},
		Stdin: much}).code)
	r, w := io.Pipe()
	defer func() { require.NoError(t, w.Close()) }()
	got := s.exec(t, c.ID, backend.ExecSpec{Command: []string{"sh", "-c", "echo done; exit 4"}, Stdin: r})
	require.Equal(t, result{4, "done\n", ""}, got)
}

func testExecEnv(t *testing.T, s *suite) {
	c := s.start(t, func(spec *backend.ContainerSpec) {
		spec.Env = map[string]string{"FROM_CONTAINER": "container", "OVERRIDDEN": "container"}
	})
	env := map[string]string{
		"EMPTY":      "",
		"EQUALS":     "a=b=c",
		"SPACES":     " two  words ",
		"LINES":      "one\ntwo",
		"OVERRIDDEN": "exec",
	}
	want := maps.Clone(env)
	want["FROM_CONTAINER"] = "container"
	for _, key := range slices.Sorted(maps.Keys(want)) {
		r := s.exec(t, c.ID, backend.ExecSpec{
			Command: []string{"sh", "-c", "printf %s \"${" + key + "-unset}\""},
			Env:     env,
		})
		require.Equal(t, result{out: want[key]}, r, key)
	}
}

func testExecUser(t *testing.T, s *suite) {
	c := s.start(t)
	for user, want := range map[string]string{"": "0\n0\n", "0": "0\n0\n", "nobody": "65534\n65534\n",
		"1234:567": "1234\n567\n", "1234": "1234\n0\n"} {
		r := s.exec(t, c.ID, backend.ExecSpec{Command: []string{"sh", "-c", "id -u; id -g"}, User: user})
		require.Equal(t, result{out: want}, r, "user %q", user)
	}
}

// testExecUserAbsent: what the engine makes of it is its own affair, but it is no success.
func testExecUserAbsent(t *testing.T, s *suite) {
	c := s.start(t)
	code, err := s.b.Exec(s.ctx(t), c.ID, backend.ExecSpec{Command: []string{"true"}, User: "no-such-user"})
	if err == nil {
		require.NotZero(t, code)
	}
}

func testExecWorkDir(t *testing.T, s *suite) {
	c := s.start(t, func(spec *backend.ContainerSpec) { spec.WorkDir = "/tmp" })
	require.Equal(t, "/tmp", s.run(t, c.ID, "pwd"), "the container's own")
	r := s.exec(t, c.ID, backend.ExecSpec{Command: []string{"pwd"}, WorkDir: "/etc"})
	require.Equal(t, result{out: "/etc\n"}, r)
}

// testExecTty: both streams come through Stdout, with a terminal's line ends.
func testExecTty(t *testing.T, s *suite) {
	c := s.start(t)
	r := s.exec(t, c.ID, backend.ExecSpec{
		Command: []string{"sh", "-c", "test -t 0 && test -t 1 && test -t 2 && echo terminal; echo to err >&2; exit 8"},
		Tty:     true,
	})
	require.Equal(t, result{8, "terminal\r\nto err\r\n", ""}, r)
}

// testExecTtySize asks a shell on a terminal for its size until it is right: an
// engine may set it after the command has started.
func testExecTtySize(t *testing.T, s *suite) {
	c := s.start(t)
	const first, second = "37 101\r\n", "50 120\r\n"
	seen := newWatchedBuffer(first, second)
	in, keyboard := io.Pipe()
	resize := make(chan backend.TerminalSize, 1)
	var g errgroup.Group
	g.Go(func() error {
		code, err := s.b.Exec(s.ctx(t), c.ID, backend.ExecSpec{
			Command: []string{"sh"}, Tty: true, Stdin: in, Stdout: seen,
			Size: backend.TerminalSize{Width: 101, Height: 37}, Resize: resize,
		})
		if err == nil && code != 2 {
			err = fmt.Errorf("the shell's exit code is %d", code)
		}
		return err
	})
	ask := func(want string) {
		s.await(t, func() bool {
			_, err := io.WriteString(keyboard, "stty size\n")
			require.NoError(t, err)
			return strings.Contains(seen.String(), want)
		}, "the terminal's size is "+want)
	}
	ask(first)
	resize <- backend.TerminalSize{Width: 120, Height: 50}
	ask(second)
	_, err := io.WriteString(keyboard, "exit 2\n")
	require.NoError(t, err)
	require.NoError(t, g.Wait())
	require.NoError(t, keyboard.Close())
}

// testExecParallel: sixteen at once, each with its own output and exit code. On a
// shared connection engines mix them up, or answer nothing and 0.
func testExecParallel(t *testing.T, s *suite) {
	c := s.start(t)
	g, ctx := errgroup.WithContext(s.ctx(t))
	for n := range 16 {
		g.Go(func() error {
			var out, errOut bytes.Buffer
			code, err := s.b.Exec(ctx, c.ID, backend.ExecSpec{
				Command: []string{"sh", "-c", "echo out $N; seq 1 1000; echo err $N >&2; exit $N"},
				Env:     map[string]string{"N": strconv.Itoa(n)},
				Stdout:  &out, Stderr: &errOut,
			})
			if err != nil {
				return err
			}
			first, rest, _ := strings.Cut(out.String(), "\n")
			if code != n || first != fmt.Sprintf("out %d", n) || strings.Count(rest, "\n") != 1000 ||
				errOut.String() != fmt.Sprintf("err %d\n", n) {
				return fmt.Errorf("exec %d: exit code %d, first line %q, %d bytes, stderr %q", n, code, first,
					out.Len(), errOut.String())
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
}

// testExecCancelled: the call returns, and its process is gone.
func testExecCancelled(t *testing.T, s *suite) {
	s.requireCancelled(t, "echo started; exec sleep 4321")
}

// testExecCancelledTree: what people run is a shell that runs something.
func testExecCancelledTree(t *testing.T, s *suite) {
	s.requireCancelled(t, "echo started; sleep 4321; echo never")
}

// testExecCancelledSilent: a command that has let go of its output is waited for all
// the same, and must not be left behind either.
func testExecCancelledSilent(t *testing.T, s *suite) {
	s.requireCancelled(t, "echo started; exec sleep 4321 >/dev/null 2>/dev/null")
}

// requireCancelled cancels an exec whose script comes to `sleep 4321`.
func (s *suite) requireCancelled(t *testing.T, script string) {
	t.Helper()
	c := s.start(t)
	ctx, cancel := context.WithCancel(s.ctx(t))
	defer cancel()
	seen := newWatchedBuffer("started\n")
	var g errgroup.Group
	g.Go(func() error {
		_, err := s.b.Exec(ctx, c.ID, backend.ExecSpec{
			Command: []string{"sh", "-c", script},
			Stdout:  seen,
		})
		return err
	})
	seen.await(s.ctx(t), t, "started\n")
	sleeps := func() bool { return strings.Contains(s.run(t, c.ID, "ps"), "sleep 4321") }
	s.await(t, sleeps, "the command sleeps")
	cancel()
	require.ErrorIs(t, g.Wait(), context.Canceled)
	s.await(t, func() bool { return !sleeps() }, "the process ends")
	require.Equal(t, backend.StateRunning, s.inspect(t, c.ID).State)
}

func testExecCancelledBefore(t *testing.T, s *suite) {
	c := s.start(t)
	ctx, cancel := context.WithCancel(s.ctx(t))
	cancel()
	_, err := s.b.Exec(ctx, c.ID, backend.ExecSpec{Command: []string{"touch", "/ran"}})
	require.ErrorIs(t, err, context.Canceled)
	require.NotZero(t, s.try(t, c.ID, "test", "-e", "/ran"))
}

// testExecContainerRemoved: a command whose container goes is never reported as a success.
func testExecContainerRemoved(t *testing.T, s *suite) {
	c := s.start(t)
	seen := newWatchedBuffer("started\n")
	var g errgroup.Group
	code := 0
	var execErr error
	g.Go(func() error {
		code, execErr = s.b.Exec(s.ctx(t), c.ID,
			backend.ExecSpec{Command: []string{"sh", "-c", "echo started; sleep 4321"}, Stdout: seen})
		return nil
	})
	seen.await(s.ctx(t), t, "started\n")
	require.NoError(t, s.b.RemoveContainer(s.ctx(t), c.ID))
	require.NoError(t, g.Wait())
	if execErr == nil {
		require.NotZero(t, code)
	}
}

func testExecCreated(t *testing.T, s *suite) {
	s.requireExecFails(t, s.create(t).ID, backend.ErrNotRunning)
}

func testExecExited(t *testing.T, s *suite) {
	c, _ := s.finished(t, command("true"))
	s.requireExecFails(t, c.ID, backend.ErrNotRunning)
}

func testExecAbsent(t *testing.T, s *suite) {
	s.requireExecFails(t, unset, backend.ErrNotFound)
}

func (s *suite) requireExecFails(t *testing.T, id string, want error) {
	t.Helper()
	_, err := s.b.Exec(s.ctx(t), id, backend.ExecSpec{Command: []string{"true"}})
	require.ErrorIs(t, err, want)
}
