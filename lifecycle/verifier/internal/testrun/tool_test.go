package testrun

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplitterFindsTheTokenWhereverItIsCut(t *testing.T) {
	const token = "<token>"
	for _, text := range []string{"before<token>after", "<token>", "no token <tok", "a<<token>b<token>c",
		"<toke<token>x"} {
		before, after, found := strings.Cut(text, token)
		for i := range len(text) + 1 {
			for j := i; j <= len(text); j++ {
				var out bytes.Buffer
				s := &splitter{token: []byte(token), before: &out}
				for _, piece := range []string{text[:i], text[i:j], text[j:]} {
					n, err := s.Write([]byte(piece))
					require.NoError(t, err)
					require.Equal(t, len(piece), n)
				}
				require.NoError(t, s.flush())
				require.Equal(t, found, s.found)
				require.Equal(t, before, out.String())
				require.Equal(t, after, s.after.buf.String())
			}
		}
	}
}

func TestSplitterReportsWriteErrors(t *testing.T) {
	s := &splitter{token: []byte("<>"), before: broken{}}
	_, err := s.Write([]byte("text"))
	require.ErrorIs(t, err, fs.ErrClosed)
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, fs.ErrClosed }

func TestCaptureIsBounded(t *testing.T) {
	c := &capture{}
	block := make([]byte, 1<<20)
	for range 70 {
		n, err := c.Write(block)
		require.NoError(t, err)
		require.Equal(t, len(block), n)
	}
	_, err := c.bytes()
	require.ErrorContains(t, err, "64 MiB")
}
