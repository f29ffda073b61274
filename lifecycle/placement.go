package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/internal/userdir"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Asked is the engine that the user asked for in so many words, outside kitchen.yml.
type Asked struct {
	// Engine is "docker" or "podman", Host an address; either may be empty.
	Engine, Host string
	// Source is how it was asked for, as the user wrote it: "--host", "DOCKER_HOST". It
	// is empty when nothing was asked for.
	Source string
	// Weak is set for variables of other programs, such as DOCKER_HOST, which an address in kitchen.yml comes before.
	Weak bool
}

// elsewhere says that an engine was asked for on which an instance is not, and how to go on.
func elsewhere(instance string, s State, asked Asked) error {
	at := describeEngine(s.Kind, s.Endpoint)
	return fmt.Errorf("%s lives on %s, and %s asks for %s\n"+
		"To move it, destroy it first: `galley destroy %s` with the engine where it lives, for example with --host %s",
		instance, at, asked.Source, hidePassword(cmp.Or(asked.Host, asked.Engine)), instance, at)
}

// describeEngine names the engine that a record tells of.
func describeEngine(kind, endpoint string) string {
	switch {
	case endpoint != "":
		return endpoint
	case kind != "":
		return "a " + kind + " that galley starts for itself"
	}
	return "another engine"
}

// mayHaveRunner reports whether a runner, a service or a network may exist by what is recorded: it was made, or
// the galley that was about to was killed.
func (s State) mayHaveRunner() bool {
	return s.ContainerID != "" || s.Mark != "" || len(s.Services)+len(s.Networks) > 0 || s.Network
}

// locate opens the engine on which an instance lives, or on which it will be made. moved
// is the engine where its runner is while kitchen.yml names another one now. An engine that is recorded and does not
// answer is never replaced.
func (r *Run) locate(ctx context.Context, instance string, s State, d config.Driver) (e, moved *engine, err error) {
	if d.Recorded && s.Kind == "" && s.Endpoint == "" {
		return nil, nil, fmt.Errorf("no engine is recorded for %s: name it with --on", instance)
	}
	if !s.mayHaveRunner() && !d.Recorded {
		e, err = r.engineFor(ctx, r.kindFor(d), r.hostFor(d))
		return e, nil, err
	}
	if !d.Recorded && (s.Engine != d.Engine || s.Host != hidePassword(d.Host)) {
		if e, err = r.engineFor(ctx, r.kindFor(d), r.hostFor(d)); err == nil && sameEndpoint(e.endpoint.URI, s.Endpoint) {
			return e, nil, nil
		}
		old, oldErr := r.recordedEngine(ctx, instance, s)
		if oldErr != nil {
			return nil, nil, fmt.Errorf("kitchen.yml names another engine now, and the old one must remove the runner first: %w",
				oldErr)
		}
		return e, old, err
	}
	e, err = r.whereRecorded(ctx, instance, s, d)
	return e, nil, err
}

// whereRecorded opens the engine on which an instance was made. d is what kitchen.yml says; its address is used when it
// is the one that the instance was made with.
func (r *Run) whereRecorded(ctx context.Context, instance string, s State, d config.Driver) (*engine, error) {
	if d.Recorded {
		return r.recordedEngine(ctx, instance, s)
	}
	e, err := r.askedEngine(ctx, instance, s)
	switch {
	case e != nil || err != nil:
		return e, err
	case d.Host != "" && s.Host == hidePassword(d.Host):
		return r.openRecorded(ctx, instance, s, s.Kind, d.Host)
	}
	return r.recordedEngine(ctx, instance, s)
}

// openRecorded opens the recorded engine of an instance by a name and an address of it.
func (r *Run) openRecorded(ctx context.Context, instance string, s State, name, host string) (*engine, error) {
	e, err := r.engineFor(ctx, name, host)
	if err != nil {
		return nil, fmt.Errorf("%s lives on %s, which cannot be used: %w\n"+
			"Start that engine, or forget the runner with `galley destroy --forget %s`, which does not remove it",
			instance, describeEngine(s.Kind, s.Endpoint), err, instance)
	}
	return e, nil
}

// kindFor is the engine that kitchen.yml names, unless the user asked for another.
func (r *Run) kindFor(d config.Driver) string {
	if a := r.o.Asked; d.Host != "" && a.Weak && a.Host == "" { // an address comes with its engine, and before a file's
		return d.Engine
	}
	return cmp.Or(r.o.Asked.Engine, d.Engine)
}

// hostFor is the address that kitchen.yml gives, unless the user asked for another.
func (r *Run) hostFor(d config.Driver) string {
	if r.o.Asked.Host != "" && !r.o.Asked.Weak {
		return ""
	}
	return d.Host
}

// askedEngine compares the engine that was asked for with the one that is recorded. It
// returns nil when nothing was asked for that could differ.
func (r *Run) askedEngine(ctx context.Context, instance string, s State) (*engine, error) {
	asked := r.o.Asked
	switch {
	case asked.Source == "" || (asked.Weak && s.Host != ""):
		return nil, nil
	case asked.Host == "" && asked.Engine != "":
		if s.Kind != "" && s.Kind != asked.Engine {
			return nil, elsewhere(instance, s, asked)
		}
		return nil, nil
	}
	// What was asked for may be nowhere, as a context that does not exist: that is told here.
	e, err := r.engineFor(ctx, asked.Engine, "")
	if err != nil {
		return nil, err
	}
	if sameEndpoint(e.endpoint.URI, s.Endpoint) {
		return e, nil
	}
	// The same engine may have two addresses.
	if s.ContainerID != "" {
		if _, err := e.InspectContainer(ctx, s.ContainerID); !errors.Is(err, backend.ErrNotFound) {
			return e, err
		}
	}
	return nil, elsewhere(instance, s, asked)
}

