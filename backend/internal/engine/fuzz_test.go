package engine

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzDemultiplex looks for streams of frames that panic, and for more output than came in.
func FuzzDemultiplex(f *testing.F) {
	f.Add(append(frame(frameStdout, "out"), frame(frameStderr, "err")...))
	f.Add(frame(frameError, "log driver gone"))
	f.Add([]byte{frameStdout, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 'x'})
	f.Add([]byte("raw text of a terminal"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		var stdout, stderr bytes.Buffer
		err := Demultiplex(bytes.NewReader(stream), &stdout, &stderr)
		require.LessOrEqual(t, stdout.Len()+stderr.Len(), len(stream))
		if err != nil {
			require.NotEmpty(t, err.Error())
		}
	})
}
