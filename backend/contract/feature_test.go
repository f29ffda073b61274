package contract_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

// feature is something that a ContainerSpec asks for. An engine may give it, give it weaker and say so, or refuse it
// before anything is made. What it may not do is take the order and say nothing.
type feature struct {
	// name is that of the subtest after "feature/", and of the row in the table of
	// engines: the key of kitchen.yml where it has one.
	name string
	// want returns the changes to the specification. It may make what they need.
	want func(t *testing.T, s *suite) []edit
	// mayRefuse reports whether this engine may refuse; nil means never. Which do is in docs/engines.json.
	mayRefuse func(*suite) bool
	// seen looks inside the running container and returns what is missing.
	seen func(t *testing.T, s *suite, c backend.Container) error
}

// test asks for the feature and looks what comes of it.
func (f feature) test(t *testing.T, s *suite) {
	spec := s.spec(f.want(t, s)...)
	s.removeLater(t, spec.Name)
	c, err := s.b.CreateContainer(s.ctx(t), spec)
	if errors.Is(err, backend.ErrUnsupported) {
		f.requireProperRefusal(t, s, spec.Name, err)
		return
	}
	require.NoError(t, err)
	require.NoError(t, s.b.StartContainer(s.ctx(t), c.ID))
	said := strings.Join(c.Warnings, "; ")
	verdict := testbed.Works
	if missing := f.seen(t, s, c); missing != nil {
		require.NotEmpty(t, said, "the engine neither gave it, nor refused it, nor warned: %v", missing)
		verdict = testbed.Weaker
	}
	s.record(t, f.name, verdict, said)
}

// requireProperRefusal: a refusal says what, who and what to do instead; it is
// allowed by what the engine says of itself; and it left nothing behind.
func (f feature) requireProperRefusal(t *testing.T, s *suite, name string, err error) {
	t.Helper()
	var refusal *backend.Error
	require.ErrorAs(t, err, &refusal)
	require.ErrorIs(t, refusal, backend.ErrUnsupported)
	require.Regexp(t, `^\S.* cannot do \S`, refusal.Detail, "which engine, and what")
	require.NotEmpty(t, refusal.Remedy)
	require.True(t, f.mayRefuse != nil && f.mayRefuse(s), "this engine has no reason to refuse: %v", err)
	_, err = s.b.InspectContainer(s.ctx(t), name)
	require.ErrorIs(t, err, backend.ErrNotFound, "nothing may be created before a refusal")
	s.record(t, f.name, testbed.Refused, refusal.Error())
}

// always lets every engine refuse.
func always(*suite) bool { return true }

// asks is a want that only changes the specification.
func asks(edits ...edit) func(*testing.T, *suite) []edit {
	return func(*testing.T, *suite) []edit { return edits }
}

// shows is a seen that runs a script and compares its output.
func shows(script, want string) func(*testing.T, *suite, backend.Container) error {
	return func(t *testing.T, s *suite, c backend.Container) error {
		t.Helper()
		if got := s.look(t, c.ID, script); got != want {
			return fmt.Errorf("%s prints %q, not %q", script, got, want)
		}
		return nil
	}
}

// showsLine is a seen that runs a script and looks for a line of its output.
func showsLine(script, want string) func(*testing.T, *suite, backend.Container) error {
	return func(t *testing.T, s *suite, c backend.Container) error {
		t.Helper()
		got := s.look(t, c.ID, script)
		for line := range strings.Lines(got) {
			if strings.Join(strings.Fields(line), " ") == want {
				return nil
			}
		}
		return fmt.Errorf("%s prints %q, without the line %q", script, got, want)
	}
}

// showsOneOf is a seen for a file that has another name on the other version of
// cgroups; the first file that exists counts.
func showsOneOf(files map[string]string) func(*testing.T, *suite, backend.Container) error {
	return func(t *testing.T, s *suite, c backend.Container) error {
		t.Helper()
		for file, want := range files {
			r := s.exec(t, c.ID, backend.ExecSpec{Command: []string{"cat", file}})
			if r.code != 0 {
				continue
			}
			if got := strings.TrimSpace(r.out); got != want {
				return fmt.Errorf("%s holds %q, not %q", file, got, want)
			}
			return nil
		}
		return fmt.Errorf("there is none of %v", files)
	}
}

