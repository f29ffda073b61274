package cmdutil

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChoose(t *testing.T) {
	all := []string{"default-debian", "default-debian-12", "web-alma"}
	same := func(s string) string { return s }
	for _, tc := range []struct {
		args, want []string
		err        string
	}{
		{nil, all, ""},
		{[]string{"all"}, all, ""},
		{[]string{"default-debian"}, []string{"default-debian"}, ""}, // exact beats pattern
		{[]string{"debian"}, []string{"default-debian", "default-debian-12"}, ""},
		{[]string{"alma", "12$"}, []string{"default-debian-12", "web-alma"}, ""},
		{[]string{"nothing"}, nil, "no instances for \"nothing\""},
		{[]string{"("}, nil, "neither an instance nor a regular expression"},
	} {
		got, err := Choose(all, same, tc.args)
		if tc.err != "" {
			require.ErrorContains(t, err, tc.err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tc.want, got)
	}
}
