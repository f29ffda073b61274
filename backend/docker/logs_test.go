package docker

import (
	"io"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestLogsOptions(t *testing.T) {
	require.Equal(t, container.LogsOptions{ShowStdout: true, Follow: true},
		logsOptions(backend.LogOptions{Stdout: io.Discard, Follow: true}))
	require.Equal(t, container.LogsOptions{ShowStderr: true, Tail: "7", Since: "1136214245.000000009"},
		logsOptions(backend.LogOptions{Stderr: io.Discard, Tail: 7, Since: time.Unix(1136214245, 9)}))
}
