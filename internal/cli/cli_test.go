package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle"
)

func testRoot() *cobra.Command {
	return NewCmdRoot(cmdutil.NewFactory(cmdutil.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, "1.2.3"))
}

// The number after -c may be attached, and other letters may stand before it.
func TestJoinConcurrency(t *testing.T) {
	for _, tc := range []struct{ in, want []string }{
		{[]string{"test", "-c", "4"}, []string{"test", "-c=4"}},
		{[]string{"test", "-c4"}, []string{"test", "-c=4"}},
		{[]string{"test", "-c=4"}, []string{"test", "-c=4"}},
		{[]string{"verify", "-fc", "2", "web"}, []string{"verify", "-fc=2", "web"}},
		{[]string{"verify", "-fDc2", "web"}, []string{"verify", "-fDc=2", "web"}},
		{[]string{"test", "--concurrency", "12", "all"}, []string{"test", "--concurrency=12", "all"}},
		{[]string{"test", "-c", "default"}, []string{"test", "-c", "default"}},
		{[]string{"test", "-c"}, []string{"test", "-c"}},
		{[]string{"test", "-cf", "2"}, []string{"test", "-cf", "2"}},
		{[]string{"test", "-tc4"}, []string{"test", "-tc4"}},
		{[]string{"exec", "x", "-c4"}, []string{"exec", "x", "-c4"}},
		{[]string{"exec", "x", "-c", "4"}, []string{"exec", "x", "-c", "4"}},
		{[]string{"exec", "x", "--", "sh", "-c", "4"}, []string{"exec", "x", "--", "sh", "-c", "4"}},
	} {
		require.Equal(t, tc.want, joinConcurrency(testRoot(), tc.in))
	}
}

func TestExitCodes(t *testing.T) {
	interrupted, cancel := context.WithCancelCause(context.Background())
	cancel(cmdutil.ErrInterrupted)
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
		{t.Context(), cmdutil.ExitCode(7), 7},
		{interrupted, failed, 130},
		{interrupted, errors.New("anything"), 130},
	} {
		require.Equal(t, tc.want, codeOf(tc.ctx, tc.err), "%v", tc.err)
	}
}

// What an action failed with was printed while it ran; what failed beside it was not.
func TestPrintError(t *testing.T) {
	action := &lifecycle.ActionError{Failures: []lifecycle.Failure{{Instance: "a", Err: errors.New("x")}}}
	report := errors.New("--report junit=ci/junit.xml: no space left on device")
	for _, tc := range []struct {
		err  error
		want string
	}{
		{action, ""},
		{fmt.Errorf("more: %w", action), ""},
		{errors.Join(action, report), ">>>>>> " + report.Error() + "\n"},
		{errors.Join(errors.Join(action, errors.New("one\ntwo")), report),
			">>>>>> one\n>>>>>> two\n>>>>>> " + report.Error() + "\n"},
		{errors.Join(errors.New("one"), report), ">>>>>> one\n>>>>>> " + report.Error() + "\n"},
		{fmt.Errorf("both %w and %w", errors.New("one"), report), ">>>>>> both one and " + report.Error() + "\n"},
	} {
		name := filepath.Join(t.TempDir(), "stderr")
		stderr, err := os.Create(name)
		require.NoError(t, err)
		printError(cmdutil.NewFactory(cmdutil.Streams{Err: stderr}, ""), tc.err)
		require.NoError(t, stderr.Close())
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, tc.want, string(got))
	}
}

// A word that is no command, and a flag that is none, are errors that name what is near.
func TestUnknownWords(t *testing.T) {
	for line, want := range map[string]string{
		"completion bogus": "write one of bash, fish, powershell, zsh",
		"completion bahs":  "Did you mean bash?",
		"snapshot lst":     "Did you mean list?",
		"verfy":            "verify",
		"test --repot x=y": "Did you mean --report?",
		"test --zzzzzzz":   "unknown flag: --zzzzzzz\nSee `galley test --help`",
	} {
		root := testRoot()
		root.SetArgs(strings.Fields(line))
		err := root.Execute()
		require.ErrorContains(t, err, want, line)
	}
}

// Every command that people see has examples.
func TestExamples(t *testing.T) {
	var look func(*cobra.Command)
	look = func(cmd *cobra.Command) {
		for _, c := range cmd.Commands() {
			if c.Hidden {
				continue
			}
			if c.Parent().Name() != "completion" { // cobra's own, whose text has them
				require.Contains(t, c.Example, "galley "+strings.TrimPrefix(c.CommandPath(), "galley "), c.CommandPath())
			}
			look(c)
		}
	}
	look(testRoot())
}
