package lifecycle

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/label"
)

// A CI runner may have no home, or one that cannot be written to.
func TestWithoutAHome(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, env := range map[string]map[string]string{
		"none":         {"XDG_CACHE_HOME": "", "HOME": "", "LocalAppData": ""},
		"no directory": {"XDG_CACHE_HOME": file, "HOME": file, "LocalAppData": file},
		"out of reach": {"XDG_CACHE_HOME": filepath.Join(file, "x"), "HOME": filepath.Join(file, "x"),
			"LocalAppData": filepath.Join(file, "x")},
		"as it usually is": nil,
	} {
		t.Run(name, func(t *testing.T) {
			k := newKitchen(t)
			for key, value := range env {
				t.Setenv(key, value)
			}
			i := chefInstance("a")
			i.Driver.IntermediateInstructions = []string{"RUN true"} // an image is built once for all galleys
			require.NoError(t, k.do("converge", i))
			require.Len(t, k.runners(), 1)
			_, err := os.Stat(filepath.Join(k.project.StateDir(), "locks"))
			require.Equal(t, env != nil, err == nil)
			require.NoError(t, k.do("destroy", chefInstance("a")))
		})
	}
}

// meanwhile is a sink that has something done when an instance is begun.
type meanwhile struct {
	Sink
	instance string
	do       func()
}

// Handle does it once.
func (m *meanwhile) Handle(e Event) {
	if s, ok := e.(InstanceStarted); ok && s.Instance == m.instance && m.do != nil {
		do := m.do
		m.do = nil
		do()
	}
	m.Sink.Handle(e)
}

// What another galley does to an instance while this one is busy with the one before
// it counts, though there was no wait for a lock.
func TestAnotherGalleyWasFaster(t *testing.T) {
	for name, c := range map[string]struct {
		before, meanwhile Action
		kept              bool
	}{
		"made it":      {"destroy", "converge", true},
		"made another": {"destroy", "create", true},
		"removed it":   {"converge", "destroy", false},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKitchen(t)
			a, b := chefInstance("a"), chefInstance("b")
			require.NoError(t, k.do(c.before, a, b))
			theirs := map[string]bool{}
			k.change = func(o *Options) {
				o.Sink = &meanwhile{o.Sink, "b", func() {
					k.change = nil
					require.NoError(t, k.do(c.meanwhile, b))
					for _, r := range k.runners() {
						theirs[r.ID] = r.Labels[label.Instance] == "b"
					}
				}}
			}
			require.NoError(t, k.do("converge", a, b))
			require.NotContains(t, k.sink.notices(), "the runner is gone; it was removed by another")
			runners := k.runners()
			require.Len(t, runners, 2)
			for _, r := range runners {
				if r.Labels[label.Instance] == "b" {
					require.Equal(t, c.kept, theirs[r.ID])
				}
			}
		})
	}
}
