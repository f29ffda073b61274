package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/timing"
	"github.com/galley-kitchen/galley/lifecycle/internal/dummy"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
	"github.com/galley-kitchen/galley/lifecycle/service"
)

// create brings the runner into being, or back into line with kitchen.yml. It goes on
// after the steps that are recorded.
func (i *instanceRun) create(ctx context.Context) error {
	if i.whole != nil {
		return i.createGroup(ctx)
	}
	if err := i.createHooks(ctx, StepPreCreate); err != nil {
		return err
	}
	if d := i.inst.Driver; d.Kind == config.DriverDummy { // otherwise galley makes a container for it too
		if err := dummy.Do(ctx, d.Dummy, "the dummy driver fails, as driver.fail_create or random_failure says"); err != nil {
			return err
		}
	}
	p, err := i.prepare(ctx, true)
	if err != nil {
		return err
	}
	if err := i.ensureRunnerAndSandboxes(ctx, p); err != nil {
		return err
	}
	if i.snapshot != nil {
		if err := i.recordedStep(StepVolumes, func() error { return i.restoreVolumes(ctx) }); err != nil {
			return err
		}
	}
	if !i.state.has(StepBoot) {
		if err := i.recordedStep(StepBoot, func() error { return i.awaitBoot(ctx, p.image) }); err != nil {
			return err
		}
	}
	if err := i.watchProcesses(ctx); err != nil {
		return err
	}
	return i.createHooks(ctx, StepPostCreate)
}

// ensureRunnerAndSandboxes has the engine tell whether it remaps users while it makes the runner: Docker takes 10 ms
// for that, and it is about no more than the mode of the sandboxes that prepare has made, in which nothing is yet.
func (i *instanceRun) ensureRunnerAndSandboxes(ctx context.Context, p plan) error {
	var remaps bool
	var g errgroup.Group
	g.Go(func() (err error) { remaps, err = i.eng.RemapsUsers(ctx); return err })
	err := i.ensureRunner(ctx, p)
	if err = cmp.Or(err, g.Wait()); err != nil {
		return err
	}
	if needsOpenSandbox(i.inst.Driver, remaps) != i.openSandbox {
		return i.makeSandboxesFor(remaps)
	}
	return nil
}

// createHooks runs the hooks of a step of create, unless that is recorded as done.
func (i *instanceRun) createHooks(ctx context.Context, s Step) error {
	if i.state.has(s) {
		return nil
	}
	if len(i.inst.Hooks[string(s)]) == 0 {
		i.state.Steps = append(i.state.Steps, s) // saved with what follows
		return nil
	}
	if err := i.hooks(ctx, string(s)); err != nil {
		return err
	}
	return i.record(s)
}

// plan is what the runner must be like.
type plan struct {
	spec    backend.ContainerSpec
	digests map[string]string
	// image is what the runner is made from, the platform's or a snapshot's; it has no ID when that was taken for
	// granted.
	image backend.Image
	// shared is what the answers came from.
	shared *shared
}

