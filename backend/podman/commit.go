package podman

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

type changeAnswer struct {
	Path string
	Kind int
}

// ContainerChanges lists what a container changed in its image, by GET /containers/{id}/changes.
func (b *Backend) ContainerChanges(ctx context.Context, id string) ([]backend.Change, error) {
	op := "list the changes of container " + id
	var answer []changeAnswer
	err := b.call(ctx, request{op: op, path: "GET /containers/%s/changes", arg: id}, &answer)
	if errors.Is(err, backend.ErrConflict) { // it looks for a layer first, which a container that is not there has not
		if _, absent := b.InspectContainer(ctx, id); absent != nil {
			return nil, absent
		}
	}
	if engine.Says(err, "not a directory") {
		return nil, backend.Unsupported("Podman",
			"the list of changes of a container in which a directory took a file's place",
			"Have the directory elsewhere, or in the image.")
	}
	if err != nil {
		return nil, err
	}
	changes, err := engine.Changes(answer, func(c changeAnswer) (string, int) { return c.Path, c.Kind })
	return changes, wrap(op, err)
}

// CommitContainer makes an image of a container by POST /commit, in Docker's format, and inspects it. An unprivileged
// user can pause a container on cgroup v2 only.
func (b *Backend) CommitContainer(ctx context.Context, id string, o backend.CommitOptions) (backend.Image, error) {
	op := "make an image of container " + id
	m, err := b.measure(ctx)
	if err != nil {
		return backend.Image{}, err
	}
	escape := m.version.atLeast(commitInstructions)
	query := url.Values{
		"container": {id}, "format": {"docker"},
		"pause": {strconv.FormatBool(!m.rootless || m.CgroupVersion > 1)},
	}
	if o.Ref != "" {
		named, err := reference.ParseNormalizedNamed(o.Ref)
		if err != nil {
			return backend.Image{}, &backend.Error{Op: op, Kind: backend.ErrInvalid, Detail: err.Error(), Err: err}
		}
		query.Set("repo", named.Name())
		if tagged, ok := named.(reference.Tagged); ok {
			query.Set("tag", tagged.Tag())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Labels)) {
		query.Add("changes", "LABEL "+name+"="+labelValue(o.Labels[name], escape))
	}
	var answer creation
	if err := b.call(ctx, request{op: op, path: "POST /commit", query: query}, &answer); err != nil {
		return backend.Image{}, err
	}
	return b.InspectImage(ctx, answer.ID)
}

// labelValue is a label's value as an instruction has it: in quotes, on one line. Podman takes the quotes away, and
// reads what is between them as a Dockerfile's text (escape) or, before 4.9, as it is.
func labelValue(text string, escape bool) string {
	text = strings.ReplaceAll(text, "\n", " ")
	if escape {
		text = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(text)
	}
	return `"` + text + `"`
}
