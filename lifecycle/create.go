package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// create brings the runner into being, or back into line with kitchen.yml.
func (w *worker) create(ctx context.Context) error {
	spec, own, err := w.spec(ctx)
	if err != nil {
		return err
	}
	digests, err := specDigests(spec)
	if err != nil {
		return err
	}
	digest := combine(digests)
	if w.container != nil {
		done, err := w.adopt(ctx, digest, digests)
		if done || err != nil {
			return err
		}
	}
	if spec.Labels == nil {
		spec.Labels = backend.Labels{}
	}
	for k, v := range w.run.labels(backend.RoleRunner) {
		spec.Labels[k] = v
	}
	spec.Labels[backend.LabelProject] = w.run.o.Project.ID
	spec.Labels[backend.LabelProjectDir] = w.run.o.Project.Root
	spec.Labels[backend.LabelInstance] = w.inst.Name
	spec.Labels[backend.LabelSpec] = digest

	c, err := w.makeAndStart(ctx, spec, own)
	if err != nil {
		return err
	}
	for _, text := range c.Warnings {
		w.notice(LevelWarn, text)
	}
	c.State, c.Labels = backend.StateRunning, spec.Labels
	w.container = &c
	w.state.ContainerID, w.state.Spec = c.ID, digests
	if spec.Init == backend.InitSystemd {
		return w.awaitSystemd(ctx)
	}
	return nil
}

// adopt keeps a runner that is there already when it is as kitchen.yml wants it,
// and removes it otherwise. done means that nothing is left to do.
func (w *worker) adopt(ctx context.Context, digest string, digests map[string]string) (done bool, err error) {
	c := w.container
	if c.Labels[backend.LabelSpec] == digest || w.run.o.NoRecreate {
		if c.Labels[backend.LabelSpec] != digest {
			w.notice(LevelWarn, "kept the runner although "+w.whatChanged(digests)+" (--no-recreate)")
		}
		switch c.State {
		case backend.StateRunning:
			w.notice(LevelDebug, "the runner is there already")
			w.adopted(digests)
			return true, nil
		case backend.StateCreated, backend.StateExited:
			w.notice(LevelInfo, "the runner does not run; starting it")
			if err := w.eng.StartContainer(ctx, c.ID); err != nil {
				return false, err
			}
			c.State = backend.StateRunning
			w.adopted(digests)
			return true, nil
		}
	} else {
		w.notice(LevelInfo, "recreating the runner, since "+w.whatChanged(digests))
	}
	return false, w.removeRunner(ctx)
}

// adopted remembers a runner that was there already.
func (w *worker) adopted(digests map[string]string) {
	w.state.ContainerID = w.container.ID
	if w.container.Labels[backend.LabelSpec] == combine(digests) {
		w.state.Spec = digests
	}
}

func (w *worker) whatChanged(digests map[string]string) string {
	if w.state.Spec == nil {
		return "its configuration changed"
	}
	fields := changedFields(w.state.Spec, digests)
	if len(fields) == 0 {
		return "its configuration changed"
	}
	return strings.Join(fields, ", ") + " changed in its configuration"
}

// spec finds the images, makes sure of what runners share, and says what this
// one must be like.
func (w *worker) spec(ctx context.Context) (spec backend.ContainerSpec, b boxes, err error) {
	d := w.inst.Driver
	img, err := w.eng.image(ctx, w, qualify(d.Registry, d.Image), d.OCIPlatform, d.PullPlatform)
	if err != nil {
		return spec, b, err
	}
	if len(d.IntermediateInstructions) > 0 {
		if img, err = w.eng.work(ctx, w, img); err != nil {
			return spec, b, err
		}
	}
	prov, err := w.provisioner()
	if err != nil {
		return spec, b, err
	}
	tool := ""
	if t := prov.Tool(); t != nil {
		toolImg, err := w.eng.image(ctx, w, qualify(d.Registry, t.Image), d.OCIPlatform, d.PullTool)
		if err != nil {
			return spec, b, err
		}
		if tool, err = w.eng.tool(ctx, w, toolImg, d.OCIPlatform); err != nil {
			return spec, b, err
		}
	}
	if d.NetworkMode == defaultNetwork {
		if err := w.eng.network(ctx, d); err != nil {
			return spec, b, err
		}
	}
	if b, err = w.sandboxes(); err != nil {
		return spec, b, err
	}
	visible := b
	if w.state.Upload {
		visible = b.unseen()
	}
	return runnerSpec(w.run.o.Project, w.inst, img.ID, tool, visible, w.run.environ), b, nil
}

