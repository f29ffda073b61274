package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/fastboot"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// bootKitchen is a project with Chef on a fake engine, where code is what recording ends with.
func bootKitchen(t *testing.T, code *int) (*kitchen, config.Instance) {
	k := newKitchen(t)
	k.fake.OnExec(func(ctx context.Context, c backend.Container, e backend.ExecSpec) (int, error) {
		if e.Env["GALLEY_BOOT_RECORD"] == "" {
			return 0, fake.ErrNotHandled
		}
		fmt.Fprintln(e.Stdout, "it broke")
		pr, pw := io.Pipe()
		go func() { pw.CloseWithError(archive.Write(pw, []sandbox.File{{Path: "pack", Data: []byte("compiled")}})) }()
		return *code, k.fake.CopyTo(ctx, c.ID, fastboot.Dir, pr)
	})
	i := chefInstance("a")
	i.Provisioner.Chef.FastBoot = true
	return k, i
}

// recordedBoots is how many helpers recorded a start, and whether the last runner has the result.
func recordedBoots(k *kitchen) (helpers int, has bool) {
	for _, c := range k.fake.Calls() {
		if c.Verb == "CreateContainer" && strings.Contains(c.String(), "-boot-") {
			helpers++
		}
	}
	for _, c := range k.runners() {
		code, err := k.fake.Exec(k.t.Context(), c.ID, backend.ExecSpec{Command: []string{"test", "-d", fastboot.Dir}})
		require.NoError(k.t, err)
		has = code == 0
	}
	return helpers, has
}

// The first runner of a tool on a platform records nothing, as a CI machine makes no second one; the second one does,
// and later ones use it, in other projects as well. No runner is made anew for it.
func TestFastBoot(t *testing.T) {
	code := 0
	k, i := bootKitchen(t, &code)
	require.NoError(t, k.do("converge", i))
	helpers, has := recordedBoots(k)
	require.Zero(t, helpers)
	require.False(t, has)
	require.NoError(t, k.do("converge", i), "the runner is kept")
	require.NoError(t, k.do(ActionTest, i))
	other := i
	other.Name = "b"
	for range 2 {
		require.NoError(t, k.do("converge", other))
		helpers, has = recordedBoots(k)
		require.Equal(t, 1, helpers)
		require.True(t, has)
	}
	require.NotContains(t, strings.Join(k.sink.notices(), "\n"), "changed")

	off := chefInstance("off")
	require.NoError(t, k.do(ActionTest, i))
	require.NoError(t, k.do("destroy", other))
	require.NoError(t, k.do("converge", off))
	_, has = recordedBoots(k)
	require.False(t, has, "fast_boot: false")
}

// A start that cannot be recorded fails nothing, and is tried again a day later.
func TestFastBootFails(t *testing.T) {
	code := 1
	k, i := bootKitchen(t, &code)
	now := time.Now()
	k.change = func(o *Options) { o.Now = func() time.Time { return now } }
	for range 4 {
		require.NoError(t, k.do(ActionTest, i))
	}
	helpers, _ := recordedBoots(k)
	require.Equal(t, 1, helpers)
	require.Contains(t, strings.Join(k.sink.notices(), "\n"), "the program ended with code 1: it broke")
	now, code = now.Add(25*time.Hour), 0
	require.NoError(t, k.do("converge", i))
	helpers, has := recordedBoots(k)
	require.Equal(t, 2, helpers)
	require.True(t, has)
}

// What a galley that was killed while it recorded left behind is gone when the next one has recorded.
func TestFastBootTakenUp(t *testing.T) {
	code := 0
	k, i := bootKitchen(t, &code)
	require.NoError(t, k.do("converge", i))
	require.NoError(t, k.do("destroy", i))
	k.fake.FailOn(func(c fake.Call) error {
		if c.Verb == "CreateContainer" && strings.Contains(c.String(), "-boot-") {
			return fake.ErrDiedAfter
		}
		return nil
	})
	require.Error(t, k.do("converge", i))
	k.fake.Revive()
	notes, err := filepath.Glob(filepath.Join(sharedLockDir(k.project), "boot-*"))
	require.NoError(t, err)
	require.NotEmpty(t, notes)
	for _, note := range notes { // a galley that is dead writes no more
		require.NoError(t, os.WriteFile(note, []byte("the run before"), 0o600))
	}
	require.NoError(t, k.do(ActionTest, i))
	left, err := k.fake.ListContainers(t.Context(), backend.Labels{label.Role: label.RoleHelper})
	require.NoError(t, err)
	require.Empty(t, left)
}

// A helper whose creation was not answered is removed, and the converge is as green as without.
func TestFastBootUnanswered(t *testing.T) {
	code := 0
	k, i := bootKitchen(t, &code)
	require.NoError(t, k.do("converge", i))
	require.NoError(t, k.do("destroy", i))
	k.fake.FailOn(func(c fake.Call) error {
		if c.Verb == "CreateContainer" && strings.Contains(c.String(), "-boot-") {
			return fake.AfterEffect(errors.New("the answer got lost"))
		}
		return nil
	})
	require.NoError(t, k.do("converge", i))
	left, err := k.fake.ListContainers(t.Context(), backend.Labels{label.Role: label.RoleHelper})
	require.NoError(t, err)
	require.Empty(t, left)
}
