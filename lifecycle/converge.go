package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
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
	if err := w.sendUploads(ctx); err != nil {
		return err
	}
	stdout, stderr, flush := w.output()
	summary, err := prov.Converge(ctx, w.access(b.kitchen), b.kitchen, runner.Output{Stdout: stdout, Stderr: stderr})
	flush()
	if summary.Text != "" || summary.Changed >= 0 {
		w.run.o.Sink.Handle(ConvergeSummary{Stamp: w.stamp(), Text: summary.Text, Changed: summary.Changed,
			Failed: summary.Failed, Changes: summary.Changes})
	}
	return errors.Join(err, w.download(ctx, b.kitchen, w.inst.Provisioner.Downloads))
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
	if rmErr := w.removeThere(ctx, box, left.Paths); rmErr != nil {
		return errors.Join(err, rmErr)
	}
	return fill()
}
