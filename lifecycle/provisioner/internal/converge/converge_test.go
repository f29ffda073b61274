package converge

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Lines reach the parser whole, however they come, without colours; the stream
// itself is passed on with its colours, and with an end for its last line.
func TestLineReader(t *testing.T) {
	var to bytes.Buffer
	var read []string
	x := lineReader(&to, new(sync.Mutex), func(l string) { read = append(read, l) })
	for _, p := range []string{"a", "b\r\nc\n\x1b[31m", "d\x1b[0m\n\ne"} {
		n, err := x.Write([]byte(p))
		require.NoError(t, err)
		require.Equal(t, len(p), n)
	}
	require.NoError(t, x.Flush())
	require.Equal(t, []string{"ab", "c", "d", "", "e"}, read)
	require.Equal(t, "ab\nc\n\x1b[31md\x1b[0m\n\ne\n", to.String())
}

// Lines for galley alone are read and not shown, however they come.
func TestLineReaderHides(t *testing.T) {
	const text = "a\n" + Marker + "one\n\n\x1eb\n" + Marker + "two\r\n" + "c" + Marker + "\n" + Marker + "three"
	for size := 1; size <= len(text); size++ {
		var to bytes.Buffer
		var read []string
		x := lineReader(&to, new(sync.Mutex), func(l string) { read = append(read, l) })
		for piece := range slices.Chunk([]byte(text), size) {
			_, err := x.Write(piece)
			require.NoError(t, err)
		}
		require.NoError(t, x.Flush())
		require.Equal(t, []string{"a", Marker + "one", "", "\x1eb", Marker + "two", "c" + Marker, Marker + "three"},
			read)
		require.Equal(t, "a\n\n\x1eb\nc"+Marker+"\n", to.String())
	}
}

// A line without an end costs no memory.
func TestLineReaderIsBounded(t *testing.T) {
	var read []string
	x := lineReader(io.Discard, new(sync.Mutex), func(l string) { read = append(read, l) })
	for range 100 {
		_, err := x.Write(bytes.Repeat([]byte("x"), 10<<10))
		require.NoError(t, err)
	}
	require.NoError(t, x.Flush())
	require.Len(t, read[0], 64<<10)
}

func TestChangedAgainError(t *testing.T) {
	e := &ChangedAgainError{What: "x", Thing: "file", Count: 25}
	for range 25 {
		e.Changes = append(e.Changes, "f")
	}
	require.Equal(t, "not idempotent: the second run of x changed 25 files"+strings.Repeat("\n  f", 20)+
		"\n  and 5 more",
		e.Error())
}
