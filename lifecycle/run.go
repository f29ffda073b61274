package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/filelock"
	"github.com/galley-kitchen/galley/internal/limits"
	"github.com/galley-kitchen/galley/internal/memo"
	"github.com/galley-kitchen/galley/internal/mirrors"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/internal/timing"
	"github.com/galley-kitchen/galley/lifecycle/imagelock"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
)

// Opener connects to an engine and tells where it is. Both arguments may be
// empty: engine for whichever is there, host for wherever it is.
type Opener func(ctx context.Context, engine, host string) (backend.ContainerBackend, backend.Endpoint, error)

// Options are what a run needs and what the user chose.
type Options struct {
	Project Project
	// TestBase is the directory of the tests: <root>/test/integration.
	TestBase string
	// Version is galley's own.
	Version string
	Open    Opener
	// Credentials finds what a registry wants; nil means anonymous.
	Credentials func(ctx context.Context, i config.Instance, ref string) (*backend.Credentials, error)
	// CertDirs are where the certificates of registries are.
	CertDirs []string
	// Hide keeps values out of all that is shown from now on; it may be nil.
	Hide func(values ...string)
	Sink Sink
	// LogPath tells where an instance's log is, for failures; it may be nil.
	LogPath func(instance string) string
	// Environ is the environment for local commands, as KEY=VALUE pairs.
	Environ []string
	// Concurrency is how many instances run side by side, at least 1.
	Concurrency int
	// FailFast starts no further instance after one failed.
	FailFast bool
	// Destroy says when `test` destroys an instance at the end.
	Destroy DestroyMode
	// RequireTests fails an instance whose verifier found nothing to test.
	RequireTests bool
	// ReportChanges tells what converge changed in the runner's files, by an event.
	ReportChanges bool
	// CompareEngines compares each instance of several engines with itself, after converge.
	CompareEngines bool
	// Retry is how many more times tests that failed are run.
	Retry int
	// Asked is the engine that the user asked for outside kitchen.yml.
	Asked Asked
	// Offers reports whether this machine's detection or the user's settings would offer an engine's address, so that
	// one from a state file may be used. nil means that any may.
	Offers func(ctx context.Context, uri string) bool
	// Forget lets destroy forget a runner whose engine does not answer.
	Forget bool
	// NoRecreate keeps a runner although its configuration changed.
	NoRecreate bool
	// Pull overrides the pull policy of all images when it is not empty.
	Pull config.PullPolicy
	// Images says which images are pulled under another name than kitchen.yml's.
	Images mirrors.List
	// Locked are the only images that platforms and tools may have, with their digests; nil allows all.
	Locked imagelock.Images
	// Limits are how long the run and each phase may take.
	Limits limits.List
	// Lease is after which time any galley's prune may remove the runners that this run makes, 0 for never. Runs that
	// live are known on this machine only.
	Lease time.Duration
	// NoWait fails an instance that another galley is busy with, in place of waiting for it.
	NoWait bool
	// Debug makes provisioners and verifiers say more.
	Debug bool
	// Idempotence converges twice, and fails when the second time changes anything.
	Idempotence bool
	// Publish is for the actions that make images of runners, and for ActionTest when it has names.
	Publish PublishOptions
	// Snapshot is for ActionSave and ActionRestore.
	Snapshot SnapshotOptions
	// OnFailure is asked when converge, setup or verify of an instance has failed and its runner runs. It reports
	// whether the phase is to be done again. nil means that it is not.
	OnFailure func(context.Context, Stopped) (again bool)
	// Reuse spares converges whose inputs have not changed.
	Reuse ReuseOptions
	// Now is the clock; nil means the real one.
	Now func() time.Time
}

// Stopped is an instance that failed in a phase, with its runner.
type Stopped struct {
	Instance config.Instance
	Phase    Phase
	Err      error
	Engine   backend.ContainerBackend
	Runner   backend.Container
}

// Action is what a run does to each instance: a phase, or ActionTest.
type Action string

