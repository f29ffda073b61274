package docker

import (
	"io"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestLogsOptions(t *testing.T) {
	require.Equal(t, container.LogsOptions{ShowStdout: true, Follow: true},
		logsOptions(backend.LogOptions{Stdout: io.Discard, Follow: true}))
	require.Equal(t, container.LogsOptions{ShowStderr: true, Tail: "7"},
		logsOptions(backend.LogOptions{Stderr: io.Discard, Tail: 7}))
}
