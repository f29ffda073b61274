package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/filelock"
	"github.com/galley-kitchen/galley/internal/timing"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/peers"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
	"github.com/galley-kitchen/galley/lifecycle/verifier"
)

// cleanupTime bounds what is still done after an interrupt.
const cleanupTime = 30 * time.Second

// instanceRun takes one instance through the phases of one run.
type instanceRun struct {
	// The engine in them is nil when a runner is forgotten whose engine does not answer.
	supplies
	recorded
	// fresh is set when the action destroys whatever runner there is first.
	fresh bool
	// current is the one of kitchen.yml's `steps` that is converged or verified, nil without steps and in other phases.
	current *config.Step
	// moreFollows is set when another phase follows this one at once.
	moreFollows bool

	// snapshot is what the runner is made from in place of the platform's image, nil for that.
	snapshot *Snapshot
	// reuse is for a checkpoint in the place of converge, nil where none may be.
	reuse *reuse
	// container is the runner as it is known to be now, nil when there is none.
	container *backend.Container
	// servicesReady is set once this run has seen that the services are ready.
	servicesReady bool
	// printed is how often the runner had printed what driver.ready waits for, before it was started.
	printed int
	// openSandbox is set where all users must be able to write in the sandboxes.
	openSandbox bool
	// compared is set when it was told what converge changed.
	compared bool
	// kept is set when what is compared with other engines was collected.
	kept bool
	// member is the node's part in a group, and whole the group when this is of one as a whole; else they are nil.
	member *member
	whole  *group
	// peers are the other nodes and the services of the group, once the nodes are created.
	peers       *peers.Group
	provisioner func() (provisioner.Provisioner, error)
	verifier    func() (verifier.Verifier, error)
}

// newInstanceRun prepares a run of an instance. It touches nothing yet.
func (r *Run) newInstanceRun(inst config.Instance) *instanceRun {
	i := &instanceRun{supplies: supplies{subject: &subject{run: r, inst: inst}, locked: r.o.Locked},
		recorded: recorded{file: r.stateFile(inst.Name), now: r.o.Now}}
	i.usePlugins()
	return i
}

// usePlugins makes the provisioner and the verifier those of the instance as it is now, and as far as it knows its
// peers.
func (i *instanceRun) usePlugins() {
	r, inst := i.run, i.inst
	if i.peers != nil {
		inst = i.peers.Tell(inst)
	}
	i.provisioner = sync.OnceValues(func() (provisioner.Provisioner, error) {
		return provisioner.New(provisioner.Options{Project: r.project(), Version: r.o.Version, Debug: r.o.Debug,
			Idempotence: r.o.Idempotence, Resolver: r.resolver, Workstation: i.workstation, Peers: i.peers,
			Notify: func(text string) { i.notice(LevelInfo, text) }}, inst)
	})
	i.verifier = sync.OnceValues(func() (verifier.Verifier, error) { return verifier.New(r.project(), inst) })
}

// runInstance does an action to an instance and tells how it went by events.
func (r *Run) runInstance(ctx context.Context, a Action, i *instanceRun) outcome {
	start, inst := r.o.Now(), i.inst
	i.emit(InstanceStarted{Stamp: i.stamp(), Suite: inst.Suite, Platform: inst.Platform, On: inst.On})
	err := i.withLock(r.timed(ctx, inst.Name), a)
	done := InstanceFinished{Stamp: i.stamp(), Duration: r.o.Now().Sub(start)}
	if r.o.LogPath != nil {
		done.LogPath = r.o.LogPath(inst.Name)
	}
	o := outcome{instance: inst.Name, ran: true}
	var stopped *stoppedError
	switch {
	case errors.As(err, &stopped):
		o.ran, done.NotRun = stopped.fine, err.Error()
	case err != nil:
		o.failure = &Failure{Instance: inst.Name, Phase: i.phase, Err: err}
		done.Error, done.FailedPhase = err.Error(), i.phase
	}
	i.emit(done)
	return o
}

