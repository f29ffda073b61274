package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
	"github.com/galley-kitchen/galley/lifecycle/verifier"
)

// converge brings the runner to its desired state.
func (w *worker) converge(ctx context.Context) error {
	prov, err := w.provisioner()
	if err != nil {
		return err
	}
	b, err := w.sandboxes()
	if err != nil {
		return err
	}
	if err := w.prepare(ctx, b.kitchen, func() error { return prov.Prepare(ctx, b.kitchen) }); err != nil {
		return err
	}
	stdout, stderr, flush := w.output()
	summary, err := prov.Converge(ctx, w.access(b.kitchen), b.kitchen, runner.Output{Stdout: stdout, Stderr: stderr})
	flush()
	if summary.Text != "" || summary.Changed >= 0 {
		w.run.o.Sink.Handle(ConvergeSummary{Stamp: w.stamp(), Text: summary.Text, Changed: summary.Changed})
	}
	return errors.Join(err, w.download(ctx, b.kitchen, w.inst.Provisioner.Downloads))
}

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
	target := verifier.Target{ContainerID: w.container.ID, ContainerName: w.container.Name,
		Hostname: w.inst.Driver.Hostname, Endpoint: w.eng.endpoint.URI}
	stdout, stderr, flush := w.output()
	cases, err := ver.Verify(ctx, w.access(b.verifier), target, b.verifier, runner.Output{Stdout: stdout, Stderr: stderr})
	flush()
	for _, c := range cases {
		w.run.o.Sink.Handle(TestFinished{Stamp: w.stamp(), Case: c})
	}
	return errors.Join(err, w.download(ctx, b.verifier, w.inst.Verifier.Downloads))
}

// prepare fills a sandbox. What the runner's root left there and this user cannot
// remove is removed through the runner.
func (w *worker) prepare(ctx context.Context, box sandbox.Dir, fill func() error) error {
	if w.container == nil {
		return fmt.Errorf("%s has no runner\nRun `galley create %s` first", w.inst.Name, w.inst.Name)
	}
	err := fill()
	var left *sandbox.LeftoverError
	if !errors.As(err, &left) {
		return err
	}
	code, execErr := w.access(box).Exec(ctx, runner.Command{Argv: []string{"sh", "-c", `rm -rf "$0"/* "$0"/.[!.]*`, box.Remote}})
	if execErr != nil || code != 0 {
		return errors.Join(err, execErr)
	}
	return fill()
}

// download fetches what kitchen.yml's `downloads` name, also after a failure.
func (w *worker) download(ctx context.Context, box sandbox.Dir, files map[string]string) error {
	var errs []error
	ctx, cancel := cleanupContext(ctx)
	defer cancel()
	for from, to := range files {
		if err := w.access(box).Download(ctx, from, to); err != nil {
			errs = append(errs, fmt.Errorf("download %s: %w", from, err))
		}
	}
	return errors.Join(errs...)
}
