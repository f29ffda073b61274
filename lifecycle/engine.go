package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
)

// engine is an engine of this run, with what is done there once for all of the
// run's instances.
type engine struct {
	backend.ContainerBackend
	run      *Run
	endpoint backend.Endpoint

	snapshot func(context.Context) (snapshot, error)
	images   memo[backend.Image]
	networks memo[backend.Network]
	works    memo[backend.Image]
}

// engineFor opens the engine that is asked for by name and address, once per run.
// Two ways to ask for the same engine give the same one.
func (r *Run) engineFor(ctx context.Context, engineName, host string) (*engine, error) {
	return r.engines.do(engineName+" "+host, func() (*engine, error) {
		be, ep, err := r.o.Open(ctx, engineName, host)
		if err != nil {
			return nil, err
		}
		first := false
		e, err := r.byAddress.do(ep.URI, func() (*engine, error) {
			first = true
			return r.newEngine(be, ep), nil
		})
		if !first {
			err = errors.Join(err, be.Close())
		}
		return e, err
	})
}

func (r *Run) newEngine(be backend.ContainerBackend, ep backend.Endpoint) *engine {
	r.o.Sink.Handle(EngineReady{Stamp: r.stamp(""), Engine: string(ep.Kind), Version: ep.EngineVersion, Endpoint: ep.URI})
	e := &engine{ContainerBackend: be, run: r, endpoint: ep}
	var once sync.Once
	var s snapshot
	var err error
	e.snapshot = func(ctx context.Context) (snapshot, error) {
		once.Do(func() { s, err = e.look(ctx) })
		return s, err
	}
	return e
}

// engineOf opens the engine of an instance: the one that kitchen.yml names, else
// the one where its runner was made, else whichever is there. An engine that has
// gone from its old address is looked for anew.
func (r *Run) engineOf(ctx context.Context, s State, d config.Driver, say func(string)) (*engine, error) {
	if s.Endpoint == "" || d.Host != "" {
		return r.engineFor(ctx, d.Engine, d.Host)
	}
	e, err := r.engineFor(ctx, d.Engine, s.Endpoint)
	if err == nil {
		return e, nil
	}
	other, otherErr := r.engineFor(ctx, d.Engine, "")
	if otherErr != nil {
		return nil, err
	}
	if other.endpoint.URI != s.Endpoint {
		say(fmt.Sprintf("the engine where the runner was made, %s, does not answer; going on with %s", s.Endpoint, other.endpoint.URI))
	}
	return other, nil
}

// snapshot is what galley's containers on an engine were when the run first
// looked: one call, however many instances there are.
type snapshot struct {
	taken   time.Time
	runners map[string]backend.Container // this project's, by instance
}

func (e *engine) look(ctx context.Context) (snapshot, error) {
	s := snapshot{taken: e.run.o.Now(), runners: map[string]backend.Container{}}
	all, err := e.ListContainers(ctx, backend.Labels{backend.LabelRole: ""})
	if err != nil {
		return s, err
	}
	for _, c := range all {
		if c.Labels[backend.LabelRole] == backend.RoleRunner && c.Labels[backend.LabelProject] == e.run.o.Project.ID {
			s.runners[c.Labels[backend.LabelInstance]] = c
		}
	}
	return s, nil
}

// labels are those of everything that this run makes.
func (r *Run) labels(role string) backend.Labels {
	return backend.Labels{backend.LabelRole: role, backend.LabelRun: r.id, backend.LabelVersion: r.o.Version}
}

// machineLock takes a lock that all galleys of this user on this machine share.
func (r *Run) machineLock(ctx context.Context, what string, say func(string)) (func() error, error) {
	return lock(ctx, filepath.Join(sharedLockDir(r.o.Project), shortDigest(what)+".lock"), r.owner(what), func(holder string) {
		say(fmt.Sprintf("waiting for %s", holder))
	})
}

