package fake

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// TestCommandsOfTheFake: the answers that OnExec documents, and the order of hooks.
func TestCommandsOfTheFake(t *testing.T) {
	f := New()
	c, err := create(t, f, "c")
	require.NoError(t, err)
	require.NoError(t, f.StartContainer(t.Context(), c.ID))
	for _, tc := range []struct {
		command string
		code    int
	}{
		{"true", 0}, {"false", 1}, {"anything at all", 0},
	} {
		code, err := f.Exec(t.Context(), "c", backend.ExecSpec{Command: strings.Fields(tc.command)})
		require.NoError(t, err)
		require.Equal(t, tc.code, code, tc.command)
	}
	code, err := f.Exec(t.Context(), "c", backend.ExecSpec{Command: []string{"sh", "-c", "exit 4 # why"}})
	require.NoError(t, err)
	require.Equal(t, 4, code)
	for want := 5; want < 7; want++ {
		f.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
			if e.Command[0] == "other" {
				return 0, ErrNotHandled
			}
			return want, nil
		})
		code, err = f.Exec(t.Context(), "c", backend.ExecSpec{Command: []string{"false"}})
		require.NoError(t, err)
		require.Equal(t, want, code, "the latest hook is asked first")
	}
	code, err = f.Exec(t.Context(), "c", backend.ExecSpec{Command: []string{"other"}})
	require.NoError(t, err)
	require.Zero(t, code)
}

func TestANewerRemoteImage(t *testing.T) {
	f := New()
	const ref = "registry.example.test/chef/chef:latest"
	f.AddRemoteImage(ImageSpec{Ref: ref, Files: map[string]string{"/opt/chef/VERSION": "1"}})
	first, err := f.PullImage(t.Context(), backend.PullOptions{Ref: ref})
	require.NoError(t, err)
	same, err := f.PullImage(t.Context(), backend.PullOptions{Ref: ref})
	require.NoError(t, err)
	require.Equal(t, first, same)
	f.AddRemoteImage(ImageSpec{Ref: ref, Files: map[string]string{"/opt/chef/VERSION": "2"}})
	second, err := f.PullImage(t.Context(), backend.PullOptions{Ref: ref})
	require.NoError(t, err)
	require.NotEqual(t, first.ID, second.ID)
	require.True(t, strings.HasPrefix(second.ID, "sha256:"))
}
