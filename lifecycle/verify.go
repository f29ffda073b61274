package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
	"github.com/galley-kitchen/galley/lifecycle/verifier"
)

// verify tests the runner.
func (w *worker) verify(ctx context.Context) error {
	ver, err := w.verifier()
	if err != nil {
		return err
	}
	b, err := w.sandboxes()
	if err != nil {
		return err
	}
	if err := w.prepare(ctx, b.verifier, func() error { return ver.Prepare(ctx, b.verifier) }); err != nil {
		return err
	}
	cases, err := w.runTests(ctx, ver, b.verifier)
	for _, c := range cases {
		w.run.o.Sink.Handle(TestFinished{Stamp: w.stamp(), Case: c})
	}
	return errors.Join(w.forgiveNoTests(err), w.download(ctx, b.verifier, w.inst.Verifier.Downloads))
}

func (w *worker) runTests(ctx context.Context, ver verifier.Verifier, box sandbox.Dir) ([]result.TestCase, error) {
	target := verifier.Target{ContainerID: w.container.ID, ContainerName: w.container.Name, Hostname: w.inst.Driver.Hostname,
		Endpoint: w.eng.endpoint.URI, ClientEnv: backend.ClientEnv(w.eng.endpoint)}
	stdout, stderr, flush := w.output()
	defer flush()
	return ver.Verify(ctx, w.access(box), target, box, runner.Output{Stdout: stdout, Stderr: stderr})
}

// forgiveNoTests passes an instance without tests, as Test Kitchen does, and says
// so; with RequireTests it is a failure.
func (w *worker) forgiveNoTests(err error) error {
	var none *verifier.NoTestsError
	if !errors.As(err, &none) {
		return err
	}
	if w.run.o.RequireTests {
		return fmt.Errorf("%w, and --require-tests is set", err)
	}
	w.notice(LevelInfo, none.Error())
	return nil
}

// doVerify tests the runner again, up to Retry times, when tests failed and not
// galley or the engine. Each time is a phase of its own, so that the reports can
// show what failed first and passed later.
func (w *worker) doVerify(ctx context.Context) error {
	err := w.do(ctx, PhaseVerify)
	for n := 1; n <= w.run.o.Retry && ctx.Err() == nil && testsFailed(err); n++ {
		w.notice(LevelWarn, fmt.Sprintf("verify failed; trying again (%d of %d)", n, w.run.o.Retry))
		err = w.do(ctx, PhaseVerify)
	}
	return err
}

func testsFailed(err error) bool {
	var failed *verifier.FailedError
	return errors.As(err, &failed)
}
