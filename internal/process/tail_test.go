package process

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTail(t *testing.T) {
	var tail Tail
	for n := range 3000 {
		_, err := fmt.Fprintf(&tail, "line %d\n", n)
		require.NoError(t, err)
	}
	lines := strings.Split(tail.String(), "\n")
	require.Equal(t, "line 2999", lines[len(lines)-1])
	require.True(t, strings.HasPrefix(lines[0], "line 2"), lines[0])
	require.LessOrEqual(t, len(tail.String()), maxTail)
}
