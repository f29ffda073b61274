package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/publish"
)

// repositoryState is what a run has found out about the repository that has checkpoints. What failed for one instance
// is not tried again for the others, and told once.
type repositoryState struct {
	pullFailed, pushFailed atomic.Bool
	// unreachable is set when it did not answer to a pull.
	unreachable atomic.Bool
}

// checkpointFromRegistry is the checkpoint of a key that the repository has, nil when that has none which can be used;
// why then says what was wrong with it. One that an earlier run pulled is not pulled again.
func (i *instanceRun) checkpointFromRegistry(ctx context.Context, key string) (*backend.Image, string, error) {
	repository, state := i.run.o.Reuse.Repository, &i.run.repository
	if img, _, err := i.checkpointOf(ctx, repository+":", key); img != nil || err != nil {
		return img, "", err
	}
	ref := repository + ":" + key
	if state.pullFailed.Load() {
		return nil, "no checkpoint can be had from " + repository, nil
	}
	_, err := i.eng.shared.Load().images.Do("checkpoint "+ref, func() (backend.Image, error) {
		return i.pull(ctx, ref, i.inst.Driver.OCIPlatform, true)
	})
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, "", err
	case errors.Is(err, backend.ErrNotFound):
		return nil, "", nil
	default:
		if errors.Is(err, backend.ErrUnreachable) {
			state.unreachable.Store(true)
		}
		if !state.pullFailed.Swap(true) {
			i.notice(LevelWarn, fmt.Sprintf("no checkpoint can be had from %s, so converge is run: %v", repository, err))
		}
		return nil, "no checkpoint can be had from " + repository, nil
	}
	img, why, err := i.checkpointOf(ctx, repository+":", key)
	if err != nil {
		return nil, "", err
	}
	if img == nil {
		i.reuse.refused = true
		err = i.eng.RemoveImage(ctx, ref)
	} else {
		err = i.removeCheckpoints(ctx, img.ID)
	}
	if err != nil && ctx.Err() == nil {
		i.notice(LevelWarn, fmt.Sprintf("a checkpoint that is of no use any more is left: %v", err))
	}
	return img, why, nil
}

// registryHas reports whether the repository has a checkpoint of a key. It pulls nothing. why says that it cannot be
// asked.
func (i *instanceRun) registryHas(ctx context.Context, key string) (has bool, why string) {
	_, err := i.askRegistry(ctx, i.run.o.Reuse.Repository+":"+key)
	if err == nil || errors.Is(err, backend.ErrNotFound) {
		return err == nil, ""
	}
	return false, err.Error()
}

// pushCheckpoint brings the checkpoint of the runner, whose tests have passed, to the repository. That it fails is a
// warning, unless it was asked for strictly.
func (i *instanceRun) pushCheckpoint(ctx context.Context) error {
	o, r := i.run.o.Reuse, i.reuse
	if !o.Push || r == nil || r.cold != "" {
		return nil
	}
	key := r.inputs.Key()
	if r.hit != nil && slices.Contains(r.hit.Tags, o.Repository+":"+key) {
		return nil
	}
	if state := &i.run.repository; !o.StrictPush && (state.unreachable.Load() || state.pushFailed.Load()) {
		i.notice(LevelInfo, "its checkpoint is not pushed either")
		return nil
	}
	err := i.sendCheckpoint(ctx, key)
	switch {
	case err == nil:
		return nil
	case o.StrictPush || ctx.Err() != nil:
		return fmt.Errorf("push the checkpoint: %w", err)
	case errors.Is(err, publish.ErrSecret): // which says nothing of the others
		i.notice(LevelWarn, "the checkpoint is not pushed: "+err.Error()+"\n"+
			"All who may read the repository could read it. Have converge write a value that is no secret")
	case !i.run.repository.pushFailed.Swap(true):
		i.notice(LevelWarn, fmt.Sprintf("the checkpoint is not pushed: %v\n"+
			"The tests have passed all the same; --reuse-push=strict makes a failure of it", err))
	}
	return nil
}

// sendCheckpoint sends the checkpoint of a key from the engine to the repository, unless that has it.
func (i *instanceRun) sendCheckpoint(ctx context.Context, key string) error {
	tag, err := publish.FullName(i.run.o.Reuse.Repository + ":" + key)
	if err != nil {
		return err
	}
	r, err := i.registry(ctx, tag)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = r.Digest(ctx, tag)
	switch {
	case err == nil && !i.reuse.refused:
		return nil // another machine was faster
	case err == nil, errors.Is(err, backend.ErrNotFound), errors.Is(err, backend.ErrUnauthorized):
		// Some registries say that one may not see a repository that they do not have yet.
	default:
		return err
	}
	checkpoint, why, err := i.checkpointOf(ctx, checkpointImages, key)
	if checkpoint == nil {
		return errors.Join(err, errors.New(why))
	}
	if err := i.requireRunner(ctx); err != nil {
		return err
	}
	image, err := i.eng.InspectImage(ctx, platformID(*i.container))
	if err != nil {
		return err
	}
	mounts, _, err := i.mounted(ctx, image)
	if err != nil {
		return err
	}
	// The configuration is that of the platform's image: the runner's has its environment.
	labels := map[string]string{}
	for _, name := range []string{label.Role, label.Checkpoint, label.Inputs, label.Created, label.Instance,
		label.Version} {
		labels[name] = checkpoint.Labels[name]
	}
	return i.withArchive(func(archive *os.File) error {
		if err := i.saveImages(ctx, archive, checkpointImages+key, image.ID); err != nil {
			return err
		}
		img, err := publish.Make(ctx, publish.Source{Archive: archive, Commit: key, Mounts: mounts,
			Labels: labels, Identity: true, Secrets: longSecrets(i.inst, i.run.o.Environ)})
		if err != nil {
			return err
		}
		if err = i.run.upload(ctx, r, img); err == nil {
			err = r.Put(ctx, tag, img)
		}
		i.progress(finished("push "+publish.Text(tag), 0, err))
		if err == nil {
			i.notice(LevelInfo, "pushed the checkpoint "+shortKey(key)+" to "+i.run.o.Reuse.Repository)
		}
		return err
	})
}

// upload sends what an image is made of, one image of the run after another: registries with a file system for a store
// read a layer's link while somebody else writes it again, and refuse the image then. What images share goes once so,
// too.
func (r *Run) upload(ctx context.Context, to *publish.Registry, img v1.Image) error {
	r.uploads.Lock()
	defer r.uploads.Unlock()
	return to.Upload(ctx, img)
}
