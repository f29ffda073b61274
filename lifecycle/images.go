package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/imagelock"
	"github.com/galley-kitchen/galley/lifecycle/internal/puller"
)

// supplies are what an instance needs on its engine besides the runner: images, tools and the network. What instances
// share is found or made once per run.
type supplies struct {
	*subject
	eng *engine
	// locked are the only images that there are, nil for all.
	locked imagelock.Images
	// onlyLook finds what is there, and neither pulls nor builds.
	onlyLook bool
}

// unlocked are the supplies without regard to a lock file.
func (s supplies) unlocked() supplies {
	s.locked = nil
	return s
}

// fullName is the full name of an image in kitchen.yml. With a lock file it is that of the one image that it may stand
// for.
func (s supplies) fullName(ref string) (string, error) {
	full, err := backend.NormalizeRef(qualify(s.inst.Driver.Registry, ref))
	if err != nil || s.locked == nil || isDigested(full) {
		return full, err
	}
	digest, ok := s.locked[full]
	if !ok {
		return "", &backend.Error{Op: "use image " + full, Kind: backend.ErrNotFound,
			Detail: "it is not in " + imagelock.Name + ", and --locked allows no other",
			Remedy: "Bring the file up to date with galley lock."}
	}
	return full[:strings.LastIndex(full, ":")] + "@" + digest, nil
}

// isDigested reports whether a full name always stands for the same image.
func isDigested(full string) bool {
	return strings.Contains(full, "@") || strings.HasPrefix(full, "sha256:")
}

// imageName is the full name under which an image is asked for: that of kitchen.yml, rewritten as the user's settings
// say.
func (s supplies) imageName(ref string) (string, error) {
	full, err := s.fullName(ref)
	return s.run.o.Images.Rewrite(full), err
}

// localImage finds an image that the engine has, by the name under which it is asked for or by the one that it has
// without rewriting. Errors: ErrNotFound.
func (s supplies) localImage(ctx context.Context, ref, full string) (backend.Image, error) {
	names := s.run.o.Images.Local(full)
	if ref = qualify(s.inst.Driver.Registry, ref); s.locked == nil && ref != full {
		names = append(names, ref) // a locally built image may go by another full name on this engine
	}
	var err error
	var img backend.Image
	for _, name := range names {
		if img, err = s.eng.InspectImage(ctx, name); !errors.Is(err, backend.ErrNotFound) {
			break
		}
	}
	return img, err
}

// image finds an image by the name that kitchen.yml has for it, pulling it as its policy says, once per run.
func (s supplies) image(ctx context.Context, ref, platform string,
	policy config.PullPolicy) (backend.Image, error) {
	d := s.inst.Driver
	full, err := s.fullName(ref)
	if err != nil {
		return backend.Image{}, err
	}
	if policy = s.pullPolicy(policy); s.onlyLook {
		policy = config.PullNever
	}
	name, op := s.run.o.Images.Rewrite(full), "use image "+full
	if name != full {
		op += ", which is " + name + " by the setting images"
	}
	key := fmt.Sprint(full, " ", platform, " ", policy, " ", d.CredsFile) // with other credentials the answer may differ
	return s.eng.shared.Load().images.Do(key, func() (backend.Image, error) {
		img, err := s.localImage(ctx, ref, full)
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
		pulled, pullErr := s.pull(ctx, name, platform, false)
		if pullErr != nil && name != full {
			pullErr = fmt.Errorf("%s: %w", op, pullErr)
		}
		if pullErr != nil && here && policy == config.PullNewer && ctx.Err() == nil {
			s.notice(LevelWarn, fmt.Sprintf("%v\nGoing on with the local image.", pullErr))
			return img, nil
		}
		return pulled, pullErr
	})
}

// withImages are mounts in which each image has its ID for its name; it is pulled as the platform's is.
func (s supplies) withImages(ctx context.Context, mounts []spec.Mount) ([]spec.Mount, error) {
	mounts = slices.Clone(mounts)
	for n, m := range mounts {
		if m.Type != spec.MountImage {
			continue
		}
		img, err := s.image(ctx, m.Source, s.inst.Driver.OCIPlatform, s.inst.Driver.PullPlatform)
		if err != nil {
			return nil, fmt.Errorf("the image to mount at %s: %w", m.Target, err)
		}
		mounts[n].Source = img.ID
	}
	return mounts, nil
}

// imagesMounted are the IDs of the images among the mounts that withImages returned.
func imagesMounted(mounts []spec.Mount) []string {
	var ids []string
	for _, m := range mounts {
		if m.Type == spec.MountImage {
			ids = append(ids, m.Source)
		}
	}
	return ids
}

// pullPolicy is a policy of kitchen.yml, or the one of the command line, as far as a lock file leaves a choice.
func (s supplies) pullPolicy(policy config.PullPolicy) config.PullPolicy {
	policy = cmp.Or(s.run.o.Pull, policy)
	if s.locked != nil && policy != config.PullNever {
		return config.PullMissing // there is none that is newer
	}
	return policy
}

