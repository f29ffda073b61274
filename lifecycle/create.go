package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
)

// create brings the runner into being, or back into line with kitchen.yml.
func (w *worker) create(ctx context.Context) error {
	spec, own, img, err := w.spec(ctx)
	if err != nil {
		return err
	}
	digests, err := specDigests(spec)
	if err != nil {
		return err
	}
	digest := combine(digests)
	if w.container != nil {
		done, err := w.adopt(ctx, digests, img)
		if done || err != nil {
			return err
		}
	}
	if img.ID != "" { // the name may be another one's on this engine
		spec.Image = img.ID
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
func (w *worker) adopt(ctx context.Context, digests map[string]string, img backend.Image) (done bool, err error) {
	c := w.container
	change := w.drift(digests, img)
	if change != "" && !w.run.o.NoRecreate {
		w.notice(LevelInfo, "recreating the runner, since "+change)
		return false, w.removeRunner(ctx)
	}
	if change != "" {
		w.notice(LevelWarn, "kept the runner although "+change+" (--no-recreate)")
	}
	switch c.State {
	case backend.StateRunning:
		w.notice(LevelDebug, "the runner is there already")
	case backend.StateCreated, backend.StateExited:
		w.notice(LevelInfo, "the runner does not run; starting it")
		if err := w.eng.StartContainer(ctx, c.ID); err != nil {
			return false, err
		}
		c.State = backend.StateRunning
	default:
		return false, w.removeRunner(ctx)
	}
	w.state.ContainerID = c.ID
	if change == "" {
		w.state.Spec = digests
	}
	return true, nil
}

// drift says in what the runner differs from what kitchen.yml wants now, "" when in
// nothing. Its image is compared by ID, since a tag can move.
func (w *worker) drift(digests map[string]string, img backend.Image) string {
	if w.container.Labels[backend.LabelSpec] == combine(digests) {
		if w.container.ImageID != img.ID {
			return "its image is another one now"
		}
		return ""
	}
	fields := changedFields(w.state.Spec, digests)
	if w.state.Spec == nil || len(fields) == 0 {
		return "its configuration changed"
	}
	return strings.Join(fields, ", ") + " changed in its configuration"
}

// spec finds the images, makes sure of what runners share, and says what this
// one must be like. What does not depend on each other is asked side by side; one
// that fails leaves the others to end by themselves, since other instances of the
// run wait for the same answers.
//
// The platform's image and the network are there in all likelihood. They are not asked
// for then: img has no ID, and makeAndStart makes sure of them if they are missing.
func (w *worker) spec(ctx context.Context) (spec backend.ContainerSpec, b boxes, img backend.Image, err error) {
	d := w.inst.Driver
	prov, err := w.provisioner()
	if err != nil {
		return spec, b, img, err
	}
	ver, err := w.verifier()
	if err != nil {
		return spec, b, img, err
	}
	image, err := backend.NormalizeRef(qualify(d.Registry, d.Image))
	if err != nil {
		return spec, b, img, err
	}
	var wanted []*provisioner.Tool
	if t := prov.Tool(); t != nil {
		wanted = append(wanted, t)
	}
	if ref := ver.ToolImage(); ref != "" && (len(wanted) == 0 || wanted[0].Image != ref) {
		wanted = append(wanted, &provisioner.Tool{Image: ref, Remedy: "Choose another verifier.image: one that declares a VOLUME with the tool."})
	}
	tools := make([]backend.Tool, len(wanted))
	var g errgroup.Group
	if !w.mayAssumeImage() {
		g.Go(func() (err error) {
			img, err = w.platformImage(ctx)
			return err
		})
	}
	for n, t := range wanted {
		g.Go(func() error {
			toolImg, err := w.toolImage(ctx, t)
			if err != nil {
				return err
			}
			tools[n], err = w.eng.tool(t, toolImg, d.ToolAccess)
			return err
		})
	}
	if d.Network.Name == defaultNetwork && d.IPv6 {
		g.Go(func() error { return w.eng.network(ctx, w) })
	}
	if err := g.Wait(); err != nil {
		return spec, b, img, err
	}
	if b, err = w.sandboxes(); err != nil {
		return spec, b, img, err
	}
	if len(d.IntermediateInstructions) > 0 {
		image = img.ID
	}
	return runnerSpec(w.run.o.Project, w.inst, image, tools, b, w.run.environ), b, img, nil
}

// mayAssumeImage tells whether the runner can be made from the platform's image by
// its name, without a look at it: it need not be newer, of another architecture or
// built, and there is no runner to compare with.
func (w *worker) mayAssumeImage() bool {
	d := w.inst.Driver
	policy := w.run.pullPolicy(d.PullPlatform)
	return w.container == nil && d.OCIPlatform == "" && len(d.IntermediateInstructions) == 0 &&
		(policy == config.PullMissing || policy == config.PullNever)
}

// makeSure finds the platform's image, and the network, when a runner could not be
// made because something is not there.
func (w *worker) makeSure(ctx context.Context, spec *backend.ContainerSpec) error {
	img, err := w.platformImage(ctx)
	if err != nil {
		return err
	}
	spec.Image = img.ID
	if w.inst.Driver.Network.Name == defaultNetwork {
		return w.eng.network(ctx, w)
	}
	return nil
}

// platformImage is the image that the runner is made from: the platform's own, or
// a work image on top of it.
func (w *worker) platformImage(ctx context.Context) (backend.Image, error) {
	d := w.inst.Driver
	img, err := w.eng.image(ctx, w, qualify(d.Registry, d.Image), d.OCIPlatform, d.PullPlatform)
	if err != nil || len(d.IntermediateInstructions) == 0 {
		return img, err
	}
	return w.eng.work(ctx, w, img)
}

// makeAndStart creates and starts the runner. A runner that was left half-made by
// a galley that died is taken out of the way. When the engine says that it does
// not see a directory, the runner gets volumes in place of the sandboxes, and what
// it needs will be uploaded. Directories that kitchen.yml itself mounts are meant
// to be on the engine's host; where they are not, that is the error.
func (w *worker) makeAndStart(ctx context.Context, spec backend.ContainerSpec, own boxes) (c backend.Container, err error) {
	w.state.Upload = false
	sure := false
	for try := 0; ; try++ {
		c, err = w.createAndStart(ctx, spec)
		switch {
		case err == nil:
			return c, nil
		case try > 2 || ctx.Err() != nil:
			return c, err
		case errors.Is(err, backend.ErrNotFound) && !sure:
			sure = true
			if err := w.makeSure(ctx, &spec); err != nil {
				return c, err
			}
		case errors.Is(err, backend.ErrMountSource) && !w.state.Upload:
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

// createAndStart leaves nothing behind when it fails.
func (w *worker) createAndStart(ctx context.Context, spec backend.ContainerSpec) (backend.Container, error) {
	c, err := w.eng.CreateContainer(ctx, spec)
	if err != nil {
		return c, err
	}
	if err = w.eng.StartContainer(ctx, c.ID); err == nil {
		if w.state.Upload {
			w.notice(LevelInfo, "the engine does not see this machine's files; uploading instead of mounting")
		}
		return c, nil
	}
	rmCtx, cancel := cleanupContext(ctx)
	defer cancel()
	return c, errors.Join(err, w.eng.RemoveContainer(rmCtx, c.ID))
}

// unseenMounts are the same mounts for an engine that does not see this machine's
// directories: the sandboxes are places in the runner only.
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

// evict removes a container that has a name of this instance's, if it is its own.
// One that somebody else made is left alone.
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
	w.notice(LevelInfo, "removing a container that an earlier galley left behind")
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
