package lifecycle

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/statedir"
)

// FuzzState looks for records that panic, and that lead out of the directory of sandboxes. A damaged one is told and
// set aside.
func FuzzState(f *testing.F) {
	for _, text := range []string{"", "{}", "null", "[]", `{"instance": "a", "steps": ["pre_create"], "updated": "2026-01-02T03:04:05Z"}`,
		`{"sandbox": "../x"}`, `{"sandbox": "a\u0000"}`, `{"steps": 1}`, `{"spec": {"image": "x"}, "sandbox": "."}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := statedir.Of(t.TempDir())
		require.NoError(t, dir.WriteFile("a.json", data))
		s, err := readState(dir, "a.json")
		if err != nil {
			require.ErrorIs(t, err, errDamaged)
			return
		}
		if s.Sandbox != "" {
			require.Equal(t, s.Sandbox, filepath.Base(dir.Path(filepath.Join(sandboxDir, s.Sandbox))))
		}
	})
}
