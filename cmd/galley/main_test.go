package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"galley": func() { os.Exit(Main()) }})
}

// TestScripts runs the command line as a user does, without any engine.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir+"/.home")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			// exits N COMMAND…: the command ends with exactly this code.
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				err := ts.Exec(args[1], args[2:]...)
				code := "0"
				var exit interface{ ExitCode() int }
				if errors.As(err, &exit) {
					code = fmt.Sprint(exit.ExitCode())
				} else if err != nil {
					ts.Fatalf("%v", err)
				}
				if code != args[0] {
					ts.Fatalf("exit code %s, want %s", code, args[0])
				}
			},
		},
	})
}

func TestJoinConcurrency(t *testing.T) {
	for _, tc := range []struct{ in, want []string }{
		{[]string{"test", "-c", "4"}, []string{"test", "-c=4"}},
		{[]string{"test", "--concurrency", "12", "all"}, []string{"test", "--concurrency=12", "all"}},
		{[]string{"test", "-c", "default"}, []string{"test", "-c", "default"}},
		{[]string{"test", "-c"}, []string{"test", "-c"}},
		{[]string{"exec", "x", "--", "sh", "-c", "4"}, []string{"exec", "x", "--", "sh", "-c", "4"}},
	} {
		require.Equal(t, tc.want, joinConcurrency(tc.in))
	}
}

func TestExitCodes(t *testing.T) {
	interrupted, cancel := context.WithCancelCause(context.Background())
	cancel(errInterrupted)
	failed := &lifecycle.ActionError{Failures: []lifecycle.Failure{{Instance: "a"}}}
	for _, tc := range []struct {
		ctx  context.Context
		err  error
		want int
	}{
		{t.Context(), nil, 0},
		{t.Context(), errors.New("wrong flag"), 1},
		{t.Context(), failed, 20},
		{t.Context(), fmt.Errorf("more: %w", failed), 20},
		{t.Context(), exitCode(7), 7},
		{interrupted, failed, 130},
		{interrupted, errors.New("anything"), 130},
	} {
		require.Equal(t, tc.want, codeOf(tc.ctx, tc.err), "%v", tc.err)
	}
}

func TestChoose(t *testing.T) {
	all := []string{"default-debian", "default-debian-12", "web-alma"}
	same := func(s string) string { return s }
	for _, tc := range []struct {
		args, want []string
		err        string
	}{
		{nil, all, ""},
		{[]string{"all"}, all, ""},
		{[]string{"default-debian"}, []string{"default-debian"}, ""}, // exact beats pattern
		{[]string{"debian"}, []string{"default-debian", "default-debian-12"}, ""},
		{[]string{"alma", "12$"}, []string{"default-debian-12", "web-alma"}, ""},
		{[]string{"nothing"}, nil, "no instances for \"nothing\""},
		{[]string{"("}, nil, "neither an instance nor a regular expression"},
	} {
		got, err := choose(all, same, tc.args)
		if tc.err != "" {
			require.ErrorContains(t, err, tc.err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tc.want, got)
	}
}
