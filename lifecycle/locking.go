package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/imagelock"
	"github.com/galley-kitchen/galley/lifecycle/publish"
)

// ImageDigests asks registries what the names of the platforms' and tools' images stand for. Names that have a digest,
// and IDs, are left out. No engine is needed. certDirs are as in [PublishOptions].
func (r *Run) ImageDigests(ctx context.Context, instances []config.Instance,
	certDirs []string) (imagelock.Images, error) {
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
			if found[full], err = i.registryDigest(ctx, full, certDirs); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return found, errors.Join(errs...)
}

// imageNames are the images of the platform, the services, the tools and the mounts, as kitchen.yml has them.
func (i *instanceRun) imageNames() ([]string, error) {
	names := []string{i.inst.Driver.Image}
	of := i.inst
	if of.Node != nil {
		of = *of.Node.Group
	}
	mounts := slices.Clone(i.inst.Driver.Mounts)
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
func (i *instanceRun) registryDigest(ctx context.Context, full string, certDirs []string) (string, error) {
	asked := i.run.o.Images.Rewrite(full)
	tag, err := publish.LocalName(asked)
	if err != nil {
		return "", &backend.Error{Op: "image name " + asked, Kind: backend.ErrInvalid, Err: err}
	}
	r, err := publish.NewRegistry(tag.Context(), publish.RegistryOptions{
		Credentials: i.credentials(ctx, asked), CertDirs: certDirs, UserAgent: "galley/" + i.run.o.Version,
		Notice: func(text string) { i.notice(LevelWarn, text) }})
	if err != nil {
		return "", err
	}
	defer r.Close()
	digest, err := r.Digest(ctx, tag)
	if err != nil && asked != full {
		err = fmt.Errorf("image %s, which is %s by the setting images: %w", full, asked, err)
	}
	return digest.String(), err
}
