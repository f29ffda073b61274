package keys

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUnusedKeys: every group names a section, kinds and types that there are.
func TestUnusedKeys(t *testing.T) {
	count := 0
	for section, groups := range unusedKeys().Inert {
		require.Contains(t, sections(), section)
		for _, g := range groups {
			require.NotEmpty(t, g.Why)
			require.NotEmpty(t, g.Keys, g.Why)
			count += len(g.Keys)
		}
	}
	require.Len(t, inertTable(), count)
	for _, k := range inertTable() {
		require.NotEmpty(t, k.Type.expected(), "%s: there is no type %s", k.Name, k.Type)
	}
	require.Equal(t, TypeSeconds, theSchema().find(SectionDriver, "read_timeout").Type)
	require.Equal(t, TypeAny, theSchema().find(SectionDriver, "docker_info").Type)
	require.True(t, isForeign(SectionDriver, "dokken", "vagrantfile_erb"))
	require.False(t, isForeign(SectionDriver, "dokken", "image"))
}