// ActionTest destroys an instance, takes it through all phases, and destroys it.
const ActionTest Action = "test"

// Run is one invocation of the life cycle over some instances.
type Run struct {
	o  Options
	id string
	// engines are those opened, by what they were asked for with; byAddress are the same, each once.
	engines, byAddress memo.Memo[*engine]
	// beforeWrite is nil but in tests; see statedir.Dir.
	beforeWrite func(name string) error
	lineage     lineage
	// resolver resolves cookbooks once for all instances.
	resolver *provisioner.Resolver
	// lock says that the run lives, once it has made helpers; living is for taking it.
	lock   *filelock.Lock
	living sync.Once
	// uploads is held while the layers of an image go to a registry.
	uploads sync.Mutex
	// repository is what is known of the one that has checkpoints.
	repository  repositoryState
	comparisons comparisons
	// shared are the engines of the shared services that this run has seen to be ready, by their owners' names.
	shared memo.Memo[*engine]
	// publishing is nil unless the run makes images of runners.
	publishing *publishing
}

// New prepares a run. It touches nothing yet.
func New(o Options) (*Run, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Concurrency = max(o.Concurrency, 1)
	o.Destroy = cmp.Or(o.Destroy, DestroyPassing)
	o.TestBase = cmp.Or(o.TestBase, filepath.Join(o.Project.Root, "test", "integration"))
	return &Run{o: o, id: o.Now().UTC().Format("20060102T150405Z") + "-" + names.Random(6),
		resolver: &provisioner.Resolver{}}, nil
}

// ID names the run; it is unique.
func (r *Run) ID() string { return r.id }

// Failure is an instance that could not be brought through its phases.
type Failure struct {
	Instance string
	Phase    Phase
	Err      error
}

// ActionError says which instances failed.
type ActionError struct {
	Failures []Failure
	// Skipped are the instances that were never started.
	Skipped []string
}

// Error lists the failures, one a line.
func (e *ActionError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d action", len(e.Failures))
	if len(e.Failures) != 1 {
		b.WriteByte('s')
	}
	b.WriteString(" failed.")
	for _, f := range e.Failures {
		fmt.Fprintf(&b, "\n    %s of %s: %v", f.Phase, f.Instance, f.Err)
	}
	if len(e.Skipped) > 0 {
		fmt.Fprintf(&b, "\n    not started: %s", strings.Join(e.Skipped, ", "))
	}
	return b.String()
}

// Do performs an action on instances, Concurrency of them side by side. One that fails does not stop the others.
// Errors: *ActionError when instances failed; otherwise nothing was begun, because an engine cannot be used. When the
// run was interrupted or took too long, the cause is among the errors.
func (r *Run) Do(ctx context.Context, a Action, instances []config.Instance) error {
	ctx, cancel := r.o.Limits.Within(ctx, limits.Run)
	defer cancel()
	start := r.o.Now()
	var names []string
	for _, unit := range unitsOf(instances) {
		names = append(names, unitNames(unit)...)
	}
	workers := min(r.o.Concurrency, max(len(instances), 1))
	r.o.Sink.Handle(RunStarted{Stamp: r.stamp(""), Version: r.o.Version, Action: string(a), Instances: names,
		Concurrency: workers})
	ctx = r.timed(ctx, "")
	err := r.planPublishing(ctx, a, instances)
	if err == nil {
		err = r.open(ctx, a, instances)
	}
	if err != nil {
		r.o.Sink.Handle(RunFinished{Stamp: r.stamp(""), Duration: r.o.Now().Sub(start), Skipped: len(names),
			Interrupted: ctx.Err() != nil})
		return err
	}
	failures, skipped := r.schedule(ctx, a, workers, unitsOf(r.lineage.plan(instances)))
	r.lineage.release(ctx, func(err error) { r.notice(LevelWarn, err.Error()) })
	if err := r.releaseShared(ctx); err != nil {
		r.notice(LevelWarn, fmt.Sprintf("a shared service stays: %v\nThe next run, or `galley prune --all`, removes it", err))
	}
	r.compareEngines(instances)
	r.unnamed()
	r.o.Sink.Handle(RunFinished{Stamp: r.stamp(""), Duration: r.o.Now().Sub(start), Failed: len(failures),
		Skipped: len(skipped), Interrupted: ctx.Err() != nil})
	if len(failures) == 0 && len(skipped) == 0 {
		return nil
	}
	err = &ActionError{Failures: failures, Skipped: skipped}
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	return err
}

