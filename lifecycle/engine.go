package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/filelock"
	"github.com/galley-kitchen/galley/internal/memo"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// engine is an engine of this run, with what is done there once for all of the run's instances.
type engine struct {
	backend.ContainerBackend
	run      *Run
	endpoint backend.Endpoint
	known    memo.Memo[knownContainers] // one
	shared   atomic.Pointer[shared]
}

// shared are the answers that instances of a run share on an engine, each asked for once.
type shared struct {
	// missed is set once something was missing that had been taken for granted.
	missed   bool
	images   memo.Memo[backend.Image]
	networks memo.Memo[backend.Network]
	builds   memo.Memo[backend.Image]
	// starts are the images that instances start from, by the instances that they were made of.
	starts memo.Memo[backend.Image]
}

// engineFor opens the engine that is asked for by name and address, once per run.
// Two ways to ask for the same engine give the same one.
func (r *Run) engineFor(ctx context.Context, engineName, host string) (*engine, error) {
	return r.engines.Do(engineName+" "+host, func() (*engine, error) {
		be, ep, err := r.o.Open(ctx, engineName, host)
		if err != nil {
			return nil, err
		}
		first := false
		e, err := r.byAddress.Do(ep.URI, func() (*engine, error) {
			first = true
			r.o.Sink.Handle(EngineReady{Stamp: r.stamp(""), Engine: string(ep.Kind), Version: ep.EngineVersion,
				Endpoint: ep.URI})
			e := &engine{ContainerBackend: be, run: r, endpoint: ep}
			e.shared.Store(&shared{})
			return e, nil
		})
		if !first {
			err = errors.Join(err, be.Close())
		}
		return e, err
	})
}

// CommitContainer makes an image of a container. An engine goes on with the image of a galley that was interrupted:
// that waits until the engine is through, since the container is paused so long, and there is no image yet that could
// be removed.
func (e *engine) CommitContainer(ctx context.Context, id string, o backend.CommitOptions) (backend.Image, error) {
	img, err := e.ContainerBackend.CommitContainer(ctx, id, o)
	if err == nil || ctx.Err() == nil {
		return img, err
	}
	cleanup, cancel := cleanupContext(ctx)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		c, inspected := e.InspectContainer(cleanup, id)
		if inspected != nil || c.State != backend.StatePaused {
			return img, err
		}
		select {
		case <-tick.C:
		case <-cleanup.Done():
			return img, err
		}
	}
}

// forget drops answers that turned out not to hold any more, as after another process
// pruned the engine. What was asked for since then stays.
func (e *engine) forget(stale *shared) { e.shared.CompareAndSwap(stale, &shared{missed: true}) }

// knownContainers are galley's containers on an engine as they were when the run first asked: one call, however many
// instances there are.
type knownContainers struct {
	asked   time.Time
	runners map[string]backend.Container // this project's, by instance
	all     []backend.Container
}

func (e *engine) knownContainers(ctx context.Context) (knownContainers, error) {
	return e.known.Do("", func() (k knownContainers, err error) {
		k.asked, k.runners = e.run.o.Now(), map[string]backend.Container{}
		k.all, err = e.ListContainers(ctx, backend.Labels{label.Role: ""})
		for _, c := range k.all {
			if isRunner(c) && c.Labels[label.Project] == e.run.o.Project.ID {
				k.runners[c.Labels[label.Instance]] = c
			}
		}
		return k, err
	})
}

// labels are those of everything that this run makes.
func (r *Run) labels(role string) backend.Labels {
	l := backend.Labels{label.Role: role, label.Run: r.id, label.Version: r.o.Version}
	if role == label.RoleRunner || role == label.RoleService {
		l[label.Lease] = "" // in place of the one that its image may have
	}
	lease := map[string]time.Duration{label.RoleRunner: r.o.Lease, label.RoleService: r.o.Lease,
		label.RoleHelper: helperLease, label.RoleFrom: helperLease}[role]
	if lease > 0 {
		r.declareLiving()
		l[label.Lease] = r.o.Now().Add(lease).UTC().Format(time.RFC3339)
		l[label.Locks] = lockID(r.o.Project)
	}
	return l
}

// machineLock takes a lock that all galleys of this user on this machine share.
func (r *Run) machineLock(ctx context.Context, what string, waiting func(holder string)) (*filelock.Lock, error) {
	path := filepath.Join(sharedLockDir(r.o.Project), names.Digest(what)+".lock")
	return filelock.Acquire(ctx, path, filelock.Options{Owner: r.owner(what), Waiting: waiting})
}

// network ensures the network that runners share, once per run. A network
// that is there already stays as it is, since other runners may be on it.
func (s supplies) network(ctx context.Context) error {
	d := s.inst.Driver
	n, err := s.eng.shared.Load().networks.Do(d.Network.Name, func() (backend.Network, error) {
		return s.eng.EnsureNetwork(ctx, backend.NetworkSpec{Name: d.Network.Name, IPv6: d.IPv6, IPv6Subnet: d.IPv6Subnet,
			Labels: s.run.labels(label.RoleNetwork)})
	})
	if err == nil && d.IPv6 && !n.IPv6 {
		s.notice(LevelWarn, fmt.Sprintf("ipv6: the network %s is there already, without IPv6\n"+
			"Destroy all instances that use it, run `galley prune`, and create them anew.", d.Network.Name))
	}
	return err
}
