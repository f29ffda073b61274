package keys

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/kitchen"
)

// update rewrites golden files and the generated documentation.
var update = flag.Bool("update", false, "rewrite golden files and generated documentation")

// golden compares text with a file, or writes the file when updating.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "%s is stale: renew it with go test ./config/keys -update", file)
}

// problems are what galley says to a kitchen.yml: of loading, or when it loads, of resolving.
func problems(t *testing.T, text []byte) []kitchen.Diagnostic {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kitchen.yml"), text, 0o600))
	c, err := kitchen.Load(context.Background(), kitchen.Options{Dir: dir})
	var failed *kitchen.LoadError
	if errors.As(err, &failed) {
		return c.Diagnostics
	}
	require.NoError(t, err)
	_, more := Resolve(c, ResolveOptions{})
	return append(c.Diagnostics, more...)
}

// renderProblems renders problems as galley prints them.
func renderProblems(list []kitchen.Diagnostic) string {
	var b strings.Builder
	for _, d := range list {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}

// TestMistakes shows what galley says to typical mistakes: where it is, what was
// found, what was expected, and how to mend it.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/mistakes/*.yml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 20)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			list := problems(t, text)
			require.NotEmpty(t, list, "a mistake must not pass unnoticed")
			for _, d := range list {
				require.False(t, d.Pos.IsZero(), "a problem needs a place: %s", d)
			}
			golden(t, strings.TrimSuffix(file, ".yml")+".golden", renderProblems(list))
		})
	}
}