// pull pulls an image. Of one that is only perhaps there it is no failure when it is not.
func (s supplies) pull(ctx context.Context, ref, platform string, perhaps bool) (backend.Image, error) {
	o := backend.PullOptions{Ref: ref, Platform: platform, Credentials: s.credentials(ctx, ref)}
	what := "pull " + ref
	o.Progress = func(p backend.Progress) {
		s.progress(Progress{What: what, Status: p.Status, Current: p.Current, Total: p.Total})
	}
	o.Progress(backend.Progress{Status: "starting"}) // an engine may be silent for long
	img, err := puller.Pull(ctx, s.eng, o, func(text string) { s.notice(LevelWarn, text) })
	if perhaps && errors.Is(err, backend.ErrNotFound) {
		s.progress(Progress{What: what, Status: "not there", Done: true})
	} else {
		s.progress(finished(what, 0, err))
	}
	return img, err
}

// credentials are those for an image's registry, nil when there are none. A store
// that cannot be read is no reason to stop: the image may be public.
func (s supplies) credentials(ctx context.Context, ref string) *backend.Credentials {
	find := s.run.o.Credentials
	if find == nil {
		return nil
	}
	found, err := find(ctx, s.inst, ref)
	if err != nil {
		s.notice(LevelWarn, err.Error())
	}
	return found
}

// platformImage is the image that the runner is made from: the platform's own, or a work image on top of it.
func (s supplies) platformImage(ctx context.Context) (backend.Image, error) {
	d := s.inst.Driver
	img, err := s.image(ctx, d.Image, d.OCIPlatform, d.PullPlatform)
	if err != nil || len(d.IntermediateInstructions) == 0 {
		return img, err
	}
	if err := secretBuildArgs(d); err != nil {
		return backend.Image{}, err
	}
	if secretInHistory(s.inst, s.run.o.Environ) {
		s.notice(LevelWarn, "intermediate_instructions or build_args hold a secret: all who have the work image can read "+
			"it in its history")
	}
	return s.build(ctx, s.workRequest(img), "building the work image from the intermediate instructions")
}

// workRequest is what the work image is made of, on top of the platform's own image.
func (s supplies) workRequest(platform backend.Image) buildRequest {
	d := s.inst.Driver
	dockerfile := fmt.Sprintf("ARG %[1]s=%[2]s\nFROM $%[1]s\n%[3]s\n", backend.BaseArg, platform.ID,
		strings.Join(d.IntermediateInstructions, "\n"))
	return buildRequest{platform: d.OCIPlatform, base: platform.ID, dir: d.BuildContext, dockerfile: dockerfile,
		args: d.BuildArgs, clientProxies: d.ClientProxies, secrets: d.BuildSecrets}
}

// ImageDigests asks registries what the names of the platforms' and tools' images stand for. Names that have a digest,
// and IDs, are left out. No engine is needed.
func (r *Run) ImageDigests(ctx context.Context, instances []config.Instance) (imagelock.Images, error) {
	found := imagelock.Images{}
	var errs []error
	for _, inst := range instances {
		i := r.newInstanceRun(inst)
		names, err := i.imageNames()
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			full, err := i.unlocked().fullName(name)
			if err != nil {
				return nil, err
			}
			if _, known := found[full]; known || isDigested(full) {
				continue
			}
			if found[full], err = i.registryDigest(ctx, full); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return found, errors.Join(errs...)
}

// imageNames are the images of the platform, the services, the tools and the mounts, as kitchen.yml has them.
func (i *instanceRun) imageNames() ([]string, error) {
	names := []string{i.inst.Driver.Image}
	mounts, of := slices.Clone(i.inst.Driver.Mounts), served(i.inst)
	for _, s := range slices.Concat(of.Services, of.Shared) {
		names = append(names, s.Image)
		mounts = append(mounts, s.Mounts...)
	}
	for _, m := range mounts {
		if m.Type == spec.MountImage {
			names = append(names, m.Source)
		}
	}
	tools, err := i.wantedTools()
	if err != nil {
		return nil, err
	}
	for _, t := range tools {
		if t.Image != "" {
			names = append(names, t.Image)
			continue
		}
		_, err := replaceBases(t.Instructions, func(base string) (string, error) {
			names = append(names, base)
			return base, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

// registryDigest asks the registry that an image comes from.
func (i *instanceRun) registryDigest(ctx context.Context, full string) (string, error) {
	asked := i.run.o.Images.Rewrite(full)
	digest, err := i.askRegistry(ctx, asked)
	if err != nil && asked != full {
		err = fmt.Errorf("image %s, which is %s by the setting images: %w", full, asked, err)
	}
	return digest.String(), err
}
