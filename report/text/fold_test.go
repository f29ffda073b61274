package text

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Commands to the agents of other systems are made harmless in their logs, and left alone elsewhere.
func TestDefuse(t *testing.T) {
	for _, tt := range []struct {
		ci       Fold
		in, want string
	}{
		{FoldGitHub, "::error::x", ": :error::x"},
		{FoldGitHub, "\t ::set-env name=A::b", "\t : :set-env name=A::b"},
		{FoldGitHub, "a ##[group]b", "a # #[group]b"},
		{FoldGitHub, "a::b", "a::b"},
		{FoldAzure, "x ##vso[task.setvariable variable=a]b", "x # #vso[task.setvariable variable=a]b"},
		{FoldAzure, "##VSO[x]##[error]", "# #VSO[x]# #[error]"},
		{FoldTeamCity, "##teamcity[testFailed name='x']", "# #teamcity[testFailed name='x']"},
		{FoldNone, "##teamcity[x] ::error::x", "##teamcity[x] ::error::x"},
		{FoldGitLab, "## heading", "## heading"},
	} {
		require.Equal(t, tt.want, tt.ci.Defuse(tt.in))
		require.Equal(t, "\x1b", Clean("\x1b[31m", tt.ci)+"\x1b")
	}
	for name, want := range map[string]Fold{"TF_BUILD": FoldAzure, "TEAMCITY_VERSION": FoldTeamCity,
		"GITLAB_CI": FoldGitLab, "GITHUB_ACTIONS": FoldGitHub, "X": FoldNone} {
		require.Equal(t, want, FoldFor(func(key string) string {
			if key == name {
				return "true"
			}
			return ""
		}))
	}
	require.Equal(t, "a\n: :error::x\nb", Clean("a\n\x1b[0m::error::x\nb", FoldGitHub))
}
