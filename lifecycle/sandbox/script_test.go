package sandbox

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScript(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"of Windows":       {"#!/bin/sh\r\necho a\r\n\r\necho b\r\n", "#!/bin/sh\necho a\n\necho b\n"},
		"without the last": {"echo a\r\necho b", "echo a\necho b"},
		"of Unix":          {"#!/bin/sh\nprintf 'a\r\n'\n", "#!/bin/sh\nprintf 'a\r\n'\n"},
		"with a mark":      {"\ufeff#!/bin/sh\necho a\n", "#!/bin/sh\necho a\n"},
		"with both":        {"\ufeff#!/bin/sh\r\necho a\r\n", "#!/bin/sh\necho a\n"},
		"empty":            {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			source := filepath.Join(t.TempDir(), "script")
			require.NoError(t, os.WriteFile(source, []byte(c.in), 0o755))
			f, err := Script(File{Path: "script", Source: source, Mode: 0o755})
			require.NoError(t, err)
			box := t.TempDir()
			for range 2 { // the second time nothing changes
				require.NoError(t, Sync(box, []File{f}, nil))
				got, err := os.ReadFile(filepath.Join(box, "script"))
				require.NoError(t, err)
				require.Equal(t, c.want, string(got))
			}
		})
	}
	_, err := Script(File{Source: filepath.Join(t.TempDir(), "gone")})
	require.ErrorContains(t, err, "read the script")
	_, err = Script(File{Source: os.DevNull}) // a pipe would never end
	require.ErrorContains(t, err, "not a regular file")
}
