package podman

import (
	"context"
	"errors"
	"net/url"
	"strconv"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// ContainerLogs copies the log by GET /containers/{id}/logs, which comes in frames here even from a terminal.
func (b *Backend) ContainerLogs(ctx context.Context, id string, o backend.LogOptions) error {
	op := "read the log of container " + id
	query := url.Values{
		"stdout": {strconv.FormatBool(o.Stdout != nil)},
		"stderr": {strconv.FormatBool(o.Stderr != nil)},
		"follow": {strconv.FormatBool(o.Follow)},
	}
	if o.Stdout == nil && o.Stderr == nil {
		query.Set("stdout", "true") // the server wants one; it is thrown away
	}
	if o.Tail > 0 {
		query.Set("tail", strconv.Itoa(o.Tail))
	}
	resp, err := b.send(ctx, request{op: op, path: "GET /containers/%s/logs", arg: id, query: query})
	if err != nil {
		return err
	}
	err = engine.Demultiplex(resp.Body, o.Stdout, o.Stderr)
	return wrap(op, errors.Join(err, resp.Body.Close()))
}
