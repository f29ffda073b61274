package keys

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend/spec"
)

func TestToolAccess(t *testing.T) {
	for _, test := range []struct {
		written string
		want    spec.ToolAccess
		problem string
	}{
		{"", "", ""},
		{"private", spec.ToolPrivate, ""},
		{"shared", spec.ToolShared, ""},
		{"read_only", spec.ToolReadOnly, ""},
		{
			"read-only", "", "kitchen.yml:3:16: error: driver.tool_access: expected one of private, shared, read_only, " +
				`found the string "read-only"; did you mean "read_only"?`,
		},
		{"true", "", `expected one of private, shared, read_only, found true`},
	} {
		t.Run(test.written, func(t *testing.T) {
			all, diags := resolveText(t, driverYAML("tool_access: "+test.written))
			if test.problem != "" {
				require.Contains(t, renderProblems(diags), test.problem)
				return
			}
			require.Empty(t, diags)
			require.Equal(t, test.want, all[0].Driver.ToolAccess)
		})
	}
}
