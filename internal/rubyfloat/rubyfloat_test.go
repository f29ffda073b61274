package rubyfloat

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// What Ruby's Float#to_s prints.
func TestFormat(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0", 7: "7.0", -1.5: "-1.5", 0.1: "0.1", 1e14: "100000000000000.0", 0.0001: "0.0001", 0.00001: "1.0e-05",
		1e15: "1.0e+15",
		1e16: "1.0e+16", 1e20: "1.0e+20", 1.25e-7: "1.25e-07", math.Inf(1): "Infinity", math.Inf(-1): "-Infinity",
	} {
		require.Equal(t, want, Format(f))
	}
	require.Equal(t, "-0.0", Format(math.Copysign(0, -1)))
	require.Equal(t, "NaN", Format(math.NaN()))
}
