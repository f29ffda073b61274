package engine

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestDemultiplex(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	stream := bytes.Join([][]byte{
		frame(frameStdout, "one "), frame(frameStderr, "bad "), frame(frameStdout, ""), frame(frameStdin, "two "),
		frame(frameStdout, long),
	}, nil)
	for name, r := range map[string]io.Reader{"whole": bytes.NewReader(stream),
		"bytewise": iotest.OneByteReader(bytes.NewReader(stream))} {
		var stdout, stderr bytes.Buffer
		require.NoError(t, Demultiplex(r, &stdout, &stderr), name)
		require.Equal(t, "one two "+long, stdout.String(), name)
		require.Equal(t, "bad ", stderr.String(), name)
	}
	require.NoError(t, Demultiplex(bytes.NewReader(stream), nil, nil), "nil throws it away")
}

func TestDemultiplexFailures(t *testing.T) {
	whole := frame(frameStdout, "text")
	for _, cut := range []int{1, frameHeader, frameHeader + 1} {
		require.ErrorIs(t, Demultiplex(bytes.NewReader(whole[:cut]), nil, nil), io.ErrUnexpectedEOF, cut)
	}
	require.ErrorContains(t, Demultiplex(bytes.NewReader(frame(frameError, "log driver gone")), nil, nil),
		"log driver gone")
	require.ErrorContains(t, Demultiplex(strings.NewReader("raw text of a terminal"), nil, nil), "not in frames")
	full := errors.New("disk full")
	require.ErrorIs(t, Demultiplex(bytes.NewReader(whole), writerFunc(func([]byte) (int, error) { return 0, full }),
		nil), full)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
