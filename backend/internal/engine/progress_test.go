package engine

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

func TestReadPull(t *testing.T) {
	stream := `{"status":"Pulling from library/busybox","id":"latest"}
{"status":"Pulling fs layer","progressDetail":{},"id":"a"}
{"status":"Downloading","progressDetail":{"current":10,"total":100},"id":"a"}
{"status":"Downloading","progressDetail":{"current":5,"total":50},"id":"b"}
{"status":"Download complete","progressDetail":{},"id":"a"}
{"status":"Extracting","progressDetail":{"current":1,"total":100},"id":"a"}
{"status":"Status: Downloaded newer image for busybox:latest"}
`
	var seen []backend.Progress
	require.NoError(t, ReadPull(strings.NewReader(stream), func(p backend.Progress) { seen = append(seen, p) }))
	require.Equal(t, []backend.Progress{
		{Status: "Pulling from library/busybox"}, {Status: "Pulling fs layer"},
		{Status: "Downloading", Current: 10, Total: 100}, {Status: "Downloading", Current: 15, Total: 150},
		{Status: "Download complete", Current: 105, Total: 150}, {Status: "Extracting", Current: 105, Total: 150},
		{Status: "Status: Downloaded newer image for busybox:latest", Current: 105, Total: 150},
	}, seen)
	require.NoError(t, ReadPull(strings.NewReader(stream), nil))
}

func TestReadPullFailures(t *testing.T) {
	for _, stream := range []string{
		`{"status":"Pulling"}{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}`,
		`{"error":"manifest unknown"}`,
	} {
		err := ReadPull(strings.NewReader(stream), nil)
		var failure *StatusError
		require.ErrorAs(t, err, &failure, stream)
		require.Equal(t, "manifest unknown", failure.Message)
	}
	var failure *StatusError
	require.ErrorAs(t, ReadPull(strings.NewReader(`{"status":"Downloading","progressDetail":{"current":1,"total":9},"id":"a"}
{"status":"Retrying in 5 seconds","progressDetail":{},"id":"a"}
{"error":"EOF"}`), nil), &failure)
	require.Equal(t, StatusError{Message: "EOF", Begun: true, Retried: true}, *failure)
	require.ErrorIs(t, ReadPull(strings.NewReader(`{"status":`), nil), io.ErrUnexpectedEOF)
	lost := errors.New("connection lost")
	require.ErrorIs(t, ReadPull(iotest.ErrReader(lost), nil), lost)
}

func TestReadBuild(t *testing.T) {
	stream := `{"stream":"Step 1/2 : FROM busybox"}
{"stream":"\n"}
{"status":"Pulling fs layer","progressDetail":{},"id":"a"}
{"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"a"}
{"stream":"Step 2/2 : RUN true\n"}
{"aux":{"ID":"sha256:0123"}}
{"stream":"Successfully built 0123\n"}
`
	var output bytes.Buffer
	require.NoError(t, ReadBuild(strings.NewReader(stream), &output, nil))
	require.Equal(t, "Step 1/2 : FROM busybox\na: Pulling fs layer\nStep 2/2 : RUN true\nSuccessfully built 0123\n",
		output.String())
}

// TestReadBuildFailure: an error has the output of the step that failed, and of no other.
func TestReadBuildFailure(t *testing.T) {
	stream := `{"stream":"Step 1/2 : RUN echo fine\n"}{"stream":"fine\n"}{"stream":"Step 2/2 : RUN false\n"}{"stream":"boom\n"}` +
		`{"errorDetail":{"code":7,"message":"The command '/bin/sh -c false' returned a non-zero code: 7"},"error":"…"}`
	err := ReadBuild(strings.NewReader(stream), nil, nil)
	var failure *StatusError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, 7, failure.Code)
	require.Equal(t, "Step 2/2 : RUN false\nboom", failure.Output)

	told := Words{}.BuildError("build image x", failure, func(*StatusError) bool { return true })
	require.ErrorIs(t, told, backend.ErrBuildFailed)
	require.ErrorContains(t, told, "non-zero code: 7")
	require.ErrorContains(t, told, "boom")

	long := strings.Replace(stream, `{"stream":"boom\n"}`, strings.Repeat(`{"stream":"compiling\n"}`, 5000)+`{"stream":"boom\n"}`, 1)
	require.ErrorAs(t, ReadBuild(strings.NewReader(long), nil, nil), &failure)
	require.True(t, strings.HasPrefix(failure.Output, "Step 2/2 : RUN false\n"), failure.Output[:100])
	require.True(t, strings.HasSuffix(failure.Output, "compiling\nboom"), "the end says why")
	require.Less(t, len(failure.Output), 10<<10)

	full := errors.New("disk full")
	err = ReadBuild(strings.NewReader(stream), writerFunc(func([]byte) (int, error) { return 0, full }), nil)
	require.ErrorIs(t, err, full)
}
