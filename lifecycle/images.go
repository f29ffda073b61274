package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
)

// imageName is the full name under which an image is asked for: that of kitchen.yml, rewritten as the user's settings
// say.
func (i *instanceRun) imageName(ref string) (string, error) {
	full, err := backend.NormalizeRef(qualify(i.inst.Driver.Registry, ref))
	return i.run.o.Images.Rewrite(full), err
}

// localImage finds an image that the engine has, by the name under which it is asked for or by the one that it has
// without rewriting. Errors: ErrNotFound.
func (i *instanceRun) localImage(ctx context.Context, ref string) (backend.Image, error) {
	ref = qualify(i.inst.Driver.Registry, ref)
	full, err := backend.NormalizeRef(ref)
	if err != nil {
		return backend.Image{}, err
	}
	names := i.run.o.Images.Local(full)
	if ref != full {
		names = append(names, ref) // a locally built image may go by another full name on this engine
	}
	var img backend.Image
	for _, name := range names {
		if img, err = i.eng.InspectImage(ctx, name); !errors.Is(err, backend.ErrNotFound) {
			break
		}
	}
	return img, err
}

// image finds an image by the name that kitchen.yml has for it, pulling it as its policy says, once per run.
func (i *instanceRun) image(ctx context.Context, ref, platform string,
	policy config.PullPolicy) (backend.Image, error) {
	d := i.inst.Driver
	full, err := backend.NormalizeRef(qualify(d.Registry, ref))
	if err != nil {
		return backend.Image{}, err
	}
	policy = i.run.pullPolicy(policy)
	name, op := i.run.o.Images.Rewrite(full), "use image "+full
	if name != full {
		op += ", which is " + name + " by the setting images"
	}
	key := fmt.Sprint(full, " ", platform, " ", policy, " ", d.CredsFile) // with other credentials the answer may differ
	return i.eng.shared.Load().images.Do(key, func() (backend.Image, error) {
		img, err := i.localImage(ctx, ref)
		here := err == nil && backend.PlatformMatches(platform, img)
		switch {
		case err != nil && !errors.Is(err, backend.ErrNotFound):
			return img, err
		case here && (policy == config.PullMissing || policy == config.PullNever):
			return img, nil
		case policy == config.PullNever && err == nil:
			return img, &backend.Error{Op: op, Kind: backend.ErrWrongPlatform,
				Detail: fmt.Sprintf("the local image is for %s, and %s is wanted", img.Platform(), platform)}
		case policy == config.PullNever:
			return img, &backend.Error{Op: op, Kind: backend.ErrNotFound,
				Detail: "it is not there, and the pull policy is never",
				Remedy: "Pull or build it first, or change `pull` in the driver's settings."}
		}
		pulled, pullErr := i.pull(ctx, name, platform)
		if pullErr != nil && name != full {
			pullErr = fmt.Errorf("%s: %w", op, pullErr)
		}
		if pullErr != nil && here && policy == config.PullNewer && ctx.Err() == nil {
			i.notice(LevelWarn, fmt.Sprintf("%v\nGoing on with the local image.", pullErr))
			return img, nil
		}
		return pulled, pullErr
	})
}

// pullPolicy is a policy of kitchen.yml, or the one of the command line.
func (r *Run) pullPolicy(policy config.PullPolicy) config.PullPolicy {
	return cmp.Or(r.o.Pull, policy)
}

func (i *instanceRun) pull(ctx context.Context, ref, platform string) (backend.Image, error) {
	o := backend.PullOptions{Ref: ref, Platform: platform, Credentials: i.credentials(ctx, ref)}
	what := "pull " + ref
	o.Progress = func(p backend.Progress) {
		i.progress(Progress{What: what, Status: p.Status, Current: p.Current, Total: p.Total})
	}
	o.Progress(backend.Progress{Status: "starting"}) // an engine may be silent for long
	img, err := i.eng.PullImage(ctx, o)
	i.progress(finished(what, 0, err))
	return img, err
}

// credentials are those for an image's registry, nil when there are none. A store
// that cannot be read is no reason to stop: the image may be public.
func (i *instanceRun) credentials(ctx context.Context, ref string) *backend.Credentials {
	find := i.run.o.Credentials
	if find == nil {
		return nil
	}
	found, err := find(ctx, i.inst, ref)
	if err != nil {
		i.notice(LevelWarn, err.Error())
	}
	return found
}