// prepare finds the images, ensures what runners share, and plans the runner. What does
// not depend on each other is asked side by side; the others end by
// themselves when one fails, since other instances of the run wait for the same answers.
//
// The platform's image and the network are there in all likelihood. With assume they are not asked for then: the plan's
// image has no ID, and ensureRunner prepares again if they are missing after all.
func (i *instanceRun) prepare(ctx context.Context, assume bool) (p plan, err error) {
	d := i.inst.Driver
	wanted, err := i.wantedTools()
	if err != nil {
		return p, err
	}
	p.shared = i.eng.shared.Load()
	assume = assume && !p.shared.missed
	image, err := i.imageName(d.Image)
	if err != nil {
		return p, err
	}
	if err := i.recordedStep(StepSandbox, func() error {
		// In use, filled here, or what PID 1 of the user's may need.
		if i.container != nil || i.reuse != nil || d.WorkingDir != "" || len(d.Entrypoint)+len(d.Command) > 0 {
			return i.makeSandboxes(ctx)
		}
		return i.makeSandboxesFor(false) // ensureRunnerAndSandboxes asks
	}); err != nil {
		return p, err
	}
	tools := make([]backend.Tool, len(wanted))
	boot := i.wantsBoot(wanted)
	var g errgroup.Group
	goStep := func(s Step, do func() error) { g.Go(func() error { return i.recordedStep(s, do) }) }
	reusing := i.reuse != nil && i.container == nil
	late := reusing && i.inst.From != nil // a checkpoint spares the converge of what it starts from, too
	if !late && (!assume || boot >= 0 || !i.mayAssumeImage()) {
		goStep(StepImages, func() (err error) { p.image, err = i.runnerImage(ctx); return err })
	}
	if reusing { // findCheckpoint wants to know, and it takes as long as finding the image
		g.Go(func() error { _, err := i.eng.Info(ctx); return err })
	}
	if len(wanted) > 0 {
		goStep(StepTool, func() error { return i.ensureTools(ctx, wanted, tools) })
	}
	if d.Network.Name == defaultNetwork && i.inst.Node == nil && (!assume || d.IPv6) {
		goStep(StepNetwork, func() error { return i.network(ctx) })
	}
	shared := func() (any, error) { return nil, g.Wait() } // another instance may be at the same
	if _, err := timing.Waiting(ctx, "what instances share", shared); err != nil {
		return p, err
	}
	if reusing {
		if err := i.findCheckpoint(ctx); err != nil {
			return p, err
		}
	}
	fromCheckpoint := reusing && i.isReused()
	if fromCheckpoint {
		p.image = *i.reuse.hit
	} else if late {
		if err := i.recordedStep(StepImages,
			func() (err error) { p.image, err = i.parentImage(ctx); return err }); err != nil {
			return p, err
		}
	}
	if p.image.ID != "" { // the name may be another image's on this engine
		image = p.image.ID
	}
	p.spec = runnerSpec(i.run.o.Project, i.inst, image, tools, i.sandboxes(), i.run.project().Getenv)
	if p.spec.Mounts, err = i.withImages(ctx, p.spec.Mounts); err != nil {
		return p, err
	}
	if p.digests, err = i.digests(wanted); err != nil {
		return p, err
	}
	ids := make([]string, len(tools))
	for n, t := range tools {
		ids[n] = t.Image
	}
	p.digests[toolIDs] = textDigest(ids...)
	if mounted := imagesMounted(p.spec.Mounts); len(mounted) > 0 {
		p.digests[mountedIDs] = textDigest(mounted...)
	}
	if boot >= 0 && !fromCheckpoint { // it changes nothing of the runner but how fast it is
		if t := i.fastBoot(ctx, wanted[boot].Boot, tools[boot], p.image); t != nil {
			p.spec.Tools = append(p.spec.Tools, *t)
		}
	}
	if p.spec.Labels == nil {
		p.spec.Labels = backend.Labels{}
	}
	maps.Copy(p.spec.Labels, i.labels(label.RoleRunner))
	p.spec.Labels[label.Spec] = combine(p.digests)
	p.spec.Labels[label.Sandbox] = sandboxMounted
	switch {
	case fromCheckpoint: // whose own label may be from another engine
		p.spec.Labels[label.Image] = p.image.ID + " " + i.reuse.platform
	case i.snapshot != nil || i.inst.From != nil:
		p.spec.Labels[label.Image] = p.image.ID + " " + p.image.Labels[label.Image]
	}
	return p, nil
}

// wantedTools are the tools of the provisioner and the verifier.
func (i *instanceRun) wantedTools() ([]*provisioner.Tool, error) {
	prov, err := i.provisioner()
	if err != nil {
		return nil, err
	}
	ver, err := i.verifier()
	if err != nil {
		return nil, err
	}
	var wanted []*provisioner.Tool
	if t := prov.Tool(); t != nil {
		wanted = append(wanted, t)
	}
	images := []string{ver.ToolImage()}
	if n := i.inst.Node; n != nil && n.Name == n.Group.Nodes[0] { // in which the group is tested as a whole
		images = append(images, n.Group.Verifier.Tool.Image)
	}
	for _, ref := range images {
		if ref == "" || slices.ContainsFunc(wanted, func(t *provisioner.Tool) bool { return t.Image == ref }) {
			continue
		}
		wanted = append(wanted, &provisioner.Tool{Image: ref,
			Remedy: "Choose another verifier.image: one that declares a VOLUME with the tool."})
	}
	return wanted, nil
}

