package initcmd

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The lines of a Dockerfile become instructions: those that go on are one, and comments and blank lines none.
func TestFromDockerfile(t *testing.T) {
	for text, want := range map[string]any{
		"FROM a\n":              nil,
		"FROM a\n# no <<text\n": nil,
		"FROM a\r\nRUN b\r\n":   []string{"RUN b"},
		"# c\nFROM a\n\nRUN b \\\n  # c\n\n  d\nUSER e": []string{"RUN b \\\n  d", "USER e"},
		"FROM a\nCOPY <<x /y\n# z\nx\n":                 []string{"COPY <<x /y\n# z\nx\n"},
	} {
		dir, driver := t.TempDir(), map[string]any{}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(text), 0o600))
		require.NoError(t, fromDockerfile(dir, "Dockerfile", driver), text)
		require.Equal(t, "a", driver["image"], text)
		require.Equal(t, want, driver["intermediate_instructions"], text)
	}
}
