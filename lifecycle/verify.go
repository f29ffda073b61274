package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/verifier"
)

// verify tests the runner.
func (i *instanceRun) verify(ctx context.Context) error {
	if i.current != nil && !i.current.Verify {
		i.notice(LevelInfo, "nothing is tested after this step, as kitchen.yml says")
		return nil
	}
	ver, err := i.verifier()
	if err != nil {
		return err
	}
	i.reportChanges(ctx)
	i.keepMachine(ctx)
	sb, err := i.fillSandbox(ctx, verifierSandbox, ver.Prepare)
	if err != nil {
		return err
	}
	err = i.step(StepRun, func() error {
		stdout, stderr, flush := i.output()
		cases, err := ver.Verify(ctx, i.toolRun(sb, runner.Output{Stdout: stdout, Stderr: stderr, Case: i.testFinished}))
		flush()
		for _, c := range cases {
			i.testFinished(c)
		}
		return i.forgiveNoTests(err)
	})
	return errors.Join(err, i.download(ctx, i.inst.Verifier.Downloads))
}

// testFinished tells of a test case. That of a step is in a suite of the step's name.
func (i *instanceRun) testFinished(c result.TestCase) {
	if i.current != nil {
		c.Suite = strings.TrimSuffix(i.current.Name+": "+c.Suite, ": ")
	}
	i.emit(TestFinished{Stamp: i.stamp(), Case: c})
}

// forgiveNoTests passes an instance without tests, as Test Kitchen does, and says
// so; with RequireTests it is a failure.
func (i *instanceRun) forgiveNoTests(err error) error {
	var none *verifier.NoTestsError
	if !errors.As(err, &none) {
		return err
	}
	if n := i.inst.Node; i.run.o.RequireTests && (n == nil || n.Group.Verifier.Kind == "") {
		return fmt.Errorf("%w, and --require-tests is set", err)
	}
	i.notice(LevelInfo, none.Error())
	return nil
}

// verifyWithRetries tests the runner again, up to Retry times, when tests failed and not galley or the engine. Each
// time is a phase of its own, so that the reports can show what failed first and passed later.
func (i *instanceRun) verifyWithRetries(ctx context.Context) error {
	err := i.runPhase(ctx, PhaseVerify)
	var failed *verifier.FailedError
	for n := 1; n <= i.run.o.Retry && ctx.Err() == nil && errors.As(err, &failed); n++ {
		i.notice(LevelWarn, fmt.Sprintf("verify failed; trying again (%d of %d)", n, i.run.o.Retry))
		err = i.runPhase(ctx, PhaseVerify)
	}
	return err
}