// mayAssumeImage reports whether the runner can be made from the platform's image by its name, without asking for it:
// it need not be newer, of another architecture or built, and there is no runner to compare with.
func (i *instanceRun) mayAssumeImage() bool {
	d := i.inst.Driver
	policy := i.pullPolicy(d.PullPlatform)
	return i.container == nil && i.snapshot == nil && i.inst.From == nil && i.reuse == nil && d.OCIPlatform == "" &&
		len(d.IntermediateInstructions) == 0 &&
		(policy == config.PullMissing || policy == config.PullNever)
}

// ensureRunner keeps the runner that is there, or makes one, and sees that it runs. A runner that was left half-made by
// a galley that died is taken up. When the engine says that it does not see a directory, the runner gets volumes in
// place of the sandboxes, and what it needs is uploaded. Directories that kitchen.yml itself mounts are meant to be on
// the engine's host; where they are not, that is the error.
func (i *instanceRun) ensureRunner(ctx context.Context, p plan) error {
	if i.container != nil {
		kept, err := i.keepExisting(ctx, p)
		if kept {
			i.reuse = nil // what was done in it is not known
		} else if err == nil && (i.inst.From != nil || i.reuse != nil) {
			p, err = i.prepare(ctx, false) // only now it matters what it starts from
		}
		if kept || err != nil {
			return err
		}
	}
	if err := p.requireText(); err != nil {
		return err
	}
	ensured := false
	for try := 0; ; try++ {
		err := i.makeRunner(ctx, p)
		switch {
		case err == nil:
			if p.spec.Labels[label.Sandbox] == sandboxUploaded {
				i.notice(LevelInfo, "the engine does not see this machine's files; uploading instead of mounting")
			}
			return nil
		case try > 3 || ctx.Err() != nil:
			return err
		case errors.Is(err, backend.ErrNotFound) && !ensured:
			ensured = true
			i.eng.forget(p.shared)
			uploaded := p.spec.Labels[label.Sandbox] == sandboxUploaded
			if p, err = i.prepare(ctx, false); err != nil {
				return err
			}
			if uploaded {
				p.upload()
			}
		case errors.Is(err, backend.ErrMountSource) && p.spec.Labels[label.Sandbox] == sandboxMounted:
			p.upload()
		case errors.Is(err, backend.ErrConflict):
			return i.ensureUnknown(ctx, p, err)
		default:
			return err
		}
	}
}

// ensureUnknown is ensureRunner when the runner's name is taken. A runner of which nothing was recorded is compared as
// any other, or removed for a fresh one; what is not galley's is left alone.
func (i *instanceRun) ensureUnknown(ctx context.Context, p plan, taken error) error {
	c, err := i.holder(ctx, p.spec.Name, taken)
	if err != nil {
		return err
	}
	i.container = &c
	if err := i.refuseForeign(); err != nil {
		i.container = nil
		return err
	}
	i.acceptUnknown()
	if i.fresh {
		if err := i.removeRunner(ctx); err != nil {
			return err
		}
	}
	if p, err = i.prepare(ctx, false); err != nil {
		return err
	}
	return i.ensureRunner(ctx, p)
}

// makeRunner creates and starts the runner. One that cannot be started is removed.
func (i *instanceRun) makeRunner(ctx context.Context, p plan) error {
	if err := i.ensureServices(ctx); err != nil {
		return err
	}
	err := i.recordedStep(StepContainer, func() error {
		c, err := i.eng.CreateContainer(ctx, p.spec)
		if err != nil {
			if !refused(err) {
				i.state.ContainerID = p.spec.Name
			}
			return err
		}
		for _, text := range c.Warnings {
			i.notice(LevelWarn, text)
		}
		c.State, c.Labels = backend.StateCreated, p.spec.Labels
		i.container, i.state.ContainerID, i.state.Spec = &c, c.ID, p.digests
		return nil
	})
	if err != nil {
		return err
	}
	if err = i.start(ctx); err == nil {
		return nil
	}
	cleanup, cancel := cleanupContext(ctx)
	defer cancel()
	return errors.Join(err, i.removeRunner(cleanup))
}

// refused reports whether an engine answered that it made no container. Any other error leaves open whether it did.
func refused(err error) bool {
	var e *backend.Error
	return errors.As(err, &e) && e.Kind != nil && !errors.Is(err, backend.ErrUnreachable)
}

