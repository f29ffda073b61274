package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A row is drawn once for as long as it stays, colours go on to the next row, and the last screen needs no player.
func TestDraw(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"1000": "$ \n", "1500": "$ <go>\n", "1600": "$ <go>\n", "9000": "$ <go>\n\x1b[31mred\nstill\x1b[39m\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	frames, err := read(dir)
	require.NoError(t, err)
	require.Len(t, frames, 3)
	require.Equal(t, 500+longest, frames[2].at)
	var out strings.Builder
	draw(&out, frames, "light")
	require.Equal(t, 1, strings.Count(out.String(), "$ &lt;go&gt;"))
	require.Contains(t, out.String(), `visibility="hidden">$<set`)
	require.Contains(t, out.String(), `<tspan class="c1">still</tspan><set attributeName="visibility" to="hidden" begin="l.begin" dur="2.00s"/>`)
	_, err = read(t.TempDir())
	require.ErrorContains(t, err, "there are no screens")
}
