package names

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlainNamesStay(t *testing.T) {
	for _, name := range []string{"default-ubuntu-2404", "a.b", "x"} {
		require.Equal(t, "galley-0-"+name, Label("galley-0-", name))
		require.Equal(t, name, File(name))
	}
}

// Names that differ in anything differ, also without regard to case.
func TestDistinct(t *testing.T) {
	long := strings.Repeat("x", 300)
	list := []string{"a", "A", "a-b", "a_b", "a b", "a/b", `a\b`, "A-b", "a:b", "a?b", "a*b", "ä", "Ä", "a\u0308",
		"日本", "日本語", ".", "..", "", " ", "a.", "a ", ".a", "a\x00", "a\n", "a\xff", "a\xfe", "con", long, long + "y",
		strings.Repeat("ä", 150), strings.Repeat("ä", 151)}
	for what, f := range map[string]func(string) string{
		"label": func(s string) string { return Label("galley-0123456789ab-", s) }, "file": File,
	} {
		seen := map[string]string{}
		for _, name := range list {
			got := f(name)
			folded := strings.ToLower(got)
			require.NotContains(t, seen, folded, "%s: %q and %q", what, name, seen[folded])
			seen[folded] = name
			require.NotContains(t, got, "/")
			require.NotContains(t, got, "\x00")
			require.Equal(t, got, strings.ToValidUTF8(got, ""))
			require.NotContains(t, []string{"", ".", ".."}, got)
			require.LessOrEqual(t, len(got), map[string]int{"label": maxLabel, "file": maxFile}[what])
		}
	}
}
