package initcmd

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A file that is there is kept. A directory that cannot be made is an error, also when something has its name.
func TestWriteNew(t *testing.T) {
	var out bytes.Buffer
	s := starter{dir: t.TempDir(), out: &out}
	require.NoError(t, s.writeNew("a/b", "first"))
	require.NoError(t, s.writeNew("a/b", "second"))
	text, err := os.ReadFile(filepath.Join(s.dir, "a", "b"))
	require.NoError(t, err)
	require.Equal(t, "first", string(text))
	require.NoError(t, os.Symlink("/nowhere", filepath.Join(s.dir, "test")))
	require.ErrorIs(t, s.writeNew("test/c", "lost"), fs.ErrExist)
	require.Equal(t, "wrote   a/b\nkept    a/b\n", out.String())
}
