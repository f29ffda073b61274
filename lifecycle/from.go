package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/memo"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// actionOffer converges an instance unless it is, and makes an image of it for those that start from it.
const actionOffer Action = "converge for others"

// fromImages is what the names of images begin with that instances start from; the project and a random word follow.
const fromImages = "localhost/galley-from:"

// isFrom reports whether an image is one that galley made for instances to start from. See isSnapshot.
func isFrom(i backend.Image) bool {
	return isOwnImage(i, label.RoleFrom, fromImages+i.Labels[label.Project]+"-")
}

// lineage is what the instances of a run know of each other, of which some start from others' state.
type lineage struct {
	mu sync.Mutex
	// offers has one for each instance that others start from and that is in the run too.
	offers map[string]*offer
	// digests are those of the instances that others start from.
	digests memo.Memo[string]
	// made are the images that this run made.
	made []fromImage
}

// offer is told when the state of an instance can be had: ready is closed when it has converged and its image is made,
// or when its part of the run has ended.
type offer struct {
	once  sync.Once
	ready chan struct{}
	// err says why it did not converge.
	err error
}

// fromImage is the image of an instance's state.
type fromImage struct {
	instance string
	engine   *engine
	id       string
	// key is that of its inputs, empty when they are not known or not all that it is made of.
	key string
}

// plan orders instances so that those from which others start come first, and notes of which others wait.
func (l *lineage) plan(instances []config.Instance) []config.Instance {
	selected := map[string]config.Instance{}
	for _, i := range instances {
		selected[i.Name] = i
	}
	l.offers = map[string]*offer{}
	var ordered []config.Instance
	done := map[string]bool{}
	for _, i := range instances {
		chain := []config.Instance{i}
		for p := i.From; p != nil; p = p.From {
			if parent, ok := selected[p.Name]; ok {
				chain = append(chain, parent)
				l.offers[p.Name] = &offer{ready: make(chan struct{})}
			}
		}
		for _, i := range slices.Backward(chain) {
			if !done[i.Name] {
				done[i.Name] = true
				ordered = append(ordered, i)
			}
		}
	}
	return ordered
}

// tell says what became of an instance, to those that wait for its state and were told nothing yet.
func (l *lineage) tell(instance string, err error) {
	if o := l.offers[instance]; o != nil {
		o.once.Do(func() {
			o.err = err
			close(o.ready)
		})
	}
}

// told is what those that start from an instance are told of its failure, nil for none.
func (f *Failure) told() error {
	if f == nil {
		return nil
	}
	return fmt.Errorf("its %s failed: %w", f.Phase, f.Err)
}

// awaited reports whether others in the run start from an instance.
func (l *lineage) awaited(instance string) bool { return l.offers[instance] != nil }

