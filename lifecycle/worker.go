package lifecycle

import (
	"bytes"
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
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
	"github.com/galley-kitchen/galley/lifecycle/verifier"
)

// cleanupTime bounds what is still done after an interrupt.
const cleanupTime = 30 * time.Second

// worker takes one instance through the phases of one run.
type worker struct {
	run   *Run
	inst  config.Instance
	eng   *engine
	file  stateFile
	state State
	phase Phase // the one under way
	// goesOn is set when another phase follows this one at once.
	goesOn bool

	// container is the runner as it is known to be now, nil when there is none.
	container *backend.Container
	prov      provisioner.Provisioner
	ver       verifier.Verifier
}

// perform does an action to an instance and tells how it went by events. A nil
// result is success.
func (r *Run) perform(ctx context.Context, a Action, inst config.Instance) *Failure {
	start := r.o.Now()
	w := &worker{run: r, inst: inst, file: stateFileOf(r.o.Project, inst.Name)}
	r.o.Sink.Handle(InstanceStarted{Stamp: w.stamp(), Suite: inst.Suite, Platform: inst.Platform})
	err := w.locked(ctx, a)
	done := InstanceFinished{Stamp: w.stamp(), Duration: r.o.Now().Sub(start)}
	if r.o.LogPath != nil {
		done.LogPath = r.o.LogPath(inst.Name)
	}
	var f *Failure
	if err != nil {
		f = &Failure{Instance: inst.Name, Phase: w.phase, Err: err}
		done.Error, done.FailedPhase = err.Error(), w.phase
	}
	r.o.Sink.Handle(done)
	return f
}

