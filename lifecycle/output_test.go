package lifecycle

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A line without end comes in pieces of bounded size, of which nothing is lost and no
// character is cut, however the stream is cut.
func TestLineWriterPieces(t *testing.T) {
	long := strings.Repeat("ü€😀x", maxLine/3)
	for _, size := range []int{1 << 20, maxLine, maxLine + 1, 1021} {
		var got strings.Builder
		pieces, lines := 0, []string{}
		w := &lineWriter{
			piece: func(text string) {
				pieces++
				require.LessOrEqual(t, len(text), maxLine)
				require.True(t, strings.ToValidUTF8(text, "") == text)
				got.WriteString(text)
			},
			emit: func(line string) { lines = append(lines, line) },
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
	w := &lineWriter{emit: func(line string) { got.WriteString(line) }}
	binary := strings.Repeat("\xf0\x9f", maxLine)
	_, _ = w.Write([]byte(binary))
	w.flush()
	require.Equal(t, binary, got.String())
}
