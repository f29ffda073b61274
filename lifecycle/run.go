package lifecycle

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
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
	Sink        Sink
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
	// Retry is how many more times tests that failed are run.
	Retry int
	// NoRecreate keeps a runner although its configuration changed.
	NoRecreate bool
	// Pull overrides the pull policy of all images when it is not empty.
	Pull config.PullPolicy
	// Debug makes provisioners and verifiers say more.
	Debug bool
	// Idempotence converges twice, and fails when the second time changes anything.
	Idempotence bool
	// Now is the clock; nil means the real one.
	Now func() time.Time
}

// Action is what a run does to each instance: a phase, or ActionTest.
type Action string

// ActionTest destroys an instance, takes it through all phases, and destroys it.
const ActionTest Action = "test"

// Run is one invocation of the life cycle over some instances.
type Run struct {
	o  Options
	id string
	// engines are those opened, by what they were asked for with; byAddress are
	// the same, each once.
	engines, byAddress memo[*engine]
	// resolver resolves cookbooks once for all instances.
	resolver *provisioner.Resolver
}

// New prepares a run. It touches nothing yet.
func New(o Options) (*Run, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Concurrency = max(o.Concurrency, 1)
	if o.Destroy == "" {
		o.Destroy = DestroyPassing
	}
	if o.TestBase == "" {
		o.TestBase = filepath.Join(o.Project.Root, "test", "integration")
	}
	var b [6]byte
	if _, err := rand.Read(b[:]); err != nil {
		return nil, fmt.Errorf("name the run: %w", err)
	}
	return &Run{o: o, id: o.Now().UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b[:]),
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

// Do performs an action on instances, Concurrency of them side by side. One that
// fails does not stop the others. Errors: *ActionError when instances failed;
// otherwise nothing was begun, because an engine cannot be used. When the run was
// interrupted, the cause of ctx's end is among the errors.
func (r *Run) Do(ctx context.Context, a Action, instances []config.Instance) error {
	start := r.o.Now()
	names := make([]string, len(instances))
	for i, inst := range instances {
		names[i] = inst.Name
	}
	workers := min(r.o.Concurrency, max(len(instances), 1))
	r.o.Sink.Handle(RunStarted{Stamp: r.stamp(""), Version: r.o.Version, Action: string(a), Instances: names, Concurrency: workers})
	if err := r.openEngines(ctx, instances); err != nil {
		r.o.Sink.Handle(RunFinished{Stamp: r.stamp(""), Duration: r.o.Now().Sub(start), Skipped: len(instances), Interrupted: ctx.Err() != nil})
		return err
	}
	failures, skipped := r.schedule(ctx, workers, instances, func(ctx context.Context, i config.Instance) *Failure {
		return r.perform(ctx, a, i)
	})
	r.o.Sink.Handle(RunFinished{Stamp: r.stamp(""), Duration: r.o.Now().Sub(start), Failed: len(failures),
		Skipped: len(skipped), Interrupted: ctx.Err() != nil})
	if len(failures) == 0 && len(skipped) == 0 {
		return nil
	}
	err := &ActionError{Failures: failures, Skipped: skipped}
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	return err
}

// Close releases the engines that were opened.
func (r *Run) Close() error {
	var errs []error
	for _, e := range r.byAddress.values() {
		errs = append(errs, e.Close())
	}
	return errors.Join(errs...)
}

func (r *Run) stamp(instance string) Stamp {
	return Stamp{Time: r.o.Now(), RunID: r.id, Instance: instance}
}

// owner is what this run writes into the locks that it takes.
func (r *Run) owner(what string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return fmt.Sprintf("galley %s, process %d on %s, since %s", what, os.Getpid(), host, r.o.Now().Format(time.TimeOnly))
}
