package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/internal/helper"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// converge brings the runner to its desired state.
func (i *instanceRun) converge(ctx context.Context) error {
	if i.current != nil {
		if err := i.beforeConverge(ctx); err != nil || !i.current.Converge {
			return err
		}
	}
	prov, err := i.provisioner()
	if err != nil {
		return err
	}
	sb, err := i.fillSandbox(ctx, kitchenSandbox, prov.Prepare)
	if err != nil {
		return err
	}
	if err := i.watchInputs(ctx, sb); err != nil {
		return err
	}
	if uploads := i.inst.Provisioner.Uploads; len(uploads) > 0 {
		if err := i.step(StepUploads, func() error { return i.live().sendUploads(ctx, uploads) }); err != nil {
			return err
		}
	}
	err = i.step(StepRun, func() error {
		stdout, stderr, flush := i.output()
		summary, err := prov.Converge(ctx, i.toolRun(sb, runner.Output{Stdout: stdout, Stderr: stderr}))
		flush()
		i.state.Changed = nil
		if summary.Changed >= 0 {
			i.state.Changed = &summary.Changed
		}
		if summary.Text != "" || summary.Changed >= 0 {
			i.emit(ConvergeSummary{i.stamp(), summary})
		}
		return err
	})
	if err = errors.Join(err, i.download(ctx, i.inst.Provisioner.Downloads)); err == nil {
		i.reportChanges(ctx)
		i.keepMachine(ctx)
	}
	return err
}

// toolRun is a run of a provisioner or a verifier in the runner.
func (i *instanceRun) toolRun(sb sandbox.Dir, out runner.Output) runner.Run {
	e := i.eng.endpoint
	return runner.Run{Runner: i.access(sb), Sandbox: sb, Out: out, Target: runner.Target{ContainerID: i.container.ID,
		ContainerName: i.container.Name, Hostname: i.inst.Driver.Hostname, Image: i.container.ImageID,
		Engine: string(e.Kind), Endpoint: e.URI, ClientEnv: backend.ClientEnv(e)}}
}

// fillSandbox makes the sandboxes if they are gone and fills one. What the runner's root
// left there and this user cannot remove is removed through the runner.
func (i *instanceRun) fillSandbox(ctx context.Context, name string,
	fill func(context.Context, sandbox.Dir) error) (sb sandbox.Dir, err error) {
	if i.container == nil {
		return sb, fmt.Errorf("%s has no runner\nRun `galley create %s` first", i.inst.Name, i.inst.Name)
	}
	return sb, i.step(StepPrepare, func() error {
		if err := i.makeSandboxes(ctx); err != nil {
			return err
		}
		sb = i.sandbox(name)
		err := fill(ctx, sb)
		var left *sandbox.LeftoverError
		if !errors.As(err, &left) {
			return err
		}
		if rmErr := i.access(sb).removeThere(ctx, left.Paths); rmErr != nil {
			return errors.Join(err, rmErr)
		}
		return fill(ctx, sb)
	})
}

// download fetches what kitchen.yml's `downloads` name, also after a failure.
func (i *instanceRun) download(ctx context.Context, files map[string]string) error {
	if len(files) == 0 {
		return nil
	}
	return i.step(StepDownloads, func() error { return i.live().download(ctx, files) })
}

// workstation is a provisioner.Workstation on the instance's engine. No lock file counts for it: what it makes of the
// cookbooks has a lock file of its own.
func (i *instanceRun) workstation(ctx context.Context, image string) (provisioner.Place, error) {
	if i.onlyLook {
		return nil, errors.New("its cookbooks have to be resolved in a container first")
	}
	img, err := i.unlocked().image(ctx, image, "", i.inst.Driver.PullTool)
	if err != nil {
		return nil, err
	}
	return helper.Start(ctx, i.eng, backend.ContainerSpec{
		Name:  names.Label("galley-"+i.run.o.Project.ID+"-resolve-", names.Random(6)),
		Image: img.ID, User: "0", Entrypoint: []string{"sh", "-c", pidOne}, Labels: i.labels(label.RoleHelper),
	})
}