// release removes the images that this run made, but for those that a runner uses.
func (l *lineage) release(ctx context.Context, notice func(error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ctx, cancel := cleanupContext(ctx)
	defer cancel()
	for _, img := range slices.Backward(l.made) { // one may have been made of a runner that started from another
		if err := img.engine.RemoveImage(ctx, img.id); err != nil && !errors.Is(err, backend.ErrConflict) {
			notice(err)
		}
	}
	l.made = nil
}

// image finds the last image that this run made of an instance.
func (l *lineage) image(instance string) (found fromImage, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, img := range slices.Backward(l.made) {
		if img.instance == instance {
			return img, true
		}
	}
	return found, false
}

// startImage finds or makes the image of the instance from whose state this one starts, once per run.
func (i *instanceRun) startImage(ctx context.Context) (backend.Image, error) {
	parent := *i.inst.From
	if i.container != nil { // it is compared; when it is to be made anew, this is asked again
		if changed, err := i.configChanged(); err != nil || changed == "" || i.run.o.NoRecreate {
			id := platformID(*i.container)
			return backend.Image{ID: id, Labels: backend.Labels{label.Image: id}}, err
		}
	}
	img, err := i.eng.shared.Load().starts.Do(parent.Name, func() (backend.Image, error) { return i.offered(ctx, parent) })
	if err != nil {
		return img, fmt.Errorf("%s, from which %s starts: %w", parent.Name, i.inst.Name, err)
	}
	return img, nil
}

// offered is the image of the instance from which this one starts. That is converged first, unless it has been or this
// run does so anyway.
func (i *instanceRun) offered(ctx context.Context, parent config.Instance) (backend.Image, error) {
	l := &i.run.lineage
	if o := l.offers[parent.Name]; o != nil {
		select {
		case <-o.ready:
		case <-ctx.Done():
			return backend.Image{}, ctx.Err()
		}
		if o.err != nil {
			return backend.Image{}, o.err
		}
		if made, ok := l.image(parent.Name); ok {
			img, err := i.madeFor(ctx, made)
			if !errors.Is(err, backend.ErrNotFound) {
				return img, err
			}
		}
	}
	if f := i.run.runInstance(ctx, actionOffer, i.run.newInstanceRun(parent)).failure; f != nil {
		return backend.Image{}, f.told()
	}
	made, _ := l.image(parent.Name) // which has just been made
	return i.madeFor(ctx, made)
}

// madeFor is the image of another instance's state, which must be on this instance's engine.
func (i *instanceRun) madeFor(ctx context.Context, made fromImage) (backend.Image, error) {
	if made.engine != i.eng {
		return backend.Image{}, fmt.Errorf("it lives on another engine, %s\nGive both suites the same engine",
			hidePassword(made.engine.endpoint.URI))
	}
	return i.eng.InspectImage(ctx, made.id)
}

// convergeForOthers converges the instance, unless it has been as it is now, and offers its state. One that this makes
// is destroyed again.
func (i *instanceRun) convergeForOthers(ctx context.Context) error {
	existed := i.container != nil
	current, err := i.isConverged()
	if err != nil {
		return err
	}
	if !current {
		if err := i.advance(ctx, PhaseConverge); err != nil {
			return err
		}
	}
	if err := i.offer(ctx); err != nil || existed {
		return err
	}
	return i.runPhase(ctx, PhaseDestroy)
}

// isConverged reports whether the runner runs and was converged with what kitchen.yml says now.
func (i *instanceRun) isConverged() (bool, error) {
	if place(i.state.LastAction) < place(PhaseConverge) {
		return false, nil
	}
	changed, err := i.configChanged()
	if err != nil || changed != "" {
		return false, err
	}
	digest, err := i.convergeDigest()
	return i.state.Converge == digest, err
}

// convergeDigest is a digest of what kitchen.yml says of converge. What is in cookbooks and scripts does not count.
func (i *instanceRun) convergeDigest() (string, error) {
	var what any = i.inst.Provisioner
	if len(i.inst.Steps) > 0 {
		what = i.inst.Steps
	}
	data, err := json.Marshal(what)
	if err != nil {
		return "", fmt.Errorf("digest the provisioner's configuration: %w", err)
	}
	return textDigest(string(data)), nil
}

// offer makes an image of the converged runner for those that start from it. One that an earlier run left goes.
func (i *instanceRun) offer(ctx context.Context) error {
	if err := i.eng.removeStartImages(ctx, i.inst.Name); err != nil {
		return err
	}
	if err := i.requireRunner(ctx); err != nil {
		return err
	}
	volumes, _, err := i.volumes(ctx)
	if err != nil {
		return err
	}
	if len(volumes) > 0 {
		i.notice(LevelWarn, "what is in the volumes at "+strings.Join(volumes, ", ")+" is not there in instances that start "+
			"from this one")
	}
	labels := i.labels(label.RoleFrom)
	labels[label.Image] = platformID(*i.container)
	img, err := i.eng.CommitContainer(ctx, i.container.ID, backend.CommitOptions{
		Ref: fromImages + i.run.o.Project.ID + "-" + names.Random(8), Labels: labels})
	if err != nil {
		return err
	}
	l := &i.run.lineage
	l.mu.Lock()
	l.made = append(l.made, fromImage{i.inst.Name, i.eng, img.ID, i.inputsKey()})
	l.mu.Unlock()
	l.tell(i.inst.Name, nil)
	return nil
}

// removeStartImages removes images of an instance's state that were left, of all instances of the project without a
// name. One that a runner uses, or another image, stays, and so does one of this run or another that lives.
func (e *engine) removeStartImages(ctx context.Context, instance string) error {
	images, err := e.ListImages(ctx, backend.Labels{label.Role: label.RoleFrom, label.Project: e.run.o.Project.ID,
		label.Instance: instance})
	if err != nil {
		return err
	}
	return removeUnused(ctx, e, slices.DeleteFunc(images, func(img backend.Image) bool {
		return !isFrom(img) || isLiving(e.run.o.Project, img.Labels)
	}))
}

// removeUnused removes images, but for those that a container or another image uses.
func removeUnused(ctx context.Context, be backend.Images, images []backend.Image) error {
	for _, img := range images {
		if err := be.RemoveImage(ctx, img.ID); err != nil && !errors.Is(err, backend.ErrConflict) {
			return err
		}
	}
	return nil
}

// startDigest is a digest of what kitchen.yml wants of the instance from which this one starts.
func (i *instanceRun) startDigest() (string, error) {
	return i.run.lineage.digests.Do(i.inst.From.Name, func() (string, error) {
		parent := i.run.newInstanceRun(*i.inst.From)
		wanted, err := parent.wantedTools()
		if err != nil {
			return "", err
		}
		digests, err := parent.digests(wanted)
		if err != nil {
			return "", err
		}
		delete(digests, sandboxPaths)
		digests[startsFrom], err = parent.convergeDigest()
		return combine(digests), err
	})
}