// start starts the runner. What was done in it since its last start is not done.
func (i *instanceRun) start(ctx context.Context) error {
	return i.recordedStep(StepStart, func() (err error) {
		if ready := i.inst.Driver.Ready; ready != nil && i.container.State == backend.StateExited {
			before := service.Container{Engine: i.eng, ID: i.container.ID, Ready: *ready}
			if i.printed, err = before.Count(ctx); err != nil {
				return err
			}
		}
		if err := i.removeFaultHelper(ctx); err != nil { // it has the network of before
			return err
		}
		if err := i.eng.StartContainer(ctx, i.container.ID); err != nil {
			return err
		}
		i.container.State = backend.StateRunning
		i.mu.Lock()
		defer i.mu.Unlock()
		i.state.Faults, i.state.Stopping = false, false
		i.state.keepSteps(StepPreCreate, StepImages, StepTool, StepNetwork, StepSandbox, StepServices, StepContainer)
		return nil
	})
}

// keepExisting keeps a runner that is there already when it is as kitchen.yml wants it,
// and removes it otherwise. kept means that it runs.
func (i *instanceRun) keepExisting(ctx context.Context, p plan) (kept bool, err error) {
	c := i.container
	switch changed := i.specChanges(p.digests, p.image); {
	case changed == "":
		i.state.Spec = p.digests
	case i.run.o.NoRecreate:
		i.keptThough(changed)
	default:
		i.notice(LevelInfo, "recreating the runner, since "+changed)
		return false, i.removeRunner(ctx)
	}
	i.state.ContainerID = c.ID
	if err := i.record(StepContainer); err != nil {
		return false, err
	}
	if err := i.ensureServices(ctx); err != nil {
		return false, err
	}
	if i.state.Stopping && c.State == backend.StateRunning { // or it would end while something runs in it
		if err := i.eng.StopContainer(ctx, c.ID, rebootTime); err != nil {
			return false, err
		}
		c.State = backend.StateExited
	}
	switch c.State {
	case backend.StateRunning:
		i.notice(LevelDebug, "the runner is there already")
		return true, i.record(StepStart)
	case backend.StateCreated, backend.StateExited:
		i.notice(LevelInfo, "the runner does not run; starting it")
		err := i.start(ctx)
		if errors.Is(err, backend.ErrMountSource) || errors.Is(err, backend.ErrNotFound) {
			i.notice(LevelInfo, fmt.Sprintf("making another one, since it cannot be started: %v", err))
			return false, i.removeRunner(ctx)
		}
		return err == nil, err
	default:
		return false, i.removeRunner(ctx)
	}
}

// specChanges says in what the runner differs from what kitchen.yml wants now, "" when in
// nothing. Its image is compared by ID, since a tag can move.
func (i *instanceRun) specChanges(digests map[string]string, img backend.Image) string {
	if i.container.Labels[label.Spec] == combine(digests) {
		if platformID(*i.container) != img.ID {
			return "its image is another one now"
		}
		return ""
	}
	return describeChange(i.state.Spec, digests)
}

// describeChange says in which parts the configuration of a runner changed.
func describeChange(recorded, now map[string]string) string {
	fields := changedFields(recorded, now)
	switch {
	case recorded == nil:
		return "nothing is recorded of how it was made"
	case len(fields) == 0:
		return "its configuration changed"
	}
	return strings.Join(fields, ", ") + " changed in its configuration"
}

// keptThough tells that --no-recreate keeps a runner that has changed.
func (i *instanceRun) keptThough(changed string) {
	i.notice(LevelWarn, "kept the runner although "+changed+" (--no-recreate)")
}

// requireText: the engines' APIs have only text (UTF-8) for paths, and would mount
// another directory than one whose name is none. Sandboxes there are uploaded.
func (p *plan) requireText() error {
	for _, m := range p.spec.Mounts {
		switch {
		case m.Type != spec.MountBind || utf8.ValidString(m.Source):
		case m.Own:
			p.upload()
		default:
			return fmt.Errorf("driver.volumes: the path %q is not text in UTF-8, and no engine can be told to mount it\n"+
				"Move the project, or what is mounted, to a path that is", m.Source)
		}
	}
	return nil
}

// upload makes the plan one for an engine that does not see this machine's directories:
// the sandboxes are places in the runner only.
func (p *plan) upload() {
	p.spec.Labels[label.Sandbox] = sandboxUploaded
	p.spec.Mounts = slices.Clone(p.spec.Mounts)
	for n, m := range p.spec.Mounts {
		if m.Own {
			p.spec.Mounts[n] = spec.Mount{Type: spec.MountVolume, Target: m.Target}
		}
	}
}
