package runner

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTail(t *testing.T) {
	l := &Tail{}
	var out bytes.Buffer
	w := l.Over(&out)
	for n := range 2000 {
		_, err := fmt.Fprintf(w, "line %d\n", n)
		require.NoError(t, err)
	}
	lines := strings.Split(l.String(), "\n")
	require.Equal(t, "line 1999", lines[len(lines)-1])
	require.True(t, strings.HasPrefix(lines[0], "line 1"), lines[0])
	require.LessOrEqual(t, len(l.String()), tailSize)
	require.Equal(t, 2000, strings.Count(out.String(), "\n"))
}