// withLock takes the instance's lock and does the action under it.
func (i *instanceRun) withLock(ctx context.Context, a Action) (err error) {
	i.phase = Phase(a)
	if a == ActionTest || a == ActionRestore {
		i.phase, i.fresh = PhaseDestroy, true
	}
	waited := false
	lock, err := timing.Waiting(ctx, "lock of the instance", func() (*filelock.Lock, error) {
		return filelock.Acquire(ctx, i.file.lockPath(), filelock.Options{Owner: i.run.owner(string(a)),
			NoWait: i.run.o.NoWait, Waiting: func(holder string) {
				waited = true
				i.notice(LevelInfo, "waiting for "+holder)
			}})
	})
	var held *filelock.HeldError
	if errors.As(err, &held) {
		return fmt.Errorf("%s: %w\nLeave out --no-wait to wait for it", i.inst.Name, err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if err := i.load(); err != nil {
		return err
	}
	if a == ActionSave && i.whole == nil {
		return i.saveSnapshot(ctx, i.run.o.Snapshot)
	}
	if err := i.inspect(ctx, waited); err != nil {
		return err
	}
	defer i.reportServices(ctx)
	if i.whole != nil {
		return i.whole.act(ctx, a)
	}
	switch a {
	case ActionTest:
		return i.test(ctx)
	case ActionPublish, ActionPackage:
		return i.publish(ctx, Phase(a))
	case actionOffer:
		return i.convergeForOthers(ctx)
	case ActionRestore:
		i.phase = Phase(a)
		return i.restoreSnapshot(ctx, i.run.o.Snapshot)
	}
	return i.advance(ctx, Phase(a))
}

// load reads what earlier runs recorded. A damaged record counts as none: the runner
// is found by its labels, and all is done again.
func (i *instanceRun) load() (err error) {
	i.state, err = i.file.load()
	if errors.Is(err, errDamaged) {
		path, asideErr := i.file.setAside()
		if asideErr != nil {
			return errors.Join(err, asideErr)
		}
		i.notice(LevelWarn, err.Error()+"\nIt is now "+path+", and galley finds the runner by its labels")
		return nil
	}
	return err
}

// inspect opens the engine on which the instance lives and finds its runner there. What the record says of another
// runner than that one is not believed. Where nothing is recorded and one is about to be made, the engine is not asked:
// should there be a runner all the same, it has the name.
func (i *instanceRun) inspect(ctx context.Context, waited bool) error {
	if err := i.placeInstance(ctx); err != nil || i.eng == nil {
		return err
	}
	if i.state.Attempted == "" && (i.fresh || i.phase != PhaseDestroy) {
		return nil
	}
	known, err := i.eng.knownContainers(ctx)
	if err != nil {
		return err
	}
	if c, ok := known.runners[i.inst.Name]; ok {
		i.container = &c
	}
	// Another galley may have had the instance since this run listed the runners: this
	// one waited for it, or was busy with other instances.
	since := i.state.Updated.After(known.asked) || i.container != nil && i.state.Attempted == ""
	if waited || since {
		if err := i.findRunner(ctx); err != nil {
			return err
		}
	}
	if err := i.refuseForeign(); err != nil {
		return err
	}
	if err := i.finishRemoval(ctx); err != nil {
		return err
	}
	i.compareRecord()
	list := known.all
	if (waited || since) && len(i.inst.Services) > 0 {
		if list, err = i.eng.ListContainers(ctx, backend.Labels{label.Instance: i.inst.Name}); err != nil {
			return err
		}
	}
	i.compareServices(list)
	return nil
}

// finishRemoval removes a runner that a galley which was killed had begun to remove. Its
// request may still be under way, so that the runner is there for a moment only.
func (i *instanceRun) finishRemoval(ctx context.Context) error {
	if i.container == nil || i.phase == PhaseDestroy || i.container.ID != i.state.ContainerID {
		return nil
	}
	killed := i.state.Attempted == PhaseDestroy && i.state.Mark != ""
	if !killed && i.container.State != backend.StateRemoving {
		return nil
	}
	if err := i.eng.RemoveContainer(ctx, i.container.ID); err != nil {
		return err
	}
	i.notice(LevelInfo, "removed the runner, as an earlier galley had begun to")
	i.container = nil
	i.forgetRunner()
	return nil
}

// findRunner asks the engine for the runner by its name.
func (i *instanceRun) findRunner(ctx context.Context) error {
	c, err := i.eng.InspectContainer(ctx, containerName(i.run.o.Project, i.inst.Name))
	switch {
	case errors.Is(err, backend.ErrNotFound):
		i.container = nil
	case err != nil:
		return err
	case i.owns(c):
		i.container = &c
	}
	return nil
}

// requireRunner asks the engine for the runner, which must be there: of one that this run made not all is known.
func (i *instanceRun) requireRunner(ctx context.Context) error {
	if err := i.findRunner(ctx); err != nil || i.container != nil {
		return err
	}
	return notThere(i.inst, "runner")
}

// compareRecord forgets what the record says of a runner that is gone, was replaced or does not run.
func (i *instanceRun) compareRecord() {
	if i.container != nil && i.state.ContainerID == i.container.Name {
		i.state.ContainerID = i.container.ID
	}
	switch {
	case i.container == nil && i.whole != nil: // it has none
	case i.container == nil:
		if place(i.state.LastAction) >= place(PhaseCreate) {
			i.notice(LevelWarn, "the runner is gone, and galley did not remove it")
		}
		if i.state.ContainerID != "" {
			i.forgetRunner()
		}
	case i.state.Attempted == "":
		i.acceptUnknown()
	case i.state.ContainerID != "" && i.state.ContainerID != i.container.ID:
		i.notice(LevelInfo, "the runner is not the one that is recorded; create is done anew")
		i.forgetRunner()
	case i.container.State != backend.StateRunning:
		i.state.LastAction = ""
		if i.state.has(StepStart) {
			i.state.keepSteps(StepPreCreate, StepImages, StepTool, StepNetwork, StepSandbox, StepServices, StepContainer)
		}
	}
}

// test destroys the instance, takes it through all phases and destroys it again, as the destroy mode says.
func (i *instanceRun) test(ctx context.Context) (err error) {
	mode := i.run.o.Destroy
	defer func() {
		passed := i.member.verdict(err == nil)
		if mode == DestroyNever || mode == DestroyPassing && !passed {
			return
		}
		ctx, cancel := cleanupContext(ctx)
		defer cancel()
		failed := i.phase
		if e := i.runPhase(ctx, PhaseDestroy); err == nil {
			err = e
		} else {
			i.phase = failed
			err = errors.Join(err, e)
		}
	}()
	if err := i.runPhase(ctx, PhaseDestroy); err != nil {
		return err
	}
	if err := i.advance(ctx, PhaseVerify); err != nil || i.run.publishing == nil || !i.member.verdict(true) {
		return err
	}
	return i.publish(ctx, PhasePublish)
}

// cleanupContext is ctx, or a short time of grace when ctx has ended already.
func cleanupContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() == nil {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
}

// advance does all phases from where the instance is to the desired one.
func (i *instanceRun) advance(ctx context.Context, desired Phase) error {
	phases, err := i.phasesTo(desired)
	if err != nil {
		return err
	}
	if place(desired) > 0 && !slices.Contains(phases, PhaseCreate) {
		if err := i.ensureShared(ctx); err != nil {
			return err
		}
	}
	i.mayReuse(phases)
	parts := partsOf(phases, i.inst.Steps)
	for n, part := range parts {
		p := part.phase
		if p == PhaseConverge || part.isLast(i.inst.Steps) {
			if err := i.member.await(ctx, p); err != nil {
				if n > 0 {
					err = errors.Join(err, i.save()) // which the phase before has left to this one
				}
				return err
			}
		}
		i.moreFollows = n+1 < len(parts)
		do := func() error { return i.inStep(part.step, func() error { return i.runPhase(ctx, p) }) }
		if p == PhaseVerify {
			do = func() error { return i.inStep(part.step, func() error { return i.verifyWithRetries(ctx) }) }
		}
		err := do()
		for err != nil && i.askAgain(ctx, p, err) {
			if i.isKept() {
				i.stayCold("its " + string(p) + " had failed before")
			}
			err = do()
		}
		if err != nil {
			if p == PhaseVerify && i.isReused() {
				i.notice(LevelInfo, "the runner was made from a checkpoint; --reuse=off converges it anew")
			}
			return err
		}
		if p != PhaseConverge || !part.isLast(i.inst.Steps) {
			continue
		}
		i.keepCheckpoint(ctx)
		if i.fresh && i.run.lineage.awaited(i.inst.Name) { // it will be destroyed
			if err := i.offer(ctx); err != nil {
				return err
			}
		}
	}
	i.member.pass(desired)
	if slices.Contains(phases, PhaseVerify) {
		return i.pushCheckpoint(ctx)
	}
	return nil
}

// phasesTo are the phases from where the instance is to the desired one.
func (i *instanceRun) phasesTo(desired Phase) ([]Phase, error) {
	last := i.state.LastAction
	if place(desired) > place(PhaseCreate) && place(last) >= place(PhaseCreate) {
		changed, err := i.configChanged()
		switch {
		case err != nil:
			return nil, err
		case changed != "" && i.run.o.NoRecreate:
			i.keptThough(changed)
		case changed != "":
			last = "" // create says what has changed
		}
	}
	return transitions(last, desired), nil
}

// askAgain asks the user, where that is wanted, whether a phase that failed is to be done again.
func (i *instanceRun) askAgain(ctx context.Context, p Phase, err error) bool {
	if i.run.o.OnFailure == nil || place(p) < place(PhaseConverge) || i.container == nil || ctx.Err() != nil {
		return false
	}
	return i.run.o.OnFailure(ctx, Stopped{Instance: i.inst, Phase: p, Err: err, Engine: i.eng, Runner: *i.container}) &&
		ctx.Err() == nil
}
