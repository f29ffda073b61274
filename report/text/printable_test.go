package text_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/report/internal/sample"
	"github.com/galley-kitchen/galley/report/text"
)

func TestPrintable(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "plain text", "plain text"},
		{"unicode", "größer 漢字 👍", "größer 漢字 👍"},
		{"colour", "\x1b[1;31mred\x1b[0m.", "red."},
		{"private CSI", "a\x1b[?25lb", "ab"},
		{"CSI with intermediate", "a\x1b[2 qb", "ab"},
		{"C1 CSI", "a\u009b31mb", "ab"},
		{"title, BEL", "a\x1b]0;owned\x07b", "ab"},
		{"title, ST", "a\x1b]0;owned\x1b\\b", "ab"},
		{"C1 OSC, C1 ST", "a\u009d0;owned\u009cb", "ab"},
		{"DCS", "a\x1bP+q544e\x1b\\b", "ab"},
		{"hyperlink", "\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\", "text"},
		{"charset", "a\x1b(0b", "ab"},
		{"reset", "a\x1bcb", "ab"},
		{"cut off ESC", "a\x1b", "a"},
		{"cut off CSI", "a\x1b[31", "a"},
		{"cut off OSC", "a\x1b]0;title", "a"},
		{"cut off charset", "a\x1b(", "a"},
		{"ESC ESC", "a\x1b\x1b[31mb", "ab"},
		{"broken CSI", "a\x1b[3é", "aé"},
		{"ESC before a letter outside ASCII", "a\x1bé", "aé"},
		{"overwritten", "10%\r50%\r100%", "100%"},
		{"CRLF", "line\r", "line"},
		{"CRLF CRLF", "line\r\n", "line"},
		{"tab", "a\tb", "a\tb"},
		{"controls", "\x00\x07\x08\x7f", "^@^G^H^?"},
		{"C1", "a\u0085b", `a\u0085b`},
		{"bidi", "a\u202eb\u2066c", `a\u202eb\u2066c`},
		{"invalid", "a\xffb", "a\ufffdb"},
		{"empty", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, text.Line(c.in)) })
	}
}

func TestColored(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                     "plain",
		"\x1b[1;31mred\x1b[0m.":     "\x1b[1;31mred\x1b[0m.\x1b[0m",
		"\x1b[38:2::1:2:3mx":        "\x1b[38:2::1:2:3mx\x1b[0m",
		"a\x1b[2Jb\x1b[31mc\x1b[Hd": "ab\x1b[31mcd\x1b[0m",
		"\x1b[>4;2mx":               "x",
		"\x1b]0;t\x07a\tb":          "a\tb",
		"\x1b[31":                   "",
		"\x1b[" + strings.Repeat("1;", 40) + "mx": "x",
	} {
		require.Equal(t, want, text.Colored(in), "%q", in)
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range sample.Nasty() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := text.Line(s)
		require.True(t, utf8.ValidString(got))
		require.Equal(t, -1, strings.IndexFunc(got, func(r rune) bool {
			return r != '\t' && r < 0x20 || r >= 0x7f && r < 0xa0 || text.Misleading(r)
		}), "%q became %q", s, got)
		require.Equal(t, got, text.Line(got), "twice is once")
		for width := range 6 {
			require.LessOrEqual(t, text.Cells(text.Cut(text.Flat(s), width)), width)
		}
		// With colours the same is shown, and nothing but colours is set.
		withColors := text.Colored(s)
		require.Equal(t, got, text.Line(withColors))
		for _, sequence := range strings.Split(withColors, "\x1b")[1:] {
			require.Regexp(t, `^\[[0-9;:]*m`, sequence)
		}
	})
}

func TestDurations(t *testing.T) {
	for _, c := range []struct {
		in             string
		kitchen, short string
	}{
		{"0s", "(0m0.00s)", "0.0s"},
		{"3.204s", "(0m3.20s)", "3.2s"},
		{"59.999s", "(1m0.00s)", "1m00s"},
		{"61.5s", "(1m1.50s)", "1m02s"},
		{"2h7m3s", "(127m3.00s)", "2h07m"},
		{"59m59.9s", "(59m59.90s)", "1h00m"},
	} {
		d, err := time.ParseDuration(c.in)
		require.NoError(t, err)
		require.Equal(t, c.kitchen, text.KitchenDuration(d))
		require.Equal(t, c.short, text.ShortDuration(d), c.in)
	}
}
