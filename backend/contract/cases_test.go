package contract_test

import (
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

// alone reports whether nothing else may go on at the engine: a mode that takes a user's whole range of ids leaves none
// for another container, and Podman 4.3 locks itself up when it looks for free ids while images come and go.
func (c testCase) alone() bool { return strings.HasPrefix(c.name, "feature/userns-") }

// cases returns the whole contract.
func cases() []testCase {
	return slices.Concat(
		infoCases(),
		imageCases(),
		buildCases(),
		commitCases(),
		containerCases(),
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

// run runs the contract: a subtest for each promise that the interface's comments make, and for each trap in which an
// engine reports success and did not do what was asked. Subtests run in parallel. What they make has names of its own
// and is removed again.
func run(t *testing.T, on subject) {
	all := cases()
	for _, name := range on.only {
		known := slices.ContainsFunc(all, func(c testCase) bool { return c.name == name })
		require.Truef(t, known, "%q is no case of the contract", name)
	}
	s := newSuite(t, on)
	for _, c := range all {
		if on.only != nil && !slices.Contains(on.only, c.name) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
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
