package config

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMarshalPlain(t *testing.T) {
	i := resolveOne(t, wholeYAML("driver: dokken\nprovisioner:\n  name: dokken\n  attributes: {v: 7.0, w: [1, 1.5, 1.0e+20, {x: -0.0}], big: 12345678901234567890123, t: '<7.0>'}\nverifier: dummy"))
	got, err := MarshalPlain(i.Provisioner.Chef.Attributes)
	require.NoError(t, err)
	require.JSONEq(t, string(got), `{"v": 7.0, "w": [1, 1.5, 1.0e+20, {"x": -0.0}], "big": 12345678901234567890123, "t": "<7.0>"}`)
	for _, text := range []string{`"v": 7.0`, `1.0e+20`, `-0.0`, `12345678901234567890123`, `"<7.0>"`} {
		require.Contains(t, string(got), text)
	}
	require.Equal(t, 7.0, i.Provisioner.Chef.Attributes["v"], "the configuration stays as it is")
	_, err = MarshalPlain(map[string]any{"a": []any{math.Inf(1)}})
	require.ErrorContains(t, err, "unsupported value")
}
