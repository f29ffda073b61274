package lifecycle

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// TestClean: the container that removes what the runner's root left in the sandbox is
// not in the way of the next one when galley was killed or interrupted meanwhile.
func TestClean(t *testing.T) {
	gone := errors.New("ctrl-c")
	for name, broken := range map[string]struct {
		verb string
		err  error
	}{
		"at once": {}, "killed": {"StartContainer", fake.ErrDiedBefore},
		"killed late": {"WaitContainer", fake.ErrDiedAfter},
		"interrupted": {"WaitContainer", fake.ErrHang},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKitchen(t)
			dir := t.TempDir()
			r := k.run()
			eng, err := r.engineFor(t.Context(), "", "")
			require.NoError(t, err)
			w := r.newInstanceRun(chefInstance("a"))
			w.eng = eng
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if broken.verb != "" {
				k.fake.FailOn(func(c fake.Call) error {
					if c.Verb != broken.verb {
						return nil
					}
					if errors.Is(broken.err, fake.ErrHang) {
						cancel(gone)
					}
					return broken.err
				})
				require.Error(t, w.clean(ctx, dir, fake.Busybox))
				k.fake.Revive()
			}
			if name == "interrupted" {
				require.Empty(t, helpers(t, k), "an interrupted one has time to clean up")
			}
			require.NoError(t, w.clean(t.Context(), dir, fake.Busybox))
			require.Empty(t, helpers(t, k))
		})
	}
}

// An image without a shell leaves it to the user.
func TestCleanWithoutAShell(t *testing.T) {
	k := newKitchen(t)
	r := k.run()
	eng, err := r.engineFor(t.Context(), "", "")
	require.NoError(t, err)
	w := r.newInstanceRun(chefInstance("a"))
	w.eng = eng
	k.fake.FailOn(func(c fake.Call) error {
		if c.Verb == "StartContainer" {
			return &backend.Error{Op: "start", Kind: backend.ErrInvalid, Detail: "executable file not found"}
		}
		return nil
	})
	dir := t.TempDir()
	require.ErrorContains(t, w.clean(t.Context(), dir, fake.Busybox), "remove "+dir+" as root")
	require.Empty(t, helpers(t, k))
}

func helpers(t *testing.T, k *kitchen) []backend.Container {
	t.Helper()
	list, err := k.fake.ListContainers(t.Context(), backend.Labels{label.Role: label.RoleHelper})
	require.NoError(t, err)
	return list
}
