package initcmd

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/erb"
	"github.com/galley-kitchen/galley/config/yaml11"
)

func TestWithDefaults(t *testing.T) {
	const none, written = ": it has no default, nothing is written", ": its default is written"
	for text, want := range map[string]struct {
		text string
		left []string
	}{
		"plain $ 5$ $1 ${":              {"plain $ 5$ $1 ${", nil},
		"-U $${USER} $$USER $$$$":       {"-U ${USER} $USER $$", nil},
		"a:${TAG:-1}-${B-x}":            {"a:1-x", []string{"${TAG:-1}" + written, "${B-x}" + written}},
		"a:${TAG}$TAG":                  {"a:", []string{"${TAG}" + none, "$TAG" + none}},
		"${A:?set it}${B?}${C:+x}${D+}": {"", []string{"${A:?set it}" + none, "${B?}" + none, "${C:+x}" + none, "${D+}" + none}},
		"${A:-${B:-x}}":                 {"x", []string{"${A:-${B:-x}}" + written, "${B:-x}" + written}},
	} {
		var left []string
		require.Equal(t, want.text, withDefaults(text, func(what string) { left = append(left, what) }), text)
		require.Equal(t, want.left, left, text)
	}
}

// What init writes of a compose file is what galley reads there, by Ruby's rules and behind ERB.
func TestComposeAsGiven(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "compose.yml"), []byte(`services:
  app:
    image: app:1
    command: [":9001", ':a', yes, "no", "on", Off, y, "~", "null", 1:30, "0o17", "010", "1_000", "1,000", 2001-01-01,
      "2001-01-01 10:00:00", "1e3", ".5", "0x1f", "1.10", "<<", "=", "!x", "a: b", "#c", "<%= 1 %>", "<%% %>", "%>",
      "$$HOME", "", " a", "-", "*", "&a", "a\nb", ":", "::1", "+1", "0b1", ".inf", ".nan", "\"q\""]
    environment: {":LISTEN": ":8080", EMPTY: $NONE, DATE: 2001-01-01}
  none: {build: ., image: app:1}
  more: {extends: app}
  bare: {command: x}
  gone: {image: "app:${TAG}"}
`), 0o600))
	s := start{provisioner: "  name: shell\n"}
	require.NoError(t, s.compose(dir))
	text, err := s.kitchen("dokken")
	require.NoError(t, err)
	rendered, err := erb.New(erb.Options{}).Render(t.Context(), "kitchen.yml", []byte(text))
	require.NoError(t, err)
	v, warnings, err := yaml11.Parse("kitchen.yml", rendered)
	require.NoError(t, err)
	require.Empty(t, warnings)
	services := v.Any().(map[string]any)["services"]
	require.Equal(t, map[string]any{"app": map[string]any{"image": "app:1",
		"command": []any{":9001", ":a", "yes", "no", "on", "Off", "y", "~", "null", "1:30", "0o17", "010", "1_000", "1,000",
			"2001-01-01", "2001-01-01 10:00:00", "1e3", ".5", "0x1f", "1.10", "<<", "=", "!x", "a: b", "#c", "<%= 1 %>",
			"<%% %>", "%>", "$HOME", "", " a", "-", "*", "&a", "a\nb", ":", "::1", "+1", "0b1", ".inf", ".nan", `"q"`},
		"environment": map[string]any{":LISTEN": ":8080", "EMPTY": "", "DATE": "2001-01-01"}}}, services)
	require.Equal(t, []string{
		"compose.yml: $NONE: it has no default, nothing is written",
		"compose.yml: ${TAG}: it has no default, nothing is written",
		"compose.yml: the service bare, which has no image",
		`compose.yml: the service gone, whose image "app:" cannot be the name of one`,
		"compose.yml: the service more, which extends another",
		"compose.yml: the service none, which is built",
	}, s.left)
}
