package lines

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A line without end comes in pieces of bounded size, of which nothing is lost and no
// character is cut, however the stream is cut.
func TestPieces(t *testing.T) {
	long := strings.Repeat("ü€😀x", maxLine/3)
	for _, size := range []int{1 << 20, maxLine, maxLine + 1, 1021} {
		var got strings.Builder
		pieces, lines := 0, []string{}
		w := &Writer{
			Piece: func(text string) error {
				pieces++
				require.LessOrEqual(t, len(text), maxLine)
				require.True(t, strings.ToValidUTF8(text, "") == text)
				got.WriteString(text)
				return nil
			},
			Emit: func(line string) error { lines = append(lines, line); return nil },
		}
		for rest := "first\n" + long + "\r\nlast\n"; rest != ""; {
			n, err := w.Write([]byte(rest[:min(size, len(rest))]))
			require.NoError(t, err)
			rest = rest[n:]
		}
		require.Positive(t, pieces)
		require.Len(t, lines, 3)
		require.Equal(t, long, got.String()+lines[1])
		require.LessOrEqual(t, cap(w.buf), 3*maxLine)
	}
	// What is no text is handed over too.
	var got strings.Builder
	w := &Writer{Emit: func(line string) error { got.WriteString(line); return nil }}
	binary := strings.Repeat("\xf0\x9f", maxLine)
	_, _ = w.Write([]byte(binary))
	require.NoError(t, w.Flush())
	require.Equal(t, binary, got.String())
}

func TestLines(t *testing.T) {
	var lines []string
	w := &Writer{Emit: func(l string) error { lines = append(lines, l); return nil }}
	for _, part := range []string{"a", "b\nc\r\n", "\n", "rest"} {
		n, err := w.Write([]byte(part))
		require.NoError(t, err)
		require.Equal(t, len(part), n)
	}
	require.Equal(t, []string{"ab", "c", ""}, lines)
	require.NoError(t, w.Flush())
	require.NoError(t, w.Flush())
	require.Equal(t, []string{"ab", "c", "", "rest"}, lines)
	long := strings.Repeat("y", maxLine+1)
	_, _ = w.Write([]byte(long))
	require.Equal(t, long[:maxLine], lines[4], "a line without end is not held back for ever")
}

// What takes the lines can fail, and ends the writing.
func TestErrors(t *testing.T) {
	full, taken := errors.New("full"), 0
	w := &Writer{Emit: func(string) error { taken++; return full }}
	n, err := w.Write([]byte("a\nb\n"))
	require.ErrorIs(t, err, full)
	require.Equal(t, 2, n)
	require.Equal(t, 1, taken)
}