// locked takes the instance's lock and does the action under it.
func (w *worker) locked(ctx context.Context, a Action) (err error) {
	w.phase = firstPhase(a)
	path := strings.TrimSuffix(w.file.path, ".json") + ".lock"
	waited := false
	unlock, err := lock(ctx, path, w.run.owner(string(a)), func(holder string) {
		waited = true
		w.notice(LevelInfo, "waiting for "+holder)
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := w.open(ctx, waited); err != nil {
		return err
	}
	if a == ActionTest {
		return w.test(ctx)
	}
	return w.advance(ctx, Phase(a))
}

func firstPhase(a Action) Phase {
	if a == ActionTest {
		return PhaseDestroy
	}
	return Phase(a)
}

// open loads the state, opens the engine and finds the runner by its label.
// Where the state and the engine disagree, the engine is right.
func (w *worker) open(ctx context.Context, waited bool) (err error) {
	if w.state, err = w.file.load(); err != nil {
		return err
	}
	d := w.inst.Driver
	if w.state.Attempted != "" && (w.state.Engine != d.Engine || w.state.Host != d.Host) {
		// The instance lives where it was made, whatever kitchen.yml says now.
		if err := w.leave(ctx); err != nil {
			return err
		}
	}
	if w.eng, err = w.run.engineOf(ctx, w.state, d, func(text string) { w.notice(LevelWarn, text) }); err != nil {
		return err
	}
	snap, err := w.eng.snapshot(ctx)
	if err != nil {
		return err
	}
	if c, ok := snap.runners[w.inst.Name]; ok {
		w.container = &c
	}
	// Another galley may have had the instance since the run first looked: this one
	// waited for it, or was busy with other instances.
	since := w.state.Updated.After(snap.taken) || w.container != nil && w.state.Attempted == ""
	if waited || since {
		if err := w.lookAgain(ctx); err != nil {
			return err
		}
	}
	switch {
	case w.container == nil && place(w.state.LastAction) >= place(PhaseCreate):
		w.notice(LevelWarn, "the runner is gone; it was removed by somebody else")
		w.state.LastAction, w.state.LastError = "", ""
	case w.container != nil && w.container.State != backend.StateRunning:
		// Half-made by a galley that died, or stopped since: create puts it right.
		w.state.LastAction = ""
	case w.container != nil && w.state.LastAction == "":
		w.state.LastAction = PhaseCreate
	}
	return nil
}

func (w *worker) lookAgain(ctx context.Context) error {
	c, err := w.eng.InspectContainer(ctx, containerName(w.run.o.Project, w.inst.Name))
	switch {
	case errors.Is(err, backend.ErrNotFound):
		w.container = nil
	case err != nil:
		return err
	default:
		w.container = &c
	}
	return nil
}

// leave destroys the runner on the engine where it was made before kitchen.yml
// named another one.
func (w *worker) leave(ctx context.Context) error {
	old, err := w.run.engineOf(ctx, w.state, config.Driver{Engine: w.state.Engine, Host: w.state.Host}, func(string) {})
	if err != nil {
		return fmt.Errorf("the instance was made on another engine, which must remove it first: %w", err)
	}
	if err := old.RemoveContainer(ctx, containerName(w.run.o.Project, w.inst.Name)); err != nil {
		return err
	}
	w.notice(LevelInfo, "removed the runner from the engine that kitchen.yml named before")
	w.state.LastAction, w.state.Endpoint = "", ""
	return nil
}

// test destroys the instance, takes it through all phases and destroys it again,
// as the destroy mode says.
func (w *worker) test(ctx context.Context) (err error) {
	mode := w.run.o.Destroy
	defer func() {
		if mode == DestroyNever || (mode == DestroyPassing && err != nil) {
			return
		}
		ctx, cancel := cleanupContext(ctx)
		defer cancel()
		failed := w.phase
		if e := w.do(ctx, PhaseDestroy); err == nil {
			err = e
		} else {
			w.phase = failed
			err = errors.Join(err, e)
		}
	}()
	if err := w.do(ctx, PhaseDestroy); err != nil {
		return err
	}
	return w.advance(ctx, PhaseVerify)
}

// cleanupContext is ctx, or a short time of grace when ctx has ended already.
func cleanupContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() == nil {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
}

// advance does all phases from where the instance is to the desired one.
func (w *worker) advance(ctx context.Context, desired Phase) error {
	if w.state.LastAction != "" && w.container == nil {
		w.state.LastAction = ""
	}
	for _, p := range transitions(w.state.LastAction, desired) {
		w.goesOn = p != desired
		do := func() error { return w.do(ctx, p) }
		if p == PhaseVerify {
			do = func() error { return w.doVerify(ctx) }
		}
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// do performs one phase with its hooks and records how it went.
func (w *worker) do(ctx context.Context, p Phase) error {
	w.phase = p
	start := w.run.o.Now()
	w.run.o.Sink.Handle(PhaseStarted{Stamp: w.stamp(), Phase: p})
	err := w.record(ctx, p)
	done := PhaseFinished{Stamp: w.stamp(), Phase: p, Duration: w.run.o.Now().Sub(start)}
	if err != nil {
		done.Error = err.Error()
	}
	w.run.o.Sink.Handle(done)
	return err
}

// cutOffError is the error of a phase that was interrupted.
type cutOffError struct {
	text       string
	err, cause error
}

func (e *cutOffError) Error() string   { return e.text }
func (e *cutOffError) Unwrap() []error { return []error{e.err, e.cause} }

// cutOff adds the cause of a phase's end to its error. Where the error only says that
// a call was cut off by it, the cause alone is said, without the call.
func cutOff(err, cause error) error {
	first, rest, _ := strings.Cut(err.Error(), "\n")
	called := strings.HasSuffix(first, ": "+cause.Error()) || strings.HasSuffix(first, ": "+context.Canceled.Error())
	switch {
	case called && (rest == "" || rest == cause.Error()):
		return &cutOffError{cause.Error(), err, cause}
	case called:
		return &cutOffError{cause.Error() + "\n" + rest, err, cause}
	case errors.Is(err, cause):
		return err
	}
	return errors.Join(err, cause)
}

// record writes the state before a phase, so that a galley killed half-way leaves a
// trace of what may exist, and after it, unless the next phase is about to.
func (w *worker) record(ctx context.Context, p Phase) error {
	if p != PhaseDestroy || w.container != nil || w.state.Attempted != "" {
		w.endLeftovers(ctx, p)
		w.state.Attempted, w.state.RunID, w.state.Mark = p, w.run.id, newMark()
		w.state.Engine, w.state.Host = w.inst.Driver.Engine, w.inst.Driver.Host
		if !w.eng.endpoint.Ephemeral {
			w.state.Endpoint = w.eng.endpoint.URI
		}
		if err := w.save(); err != nil {
			return err
		}
	}
	err := w.withHooks(ctx, p, func() error { return w.act(ctx, p) })
	w.state.Mark = ""
	if err != nil && ctx.Err() != nil {
		err = cutOff(err, context.Cause(ctx))
	}
	switch {
	case err != nil:
		w.state.LastError = err.Error()
	case p == PhaseDestroy:
		w.state = State{}
		return w.file.remove()
	default:
		w.state.LastAction, w.state.LastError = p, ""
		if w.goesOn {
			return nil
		}
	}
	return errors.Join(err, w.save())
}

// newMark is a mark that no other phase has.
func newMark() string {
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails: see crypto/rand
	return hex.EncodeToString(id)
}

// endLeftovers ends what a galley that was killed left running in the runner, such as
// a client that would get into the way of the next one. An interrupted galley does so
// itself.
func (w *worker) endLeftovers(ctx context.Context, p Phase) {
	if w.state.Mark == "" || p == PhaseDestroy || w.container == nil || w.container.State != backend.StateRunning {
		return
	}
	var ended bytes.Buffer
	code, err := w.eng.Exec(ctx, w.container.ID, backend.ExecSpec{Command: backend.KillCommand(w.state.Mark), Stdout: &ended})
	switch {
	case err != nil || code != 0:
		w.notice(LevelWarn, "a galley that was killed may have left a command running in the runner, and that cannot be ended: `galley destroy` is sure to")
	case ended.Len() > 0:
		w.notice(LevelInfo, "ended the command that a galley which was killed had left running in the runner")
	}
}

func (w *worker) save() error {
	w.state.Updated = w.run.o.Now().UTC()
	return w.file.save(w.state)
}

func (w *worker) act(ctx context.Context, p Phase) error {
	switch p {
	case PhaseCreate:
		return w.create(ctx)
	case PhaseConverge:
		return w.converge(ctx)
	case PhaseVerify:
		return w.verify(ctx)
	case PhaseDestroy:
		return w.destroy(ctx)
	default: // setup only has hooks, as in Test Kitchen since 2.0
		return nil
	}
}

func (w *worker) stamp() Stamp { return w.run.stamp(w.inst.Name) }

func (w *worker) notice(l Level, text string) {
	w.run.o.Sink.Handle(Notice{Stamp: w.stamp(), Level: l, Text: text})
}

// output returns writers whose lines become events, and what hands over the
// last, unfinished lines.
func (w *worker) output() (stdout, stderr *lineWriter, flush func()) {
	phase := w.phase
	emit := func(stream string) func(string) {
		return func(line string) {
			w.run.o.Sink.Handle(Output{Stamp: w.stamp(), Phase: phase, Stream: stream, Text: line})
		}
	}
	stdout, stderr = &lineWriter{emit: emit("stdout")}, &lineWriter{emit: emit("stderr")}
	return stdout, stderr, func() { stdout.flush(); stderr.flush() }
}

// environ looks a variable up in the run's environment.
func (r *Run) environ(key string) (string, bool) {
	for _, kv := range r.o.Environ {
		if k, v, ok := strings.Cut(kv, "="); ok && k == key {
			return v, true
		}
	}
	return "", false
}

// project is the project as provisioners and verifiers see it.
func (w *worker) project() project.Project {
	o := w.run.o
	return project.Project{Root: o.Project.Root, TestBase: o.TestBase, StateDir: o.Project.StateDir(), Environ: o.Environ}
}

// provisioner is the instance's provisioner, made when first needed.
func (w *worker) provisioner() (provisioner.Provisioner, error) {
	if w.prov == nil {
		o := w.run.o
		p, err := provisioner.New(provisioner.Options{Project: w.project(), Debug: o.Debug, Idempotence: o.Idempotence,
			Resolver: w.run.resolver, Workstation: workstation{w},
			Notify: func(text string) { w.notice(LevelInfo, text) }}, w.inst)
		if err != nil {
			return nil, err
		}
		w.prov = p
	}
	return w.prov, nil
}

// verifier is the instance's verifier, made when first needed.
func (w *worker) verifier() (verifier.Verifier, error) {
	if w.ver == nil {
		v, err := verifier.New(w.project(), w.inst)
		if err != nil {
			return nil, err
		}
		w.ver = v
	}
	return w.ver, nil
}

// sandboxes are the instance's two directories. Their name holds a random word,
// made once: an engine that sees a directory of that name sees this one, and not
// one of the same path on another host.
func (w *worker) sandboxes() (boxes, error) {
	if w.state.Sandbox == "" {
		var b [6]byte
		if _, err := rand.Read(b[:]); err != nil {
			return boxes{}, fmt.Errorf("name the sandbox: %w", err)
		}
		w.state.Sandbox = fileName(w.inst.Name) + "." + hex.EncodeToString(b[:])
		if err := w.save(); err != nil {
			return boxes{}, err
		}
	}
	root := filepath.Join(w.run.o.Project.StateDir(), "sandbox")
	if err := os.MkdirAll(root, 0o700); err != nil {
		return boxes{}, fmt.Errorf("make the sandbox: %w", err)
	}
	dir := filepath.Join(root, w.state.Sandbox)
	b := boxes{
		kitchen:  sandbox.Dir{Local: filepath.Join(dir, "kitchen"), Remote: w.inst.Provisioner.RootPath},
		verifier: sandbox.Dir{Local: filepath.Join(dir, "verifier"), Remote: w.inst.Verifier.RootPath},
	}
	for _, box := range []sandbox.Dir{b.kitchen, b.verifier} {
		if err := os.MkdirAll(box.Local, 0o777); err != nil {
			return boxes{}, fmt.Errorf("make the sandbox: %w", err)
		}
		// With a remapped user namespace the runner's root is nobody special
		// here, and must write too. The directory above is private to the user.
		if err := os.Chmod(box.Local, 0o777); err != nil && !errors.Is(err, os.ErrPermission) {
			return boxes{}, fmt.Errorf("make the sandbox: %w", err)
		}
	}
	return b, nil
}