// Close releases the engines that were opened.
func (r *Run) Close() error {
	var errs []error
	for _, e := range r.byAddress.Values() {
		errs = append(errs, e.Close())
	}
	return errors.Join(append(errs, r.endLiving())...)
}

func (r *Run) stamp(instance string) Stamp {
	return Stamp{Time: r.o.Now(), RunID: r.id, Instance: instance}
}

// notice tells something of the run as a whole.
func (r *Run) notice(l Level, text string) {
	r.o.Sink.Handle(Notice{Stamp: r.stamp(""), Level: l, Text: text})
}

// timed is a context whose spans become events of an instance, or of the run itself.
func (r *Run) timed(ctx context.Context, instance string) context.Context {
	return timing.With(ctx, func(s timing.Span) { r.o.Sink.Handle(SpanFinished{Stamp: r.stamp(instance), Span: s}) })
}

// project is the project as provisioners and verifiers see it.
func (r *Run) project() project.Project {
	return project.Project{Root: r.o.Project.Root, TestBase: r.o.TestBase, StateDir: r.o.Project.StateDir(),
		Environ: r.o.Environ}
}

// stateFile is the recorded state of an instance of this run's project.
func (r *Run) stateFile(instance string) stateFile {
	f := stateFileOf(r.o.Project, instance)
	f.dir.BeforeWrite = r.beforeWrite
	return f
}

// open names the project if it has no name yet, tidies its state directory, and opens the engines.
func (r *Run) open(ctx context.Context, a Action, instances []config.Instance) error {
	if err := r.o.Project.ensureID(ctx, r.owner(string(a))); err != nil {
		return err
	}
	if err := r.o.Project.state().Tidy(); err != nil {
		return fmt.Errorf("look into the project's state directory: %w", err)
	}
	if from := r.o.Project.CopiedFrom; from != "" {
		r.notice(LevelInfo, "this project is a copy of "+from+
			"; it starts anew, and the runners of the original stay as they are")
	}
	return r.openEngines(ctx, instances)
}

// schedule does an action to each instance, or group of them, in order, n instances at a time. With FailFast, or when
// ctx has ended, no further one is started; those under way end by themselves.
func (r *Run) schedule(ctx context.Context, a Action, n int,
	units [][]config.Instance) (failures []Failure, skipped []string) {
	outcomes := make([][]outcome, len(units))
	var stop atomic.Bool
	var g errgroup.Group
	g.SetLimit(n)
	places := make(slots, n)
	for k, unit := range units {
		for _, name := range unitNames(unit) {
			outcomes[k] = append(outcomes[k], outcome{instance: name})
		}
		g.Go(func() error {
			defer func() { r.lineage.tell(unit[0].Name, outcomes[k][0].failure.told()) }()
			if stop.Load() || ctx.Err() != nil {
				return nil // its instances count as skipped
			}
			outcomes[k] = r.runUnit(ctx, a, places, unit)
			if r.o.FailFast && slices.ContainsFunc(outcomes[k], func(o outcome) bool { return o.failure != nil }) {
				stop.Store(true)
			}
			return nil
		})
	}
	_ = g.Wait() // one that failed is in outcomes
	for _, o := range slices.Concat(outcomes...) {
		switch {
		case !o.ran:
			skipped = append(skipped, o.instance)
		case o.failure != nil:
			failures = append(failures, *o.failure)
		}
	}
	return failures, skipped
}
