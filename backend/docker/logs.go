package docker

import (
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/docker/docker/api/types/container"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// ContainerLogs writes what PID 1 printed, by GET /containers/{id}/logs. Before it the container is inspected, since
// Docker sends the log of a terminal as it is and any other in frames.
func (b *Backend) ContainerLogs(ctx context.Context, id string, o backend.LogOptions) error {
	op := "logs of container " + id
	answer, err := b.client.ContainerInspect(ctx, id)
	if err != nil {
		return wrap(op, err)
	}
	if o.Stdout == nil && o.Stderr == nil {
		return nil
	}
	stream, err := b.client.ContainerLogs(ctx, id, logsOptions(o))
	if err != nil {
		return wrap(op, err)
	}
	if answer.Config != nil && answer.Config.Tty {
		_, err = io.Copy(engine.LocalWriter(o.Stdout), stream)
	} else {
		err = engine.Demultiplex(stream, o.Stdout, o.Stderr)
	}
	return wrap(op, errors.Join(err, stream.Close()))
}

// logsOptions translates the part of a log that is wanted.
func logsOptions(o backend.LogOptions) container.LogsOptions {
	options := container.LogsOptions{ShowStdout: o.Stdout != nil, ShowStderr: o.Stderr != nil, Follow: o.Follow}
	if o.Tail > 0 {
		options.Tail = strconv.Itoa(o.Tail)
	}
	return options
}
