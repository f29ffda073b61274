package lifecycle

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// A CI runner may have no home, or one that cannot be written to.
func TestWithoutAHome(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, env := range map[string]map[string]string{
		"none":             {"XDG_CACHE_HOME": "", "HOME": "", "LocalAppData": ""},
		"no directory":     {"XDG_CACHE_HOME": file, "HOME": file, "LocalAppData": file},
		"out of reach":     {"XDG_CACHE_HOME": filepath.Join(file, "x"), "HOME": filepath.Join(file, "x"), "LocalAppData": filepath.Join(file, "x")},
		"as it usually is": nil,
	} {
		t.Run(name, func(t *testing.T) {
			k := newKitchen(t)
			for key, value := range env {
				t.Setenv(key, value)
			}
			require.NoError(t, k.do("converge", chefInstance("a")))
			tools, err := k.fake.ListContainers(t.Context(), backend.Labels{backend.LabelRole: backend.RoleTool})
			require.NoError(t, err)
			require.Len(t, tools, 1)
			_, err = os.Stat(filepath.Join(k.project.StateDir(), "locks"))
			require.Equal(t, env != nil, err == nil)
			require.NoError(t, k.do("destroy", chefInstance("a")))
		})
	}
}
