package podman

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// imageID puts the prefix before an ID of SHA-256, which Podman leaves out. Anything else stays as the engine says it.
func imageID(id string) string {
	if sum, err := hex.DecodeString(id); err != nil || len(sum) != sha256.Size {
		return id
	}
	return "sha256:" + id
}

// imageAnswer is what galley reads of an inspected image.
type imageAnswer struct {
	ID           string `json:"Id"`
	RepoTags     []string
	Os           string
	Architecture string
	Variant      string
	RootFS       struct{ Layers []string }
	Config       ocispec.ImageConfig
	HealthCheck  struct{ Test []string }
}

// InspectImage finds a local image, by GET /images/{name}/json.
func (b *Backend) InspectImage(ctx context.Context, ref string) (backend.Image, error) {
	answer, err := b.inspectImage(ctx, ref)
	if err != nil {
		return backend.Image{}, err
	}
	return b.toolVolumes.Remember(imageFrom(answer)), nil
}

func (b *Backend) inspectImage(ctx context.Context, ref string) (answer imageAnswer, err error) {
	err = b.call(ctx, request{op: "image " + ref, path: "GET /images/%s/json", arg: ref}, &answer)
	return answer, err
}

// imageFrom translates the answer of an inspection.
func imageFrom(answer imageAnswer) backend.Image {
	c := answer.Config
	i := backend.Image{
		ID: imageID(answer.ID), Tags: answer.RepoTags,
		OS: answer.Os, Arch: answer.Architecture, Variant: answer.Variant,
		Volumes: slices.Sorted(maps.Keys(c.Volumes)), Entrypoint: c.Entrypoint,
		Labels: c.Labels, HealthCheck: answer.HealthCheck.Test,
	}
	i.Content = engine.ImageContent{Layers: answer.RootFS.Layers, Env: c.Env, Cmd: c.Cmd, User: c.User,
		WorkDir: c.WorkingDir, StopSignal: c.StopSignal}.Digest(i)
	return i
}

// noCredentials is "{}" in base64. Without such a header Podman would use what its service has been logged in with.
const noCredentials = "e30="

// PullImage fetches an image by POST /images/pull. Errors that may be over soon are not tried again by Podman 5.4, but
// by who asks, who can tell the user; older servers ignore that parameter.
func (b *Backend) PullImage(ctx context.Context, o backend.PullOptions) (backend.Image, error) {
	image, err := b.pullImage(ctx, o)
	return image, pullFailure(err, parseVersion(b.endpoint.EngineVersion))
}

// pullImage pulls once. In the mode that is compatible with Docker (Podman 4.6) the answer counts bytes; older servers
// ignore the parameter and send lines of text.
func (b *Backend) pullImage(ctx context.Context, o backend.PullOptions) (backend.Image, error) {
	op := "pull " + o.Ref
	query := url.Values{"reference": {o.Ref}, "policy": {"always"}, "compatMode": {"true"}, "retry": {"0"}}
	platform, err := engine.ParsePlatform(o.Platform)
	if err != nil {
		return backend.Image{}, err
	}
	if platform != nil {
		query.Set("OS", platform.OS)
		query.Set("Arch", platform.Architecture)
		if platform.Variant != "" {
			query.Set("Variant", platform.Variant)
		}
	}
	auth, err := engine.RegistryAuth(o.Credentials)
	if err != nil {
		return backend.Image{}, wrap(op, err)
	}
	header := http.Header{"X-Registry-Auth": {cmp.Or(auth, noCredentials)}}
	resp, err := b.send(ctx, request{op: op, path: "POST /images/pull", query: query, header: header})
	if err != nil {
		return backend.Image{}, err
	}
	err = engine.ReadPull(resp.Body, o.Progress)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return backend.Image{}, wrap(op, err)
	}
	image, err := b.InspectImage(ctx, o.Ref)
	if err != nil {
		return backend.Image{}, err
	}
	// Podman takes an image of another platform when the registry has no list.
	return image, engine.CheckPlatform(op, o.Platform, image)
}