// unseen are the same sandboxes for an engine that does not see this machine's
// directories: they are places in the runner only.
func (b boxes) unseen() boxes {
	return boxes{kitchen: sandbox.Dir{Remote: b.kitchen.Remote}, verifier: sandbox.Dir{Remote: b.verifier.Remote}}
}

// makeAndStart creates and starts the runner. A runner that was left half-made by
// a galley that died is taken out of the way. When the engine says that it does
// not see the sandboxes, the runner gets volumes in their place, and what it
// needs will be uploaded.
func (w *worker) makeAndStart(ctx context.Context, spec backend.ContainerSpec, own boxes) (c backend.Container, err error) {
	for try := 0; ; try++ {
		c, err = w.eng.CreateContainer(ctx, spec)
		if err == nil {
			if err = w.eng.StartContainer(ctx, c.ID); err == nil {
				return c, nil
			}
			rmCtx, cancel := cleanupContext(ctx)
			rmErr := w.eng.RemoveContainer(rmCtx, c.ID)
			cancel()
			if rmErr != nil {
				return c, errors.Join(err, rmErr)
			}
		}
		switch {
		case try > 0 || ctx.Err() != nil:
			return c, err
		case errors.Is(err, backend.ErrMountSource) && !w.state.Upload && w.onlyOwnBindsUnseen(spec):
			w.notice(LevelInfo, "the engine does not see this machine's files; uploading instead of mounting")
			w.state.Upload = true
			spec.Mounts = unseenMounts(spec.Mounts, own)
		case errors.Is(err, backend.ErrConflict):
			if err := w.evict(ctx, spec.Name, err); err != nil {
				return c, err
			}
		default:
			return c, err
		}
	}
}

// onlyOwnBindsUnseen is false when kitchen.yml has binds of its own: those cannot
// be uploaded, and the engine's complaint is for the user.
func (w *worker) onlyOwnBindsUnseen(spec backend.ContainerSpec) bool {
	for _, m := range spec.Mounts {
		if m.Type == backend.MountBind && !m.Own {
			return false
		}
	}
	return true
}

func unseenMounts(mounts []backend.Mount, own boxes) []backend.Mount {
	var list []backend.Mount
	for _, m := range mounts {
		if m.Own && (m.Target == own.kitchen.Remote || m.Target == own.verifier.Remote) {
			m = backend.Mount{Type: backend.MountVolume, Target: m.Target}
		}
		list = append(list, m)
	}
	return list
}

// evict removes a container that has the runner's name, if it is this instance's
// own. One that somebody else made is left alone.
func (w *worker) evict(ctx context.Context, name string, cause error) error {
	c, err := w.eng.InspectContainer(ctx, name)
	if errors.Is(err, backend.ErrNotFound) {
		return cause
	}
	if err != nil {
		return errors.Join(cause, err)
	}
	if c.Labels[backend.LabelProject] != w.run.o.Project.ID || c.Labels[backend.LabelInstance] != w.inst.Name {
		return fmt.Errorf("%w\nThe container %s is not galley's. Remove or rename it", cause, name)
	}
	w.notice(LevelInfo, "removing a runner that an earlier galley left behind")
	return w.eng.RemoveContainer(ctx, c.ID)
}

func (w *worker) removeRunner(ctx context.Context) error {
	if err := w.eng.RemoveContainer(ctx, w.container.ID); err != nil {
		return err
	}
	w.container = nil
	w.state.ContainerID, w.state.Spec, w.state.Upload, w.state.LastAction = "", nil, false, ""
	return w.save()
}
