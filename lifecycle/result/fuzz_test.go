package result

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// fuzz feeds a parser with the samples and what grows out of them. Whatever the
// text is, the parser ends, and a case that it makes can be shown.
func fuzz(f *testing.F, parse parser) {
	for file := range samples(f) {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cases, err := parse(data)
		if err != nil {
			require.Empty(t, cases)
			return
		}
		for _, c := range cases {
			require.Contains(t, []Outcome{Passed, Failed, Skipped}, c.Outcome)
			require.GreaterOrEqual(t, int64(c.Duration), int64(0))
			require.GreaterOrEqual(t, c.Line, 0)
		}
	})
}

func FuzzParseTAP(f *testing.F)    { fuzz(f, ParseTAP) }
func FuzzParseJUnit(f *testing.F)  { fuzz(f, ParseJUnit) }
func FuzzParseRSpec(f *testing.F)  { fuzz(f, ParseRSpec) }
func FuzzParseGoss(f *testing.F)   { fuzz(f, ParseGoss) }
func FuzzParseInSpec(f *testing.F) { fuzz(f, ParseInSpec) }