// image finds an image on the engine, pulling it as its policy says, once per run.
func (e *engine) image(ctx context.Context, w *worker, ref, platform string, policy config.PullPolicy) (backend.Image, error) {
	full, err := backend.NormalizeRef(ref)
	if err != nil {
		return backend.Image{}, err
	}
	policy = e.run.pullPolicy(policy)
	return e.images.do(fmt.Sprint(full, " ", platform, " ", policy, " ", w.inst.Driver.CredsFile), func() (backend.Image, error) {
		img, err := e.InspectImage(ctx, full)
		if errors.Is(err, backend.ErrNotFound) && full != ref {
			// A locally built image may go by another full name on this engine.
			if local, localErr := e.InspectImage(ctx, ref); localErr == nil {
				img, err = local, nil
			}
		}
		here := err == nil && backend.PlatformMatches(platform, img)
		switch {
		case err != nil && !errors.Is(err, backend.ErrNotFound):
			return img, err
		case here && (policy == config.PullMissing || policy == config.PullNever):
			return img, nil
		case policy == config.PullNever && err == nil:
			return img, &backend.Error{Op: "use image " + full, Kind: backend.ErrWrongPlatform,
				Detail: fmt.Sprintf("the local image is for %s, and %s is wanted", img.Platform(), platform)}
		case policy == config.PullNever:
			return img, &backend.Error{Op: "use image " + full, Kind: backend.ErrNotFound,
				Detail: "it is not there, and the pull policy is never",
				Remedy: "Pull or build it first, or change `pull` in the driver's settings."}
		}
		pulled, pullErr := e.pull(ctx, w, full, platform)
		if pullErr != nil && here && policy == config.PullNewer && ctx.Err() == nil {
			w.notice(LevelWarn, fmt.Sprintf("%v\nGoing on with the local image.", pullErr))
			return img, nil
		}
		return pulled, pullErr
	})
}

// pullPolicy is a policy of kitchen.yml, or the one of the command line.
func (r *Run) pullPolicy(policy config.PullPolicy) config.PullPolicy {
	if r.o.Pull != "" {
		return r.o.Pull
	}
	return policy
}

func (e *engine) pull(ctx context.Context, w *worker, ref, platform string) (backend.Image, error) {
	o := backend.PullOptions{Ref: ref, Platform: platform, Credentials: w.credentials(ctx, ref)}
	what := "pull " + ref
	o.Progress = func(p backend.Progress) {
		e.run.o.Sink.Handle(Progress{Stamp: w.stamp(), What: what, Status: p.Status, Current: p.Current, Total: p.Total})
	}
	o.Progress(backend.Progress{Status: "starting"}) // an engine may be silent for long
	img, err := e.PullImage(ctx, o)
	done := Progress{Stamp: w.stamp(), What: what, Done: true}
	if err != nil {
		done.Status, done.Error = "failed", err.Error()
	}
	e.run.o.Sink.Handle(done)
	return img, err
}

// credentials are those for an image's registry, nil when there are none. A store
// that cannot be read is no reason to stop: the image may be there for everybody.
func (w *worker) credentials(ctx context.Context, ref string) *backend.Credentials {
	find := w.run.o.Credentials
	if find == nil {
		return nil
	}
	found, err := find(ctx, w.inst, ref)
	if err != nil {
		w.notice(LevelWarn, err.Error())
	}
	return found
}

// network makes sure of the network that runners share, once per run. A network
// that is there already stays as it is, since other runners may be on it.
func (e *engine) network(ctx context.Context, w *worker) error {
	d := w.inst.Driver
	n, err := e.networks.do(d.Network.Name, func() (backend.Network, error) {
		return e.EnsureNetwork(ctx, backend.NetworkSpec{Name: d.Network.Name, IPv6: d.IPv6, IPv6Subnet: d.IPv6Subnet,
			Labels: e.run.labels(backend.RoleNetwork)})
	})
	if err == nil && d.IPv6 && !n.IPv6 {
		w.notice(LevelWarn, fmt.Sprintf("ipv6: the network %s is there already, without IPv6\n"+
			"Destroy all instances that use it, run `galley prune`, and create them anew.", d.Network.Name))
	}
	return err
}

// tool is what is mounted into runners of a tool's image. How, the engine's backend knows.
func (e *engine) tool(t *provisioner.Tool, img backend.Image, access config.ToolAccess) (backend.Tool, error) {
	if len(img.Volumes) == 0 {
		return backend.Tool{}, &backend.Error{Op: "use image " + t.Image + " as a tool", Kind: backend.ErrInvalid,
			Detail: "it declares no volume, so there is nothing to mount into the runner", Remedy: t.Remedy}
	}
	return backend.Tool{Image: img.ID, Access: backend.ToolAccess(access), Labels: e.run.labels(backend.RoleTool)}, nil
}
