package converge

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// rebooting is a runner whose commands exit with these codes, one after another.
type rebooting struct {
	runner.Runner
	codes   []int
	init    bool
	reboots int
}

func (r *rebooting) Exec(context.Context, runner.Command) (int, error) {
	code := r.codes[0]
	r.codes = r.codes[1:]
	return code, nil
}

func (r *rebooting) Reboots() func(context.Context) error {
	if !r.init {
		return nil
	}
	return func(context.Context) error {
		r.reboots++
		return nil
	}
}

// A tool that asks for a reboot gets it where there is an init, as often as it may be tried again.
func TestReboots(t *testing.T) {
	for _, c := range []struct {
		runner  rebooting
		reboots int
		err     string
	}{
		{rebooting{codes: []int{37, 0}, init: true}, 1, ""},
		{rebooting{codes: []int{37, 37, 37}, init: true}, 2, "the tool exited with code 37: it asks for a reboot"},
		{rebooting{codes: []int{37}}, 0, "the tool exited with code 37"},
		{rebooting{codes: []int{35, 0}}, 0, ""},
	} {
		j := Job{What: "the tool", Reboots: []int{35, 37}, Env: map[string]string{},
			Keys: config.Provisioner{MaxRetries: 2, RetryOnExitCode: []int{35}}}
		_, err := j.Run(t.Context(), runner.Run{Runner: &c.runner,
			Out: runner.Output{Stdout: io.Discard, Stderr: io.Discard}})
		require.Equal(t, c.reboots, c.runner.reboots)
		if c.err == "" {
			require.NoError(t, err)
		} else {
			require.EqualError(t, err, c.err)
		}
	}
}