// listedImage is what galley reads of an image in a list.
type listedImage struct {
	ID       string `json:"Id"`
	RepoTags []string
	Os       string
	Arch     string
	Size     int64
	Created  int64
	Labels   map[string]string
}

// ListImages returns the local images with labels, by GET /images/json. Their configuration is told by InspectImage
// only. Podman 4.3 finds nothing when it is given several labels, so it gets one, and the others are compared here.
func (b *Backend) ListImages(ctx context.Context, labels backend.Labels) ([]backend.Image, error) {
	one := backend.Labels{}
	for _, k := range slices.Sorted(maps.Keys(labels))[:min(1, len(labels))] {
		one[k] = labels[k]
	}
	var answer []listedImage
	err := b.list(ctx, request{op: "list images", path: "GET /images/json", filters: labelFilters(one)}, &answer)
	answer = slices.DeleteFunc(answer, func(i listedImage) bool { return !labels.Matches(i.Labels) })
	return engine.TranslateList(answer, err, func(i listedImage) backend.Image {
		return backend.Image{ID: imageID(i.ID), Tags: i.RepoTags, OS: i.Os, Arch: i.Arch, Labels: i.Labels, Size: i.Size,
			Created: time.Unix(i.Created, 0)}
	})
}

// RemoveImage removes an image, by DELETE /images/{name}.
func (b *Backend) RemoveImage(ctx context.Context, ref string) error {
	op := "remove image " + ref
	err := b.call(ctx, request{op: op, path: "DELETE /images/%s", arg: ref}, nil)
	if engine.Says(err, "with more than one tag") {
		return b.removeSharedImage(ctx, op, ref)
	}
	return engine.UnlessGone(err)
}

// removeSharedImage removes an image that has several names, for which Podman
// wants force; by force it would also remove the containers that use it.
func (b *Backend) removeSharedImage(ctx context.Context, op, ref string) error {
	image, err := b.InspectImage(ctx, ref)
	if err != nil {
		return engine.UnlessGone(err) // another process was faster
	}
	var users []struct{ Names []string }
	err = b.list(ctx, request{
		op: op, path: "GET /containers/json", query: url.Values{"all": {"true"}},
		filters: map[string][]string{"ancestor": {image.ID}},
	}, &users)
	if err != nil {
		return err
	}
	if len(users) > 0 {
		return &backend.Error{Op: op, Kind: backend.ErrConflict, Detail: "containers use it",
			Remedy: "Remove the containers that use it first."}
	}
	for _, name := range image.Tags {
		err := b.call(ctx, request{op: op, path: "DELETE /images/%s", arg: name}, nil)
		if err = engine.UnlessGone(err); err != nil {
			return err
		}
	}
	return nil
}

// labelFilters are labels in the form that lists are filtered by.
func labelFilters(labels backend.Labels) map[string][]string {
	return map[string][]string{"label": engine.LabelFilter(labels)}
}

// SaveImages returns images as a tar stream, by GET /images/export.
func (b *Backend) SaveImages(ctx context.Context, refs ...string) (io.ReadCloser, error) {
	resp, err := b.send(ctx, request{
		op: "save image " + strings.Join(refs, ", "), path: "GET /images/export",
		query: url.Values{"references": refs, "format": {"docker-archive"}},
	})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// LoadImage brings an image to the engine, by POST /images/load, and inspects it.
func (b *Backend) LoadImage(ctx context.Context, tar io.Reader) (backend.Image, error) {
	const op = "load image"
	local := engine.NewLocalReader(tar)
	var answer struct{ Names []string }
	err := b.call(ctx, request{
		op: op, path: "POST /images/load", header: http.Header{"Content-Type": {"application/x-tar"}}, body: local,
	}, &answer)
	if err := local.Failure(err); err != nil {
		return backend.Image{}, wrap(op, err)
	}
	if len(answer.Names) == 0 {
		return backend.Image{}, &backend.Error{Op: op, Kind: backend.ErrInvalid, Detail: "there was no image in it"}
	}
	return b.InspectImage(ctx, answer.Names[0])
}
