package resolve

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBerksInputs(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"a/x": "", "b/x": "", "c/x": "",
		"Berksfile": "cookbook 'a', path: './a'\ncookbook 'b', '1', :path => \"b\"\n# cookbook 'c', path: 'c'\ncookbook " +
			"'d', path: 'none'\ncookbook 'e', git: 'path'\n"} {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	dirs, err := berksInputs(filepath.Join(root, "Berksfile"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(root, "a"), filepath.Join(root, "b")}, dirs)
}

// A project keeps its last resolutions, not all.
func TestStoreForgets(t *testing.T) {
	s := store{t.TempDir()}
	for n := range storeKeeps + 3 {
		dir, err := os.MkdirTemp(s.dir, ".new-*")
		require.NoError(t, err)
		_, err = s.put(fmt.Sprintf("digest%d", n), dir)
		require.NoError(t, err)
	}
	left, err := os.ReadDir(s.dir)
	require.NoError(t, err)
	require.Len(t, left, storeKeeps)
}
