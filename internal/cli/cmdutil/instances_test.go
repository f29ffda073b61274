package cmdutil

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/kitchen"
)

func TestChoose(t *testing.T) {
	all := []string{"default-debian", "default-debian-12", "web-alma"}
	var instances []kitchen.RawInstance
	for _, name := range all {
		instances = append(instances, kitchen.RawInstance{Name: name})
	}
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
		got, err := Choose(instances, tc.args)
		if tc.err != "" {
			require.ErrorContains(t, err, tc.err)
			continue
		}
		require.NoError(t, err)
		var names []string
		for _, i := range got {
			names = append(names, i.Name)
		}
		require.Equal(t, tc.want, names)
	}
}
