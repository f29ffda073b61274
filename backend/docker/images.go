package docker

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// manifestPlatforms is the version of the API from which an inspection can be
// asked for one of several platforms that an image is there for.
const manifestPlatforms = "1.49"

// InspectImage finds a local image, by GET /images/{name}/json.
func (b *Backend) InspectImage(ctx context.Context, ref string) (backend.Image, error) {
	return b.inspectImage(ctx, ref, nil)
}

func (b *Backend) inspectImage(ctx context.Context, ref string, platform *ocispec.Platform) (backend.Image, error) {
	op := "image " + ref
	if ref == "" { // which Docker's client does not ask for
		return backend.Image{}, &backend.Error{Op: op, Kind: backend.ErrNotFound}
	}
	var options []client.ImageInspectOption
	if platform != nil && b.atLeast(manifestPlatforms) {
		options = append(options, client.ImageInspectWithPlatform(platform))
	}
	answer, err := b.client.ImageInspect(ctx, ref, options...)
	if err != nil {
		return backend.Image{}, wrap(op, err)
	}
	return b.toolVolumes.Remember(imageFrom(answer)), nil
}

// imageFrom translates the answer of an inspection.
func imageFrom(answer image.InspectResponse) backend.Image {
	c := cmp.Or(answer.Config, &dockerspec.DockerOCIImageConfig{})
	i := backend.Image{
		ID: answer.ID, Tags: fullTags(answer.RepoTags),
		OS: answer.Os, Arch: answer.Architecture, Variant: answer.Variant,
		Volumes: slices.Sorted(maps.Keys(c.Volumes)), Entrypoint: c.Entrypoint, Labels: c.Labels,
	}
	if c.Healthcheck != nil {
		i.HealthCheck = c.Healthcheck.Test
	}
	i.Content = engine.ImageContent{Layers: answer.RootFS.Layers, Env: c.Env, Cmd: c.Cmd, User: c.User,
		WorkDir: c.WorkingDir, StopSignal: c.StopSignal}.Digest(i)
	return i
}

// fullTags writes out the registry and the namespace that Docker leaves out.
func fullTags(tags []string) []string {
	var full []string
	for _, tag := range tags {
		// What is no name is Docker's "<none>:<none>".
		if named, err := reference.ParseNormalizedNamed(tag); err == nil {
			full = append(full, named.String())
		}
	}
	return full
}

// PullImage fetches an image, by POST /images/create, and inspects it.
func (b *Backend) PullImage(ctx context.Context, o backend.PullOptions) (backend.Image, error) {
	op := "pull " + o.Ref
	platform, err := engine.ParsePlatform(o.Platform)
	if err != nil {
		return backend.Image{}, wrap(op, err)
	}
	auth, err := engine.RegistryAuth(o.Credentials)
	if err != nil {
		return backend.Image{}, wrap(op, err)
	}
	stream, err := b.client.ImagePull(ctx, o.Ref, image.PullOptions{Platform: o.Platform, RegistryAuth: auth})
	if err != nil {
		return backend.Image{}, pullFailure(op, err)
	}
	if err := errors.Join(engine.ReadPull(stream, o.Progress), stream.Close()); err != nil {
		return backend.Image{}, pullFailure(op, err)
	}
	pulled, err := b.inspectImage(ctx, o.Ref, platform)
	if err != nil {
		return backend.Image{}, err
	}
	return pulled, engine.CheckPlatform(op, o.Platform, pulled)
}

// ListImages returns the local images with labels, by GET /images/json.
func (b *Backend) ListImages(ctx context.Context, labels backend.Labels) ([]backend.Image, error) {
	answer, err := b.client.ImageList(ctx, image.ListOptions{Filters: labelFilter(labels)})
	return engine.TranslateList(answer, wrap("list images", err), func(i image.Summary) backend.Image {
		return backend.Image{ID: i.ID, Tags: fullTags(i.RepoTags), Labels: i.Labels, Size: i.Size,
			Created: time.Unix(i.Created, 0)}
	})
}

// labelFilter is labels in the form that lists are filtered by.
func labelFilter(labels backend.Labels) filters.Args {
	args := filters.NewArgs()
	for _, entry := range engine.LabelFilter(labels) {
		args.Add("label", entry)
	}
	return args
}

// RemoveImage removes an image, by DELETE /images/{name}.
func (b *Backend) RemoveImage(ctx context.Context, ref string) error {
	op := "remove image " + ref
	_, err := b.client.ImageRemove(ctx, ref, image.RemoveOptions{PruneChildren: true})
	if err = wrap(op, err); errors.Is(err, backend.ErrConflict) {
		return b.removeSharedImage(ctx, op, ref, err)
	}
	return engine.UnlessGone(err)
}

// removeSharedImage removes an image that has several names, for which Docker
// wants force; by force it would also remove an image that a container uses.
func (b *Backend) removeSharedImage(ctx context.Context, op, ref string, refusal error) error {
	users, err := b.client.ContainerList(ctx,
		container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("ancestor", ref))})
	if err != nil {
		return wrap(op, err)
	}
	if len(users) > 0 {
		return refusal
	}
	_, err = b.client.ImageRemove(ctx, ref, image.RemoveOptions{PruneChildren: true, Force: true})
	return engine.UnlessGone(wrap(op, err))
}

// SaveImages returns images as a tar stream, by GET /images/get.
func (b *Backend) SaveImages(ctx context.Context, refs ...string) (io.ReadCloser, error) {
	stream, err := b.client.ImageSave(ctx, refs)
	if err != nil {
		return nil, wrap("save image "+strings.Join(refs, ", "), err)
	}
	return stream, nil
}

// LoadImage brings an image to the engine, by POST /images/load, and inspects it.
func (b *Backend) LoadImage(ctx context.Context, tar io.Reader) (backend.Image, error) {
	const op = "load image"
	local := engine.NewLocalReader(tar)
	answer, err := b.client.ImageLoad(ctx, local, client.ImageLoadWithQuiet(true))
	if err = local.Failure(err); err != nil {
		return backend.Image{}, wrap(op, err)
	}
	ref, err := engine.ReadLoad(answer.Body)
	if err := local.Failure(errors.Join(err, answer.Body.Close())); err != nil {
		return backend.Image{}, wrap(op, err)
	}
	return b.InspectImage(ctx, ref)
}
