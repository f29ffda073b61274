package backendtest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// testCase is one promise of the interface.
type testCase struct {
	// name is "part/promise".
	name string
	run  func(t *testing.T, s *suite)
}

// alone tells whether nothing else may go on at the engine: a mode that takes a user's
// whole range of ids leaves none for another container, and Podman 4.3 locks itself up
// when it looks for free ids while images come and go.
func (c testCase) alone() bool { return strings.HasPrefix(c.name, "feature/userns-") }

// cases returns the whole contract.
func cases() []testCase {
	return slices.Concat(
		infoCases(),
		imageCases(),
		buildCases(),
		containerCases(),
		stopCases(),
		logCases(),
		execCases(),
		fileCases(),
		volumeCases(),
		toolCases(),
		networkCases(),
		featureCases(),
		callCases(),
	)
}

// Run runs the contract: a subtest for each promise that the interface's comments
// make, and for each trap in which an engine reports success and did not do what
// was asked. Subtests run in parallel. What they make has names of its own and is
// removed again.
func Run(t *testing.T, o Options) {
	all := cases()
	requireKnownNames(t, all, o)
	s := newSuite(t, o)
	for _, c := range all {
		if o.Only != nil && !slices.Contains(o.Only, c.name) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if reason, ok := o.Skip[c.name]; ok {
				t.Skip(reason)
			}
			t.Parallel()
			if c.alone() {
				s.others.Lock()
				t.Cleanup(s.others.Unlock)
			} else {
				s.others.RLock()
				t.Cleanup(s.others.RUnlock)
			}
			c.run(t, s)
		})
	}
}

// requireKnownNames keeps lists of subtests from outliving their subtests.
func requireKnownNames(t *testing.T, all []testCase, o Options) {
	t.Helper()
	for _, name := range slices.Concat(o.Only, slices.Collect(maps.Keys(o.Skip))) {
		known := slices.ContainsFunc(all, func(c testCase) bool { return c.name == name })
		require.Truef(t, known, "Options name %q, which is no subtest of the contract", name)
	}
	for name, reason := range o.Skip {
		require.NotEmptyf(t, reason, "Options.Skip gives no reason for %q", name)
	}
}
