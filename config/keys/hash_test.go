package keys

import (
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
)

func TestMarshalPlain(t *testing.T) {
	i := resolveOne(t, wholeYAML("driver: dokken\nprovisioner:\n  name: dokken\n  attributes: {v: 7.0, w: [1, 1.5, 1.0e+20, {x: -0.0}], big: 12345678901234567890123, t: '<7.0>'}\nverifier: dummy"))
	got, err := config.MarshalPlain(i.Provisioner.Chef.Attributes)
	require.NoError(t, err)
	require.JSONEq(t, string(got), `{"v": 7.0, "w": [1, 1.5, 1.0e+20, {"x": -0.0}], "big": 12345678901234567890123, "t": "<7.0>"}`)
	for _, text := range []string{`"v": 7.0`, `1.0e+20`, `-0.0`, `12345678901234567890123`, `"<7.0>"`} {
		require.Contains(t, string(got), text)
	}
	require.Equal(t, config.Pair{Key: "v", Value: 7.0}, i.Provisioner.Chef.Attributes[0], "the configuration stays as it is")
	_, err = config.MarshalPlain(map[string]any{"a": []any{math.Inf(1)}})
	require.ErrorContains(t, err, "unsupported value")
}

// TestHashesKeepTheirOrder: keys come in the order in which the files, weakest first,
// name them, as Ruby's Hash#rmerge has it.
func TestHashesKeepTheirOrder(t *testing.T) {
	i := resolveOne(t, `
driver: dokken
provisioner:
  name: dokken
  attributes: {zeta: 1, alpha: {z: 1, m: 2}, mid: 3}
  client_rb:
    z: 1
    a: :verify_none
verifier: {name: inspec, inputs: {y: 1, x: 2}}
platforms:
- name: debian-12
  attributes: {omega: 1, alpha: {a: 3, z: 4}}
suites:
- name: default
  attributes:
    beta: 1
    zeta:
      s: :sym
      e: {}
`)
	got, err := config.MarshalPlain(i.Provisioner.Chef.Attributes.With("run_list", []string{"recipe[x]"}).Without("mid"))
	require.NoError(t, err)
	require.Equal(t, `{
  "zeta": {
    "s": "sym",
    "e": {}
  },
  "alpha": {
    "z": 4,
    "m": 2,
    "a": 3
  },
  "omega": 1,
  "beta": 1,
  "run_list": [
    "recipe[x]"
  ]
}
`, string(got))
	require.Equal(t, config.Hash{{Key: "z", Value: int64(1)}, {Key: "a", Value: ":verify_none"}}, i.Provisioner.Chef.ClientRB)
	require.Equal(t, config.Hash{{Key: "y", Value: int64(1)}, {Key: "x", Value: int64(2)}}, i.Verifier.Inspec.Inputs)
	require.Equal(t, config.Hash{{Key: "y", Value: int64(5)}, {Key: "x", Value: int64(2)}, {Key: "w", Value: nil}},
		joined(reflect.ValueOf(i.Verifier.Inspec.Inputs),
			reflect.ValueOf(config.Hash{{Key: "y", Value: int64(5)}, {Key: "w", Value: nil}})).Interface())
}