// recordedEngine opens the engine that is recorded for an instance.
func (r *Run) recordedEngine(ctx context.Context, instance string, s State) (*engine, error) {
	if s.Endpoint != "" && !r.offers(ctx, s.Endpoint) {
		return nil, fmt.Errorf("%s lives on %s as its state file says, and neither your settings nor this machine offer "+
			"that engine\n"+
			"If it is yours, say so with --host %s; else forget the runner with `galley destroy --forget %s`",
			instance, s.Endpoint, s.Endpoint, instance)
	}
	return r.openRecorded(ctx, instance, s, s.Kind, s.Endpoint)
}

// placeInstance opens the engine of an instance. A runner is removed from the engine that kitchen.yml named before. The
// engine is nil when it does not answer and the runner is to be forgotten.
func (i *instanceRun) placeInstance(ctx context.Context) error {
	e, moved, err := i.run.locate(ctx, i.inst.Name, i.state, i.inst.Driver)
	switch {
	case moved != nil && i.phase == PhaseDestroy && !i.fresh:
		i.eng = moved // whether the new one can be used does not matter
		return nil
	case err != nil && i.run.o.Forget && i.phase == PhaseDestroy && ctx.Err() == nil:
		i.notice(LevelWarn, fmt.Sprintf("%v\nThe runner is forgotten, and not removed: %s on %s", err,
			containerName(i.run.o.Project, i.inst.Name), describeEngine(i.state.Kind, i.state.Endpoint)))
		return nil
	case err != nil:
		return err
	case moved != nil:
		i.eng = moved
		if err := i.destroyOnPreviousEngine(ctx); err != nil {
			return err
		}
	}
	i.eng = e
	return nil
}

// destroyOnPreviousEngine removes the runner from the engine where it was made before kitchen.yml named another one.
func (i *instanceRun) destroyOnPreviousEngine(ctx context.Context) error {
	if err := i.findRunner(ctx); err != nil {
		return err
	}
	if err := i.refuseForeign(); err != nil {
		return err
	}
	found := i.container != nil
	err := i.removeContainers(ctx)
	if found && i.container == nil { // a service may be left
		i.notice(LevelInfo, fmt.Sprintf("removed the runner from %s, the engine that kitchen.yml named before",
			i.eng.endpoint.URI))
	}
	if err != nil {
		return err
	}
	i.forgetRunner()
	i.state.Mark = ""
	return i.save()
}

// openEngines opens the engines of all instances, so that "there is no engine" is
// told once and before anything is begun.
func (r *Run) openEngines(ctx context.Context, instances []config.Instance) error {
	var first error
	for _, inst := range instances {
		s, err := r.stateFile(inst.Name).load()
		var moved *engine
		if err == nil {
			_, moved, err = r.locate(ctx, inst.Name, s, inst.Driver)
		}
		if err == nil || moved != nil || r.o.Forget {
			return nil // another instance that fails, fails alone
		}
		if first == nil {
			first = err
		}
	}
	if errors.Is(first, errDamaged) {
		return nil // the instance itself tells it
	}
	return first
}

// sameEndpoint reports whether two addresses lead to one engine, as far as addresses
// tell: links to a socket are followed, and passwords do not count.
func sameEndpoint(a, b string) bool { return Canonical(a) == Canonical(b) }

// Canonical is an address by which engines are told apart: without a password, and with links to sockets followed.
func Canonical(uri string) string {
	uri = hidePassword(uri)
	if path, ok := strings.CutPrefix(uri, "unix://"); ok {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return "unix://" + real
		}
	}
	return uri
}

// hidePassword is an address without the password that it may have.
func hidePassword(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.User == nil {
		return uri
	}
	if _, has := u.User.Password(); !has {
		return uri
	}
	u.User = url.User(u.User.Username())
	return u.String()
}

// offers reports whether an address that a state file has may be used: this machine's detection or the user's settings
// would offer it, or this user has had an instance there. A state file may have come with a cloned repository.
func (r *Run) offers(ctx context.Context, uri string) bool {
	if r.o.Offers == nil || r.o.Offers(ctx, uri) {
		return true
	}
	note, err := endpointNote(uri, userdir.Find)
	if err != nil {
		return false
	}
	f, err := os.Open(note)
	if err != nil {
		return false
	}
	defer f.Close()
	if userdir.OwnFile(f) != nil {
		return false
	}
	data, err := io.ReadAll(f)
	return err == nil && string(data) == uri
}

// rememberEndpoint notes for this user that an engine was used.
func (r *Run) rememberEndpoint(uri string) {
	if cache, err := os.UserCacheDir(); err == nil {
		_ = os.MkdirAll(cache, 0o700)
	}
	// Without the note, a later run asks the user where the engine is.
	if note, err := endpointNote(uri, userdir.Make); err == nil {
		_ = sandbox.WriteFile(note, []byte(uri), 0o600)
	}
}

// endpointNote is the file that notes an address for this user, in a directory that find finds or makes. The directory
// for caches itself may be a link; below it, find refuses what another user could have made: it may be that user's
// after sudo.
func endpointNote(uri string, find func(base string, elem ...string) (string, error)) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	if cache, err = filepath.EvalSymlinks(cache); err != nil {
		return "", err
	}
	dir, err := find(cache, "galley", "engines")
	return filepath.Join(dir, names.Digest(uri)), err
}