// look runs a script that may fail, and returns what it printed.
func (s *suite) look(t *testing.T, id, script string) string {
	t.Helper()
	return strings.TrimSuffix(s.exec(t, id, backend.ExecSpec{Command: []string{"sh", "-c", script}}).out, "\n")
}

// sameNamespace is a want and a seen for a namespace that is shared with another container, and not with a third one.
func sameNamespace(kind string, with func(t *testing.T, s *suite) (other backend.Container, want edit)) feature {
	var other, stranger backend.Container
	return feature{
		want: func(t *testing.T, s *suite) []edit {
			var want edit
			other, want = with(t, s)
			stranger = s.start(t)
			return []edit{want}
		},
		seen: func(t *testing.T, s *suite, c backend.Container) error {
			of := func(id string) string { return s.run(t, id, "readlink", "/proc/self/ns/"+kind) }
			mine := of(c.ID)
			if mine != of(other.ID) || mine == of(stranger.ID) {
				return fmt.Errorf("its %s namespace is %s; the other one's is %s and that of a third %s", kind, mine,
					of(other.ID), of(stranger.ID))
			}
			return nil
		},
	}
}

// withHost shares the host's namespace with a second container that does so, too.
func withHost(want edit) func(t *testing.T, s *suite) (backend.Container, edit) {
	return func(t *testing.T, s *suite) (backend.Container, edit) {
		t.Helper()
		spec := s.spec(want)
		s.removeLater(t, spec.Name)
		c, err := s.b.CreateContainer(s.ctx(t), spec)
		if errors.Is(err, backend.ErrUnsupported) {
			return backend.Container{}, want
		}
		require.NoError(t, err)
		require.NoError(t, s.b.StartContainer(s.ctx(t), c.ID))
		return c, want
	}
}

// named gives a feature its name and its reason to be refused.
func (f feature) named(name string, mayRefuse func(*suite) bool) feature {
	f.name, f.mayRefuse = name, mayRefuse
	return f
}

// capabilities returns the effective capabilities of PID 1 as a bit mask.
func (s *suite) capabilities(t *testing.T, id string) uint64 {
	t.Helper()
	var mask uint64
	_, err := fmt.Sscanf(s.look(t, id, "grep CapEff: /proc/1/status"), "CapEff: %x", &mask)
	require.NoError(t, err)
	return mask
}

// Bits of capabilities, as in linux/capability.h.
const (
	capChown    = 0
	capNetAdmin = 12
	capSysAdmin = 21
)

// hasCaps is a seen for capabilities that PID 1 must and must not have.
func hasCaps(with, without []int) func(*testing.T, *suite, backend.Container) error {
	return func(t *testing.T, s *suite, c backend.Container) error {
		t.Helper()
		mask := s.capabilities(t, c.ID)
		missing := slices.ContainsFunc(with, func(bit int) bool { return mask&(1<<bit) == 0 })
		left := slices.ContainsFunc(without, func(bit int) bool { return mask&(1<<bit) != 0 })
		if missing || left {
			return fmt.Errorf("PID 1's effective capabilities are %x", mask)
		}
		return nil
	}
}

// idRange is a line of a user namespace's map of ids.
type idRange struct{ inside, outside, length uint64 }

// uidMap reads a container's map of user ids.
func (s *suite) uidMap(t *testing.T, id string) []idRange {
	t.Helper()
	var ranges []idRange
	for line := range strings.Lines(s.run(t, id, "cat", "/proc/self/uid_map")) {
		var r idRange
		_, err := fmt.Sscan(line, &r.inside, &r.outside, &r.length)
		require.NoError(t, err, line)
		ranges = append(ranges, r)
	}
	require.NotEmpty(t, ranges)
	return ranges
}
