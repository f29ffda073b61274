package yaml11

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// lowered are a tenth of the usual limits of bytes and nodes, and hostileSize is beyond that of bytes: what is
// refused there is small.
var lowered = limits{bytes: 400 << 10, depth: 500, nodes: 50_000}

const hostileSize = 500 << 10

// hostile are sources that would take exponential or quadratic work, or a deep
// stack, without limits. All have to be refused.
func hostile() map[string]string {
	var bomb, merges strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&bomb, "a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 8), i-1)
	}
	merges.WriteString("big: &big {")
	for i := range 1000 {
		fmt.Fprintf(&merges, "k%d: 1, ", i)
	}
	merges.WriteString("}\nm:\n")
	for range 10_000 {
		merges.WriteString("  <<: *big\n")
	}
	return map[string]string{
		"alias bomb":          bomb.String(),
		"merge bomb":          merges.String(),
		"deep flow lists":     strings.Repeat("[", hostileSize/2),
		"deep flow maps":      strings.Repeat("{a: ", hostileSize/8),
		"deep blocks":         strings.Repeat("- ", hostileSize/4),
		"deep keys":           strings.Repeat("? ", hostileSize/4),
		"deep indentation":    deepIndentation(1500),
		"many nodes":          strings.Repeat("- a\n", 60_000),
		"large":               strings.Repeat("a", hostileSize),
		"large anchor":        "a: &" + strings.Repeat("x", hostileSize),
		"brackets on a line":  "[" + strings.Repeat(strings.Repeat("[", 400)+strings.Repeat("]", 400)+",", 200),
		"quotes":              "a: " + strings.Repeat(`"`, 300<<10+1),
		"colons":              strings.Repeat(": ", 1<<16),
		"blank lines in text": "a: 'x" + strings.Repeat("\n", 300<<10),
		"block list keys":     strings.Repeat("? - a\n", 20_000),
	}
}

func deepIndentation(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestHostileSourcesAreRefused(t *testing.T) {
	for name, src := range hostile() {
		t.Run(name, func(t *testing.T) {
			v, _, err := read("hostile.yml", []byte(src), lowered)
			require.Error(t, err)
			require.Nil(t, v)
			require.Less(t, len(err.Error()), 4000)
		})
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, src := range hostile() {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			for b.Loop() {
				_, _, err := read("hostile.yml", []byte(src), lowered)
				require.Error(b, err)
			}
		})
	}
}

func TestAliasesAreShared(t *testing.T) {
	v, _, err := Parse("a.yml", []byte("a: &x [1, 2]\nb: *x\n"))
	require.NoError(t, err)
	require.Same(t, v.Map.Get("a"), v.Map.Get("b"))
	require.Equal(t, 1+2*(1+3), v.size)
}
