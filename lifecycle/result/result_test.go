package result

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/golden"
)

type parser func([]byte) ([]TestCase, error)

// parsers are by the beginning of the name of the files that they read.
var parsers = map[string]parser{
	"bats": ParseTAP, "tap": ParseTAP, "bail": ParseTAP,
	"pytest": ParseJUnit, "junit": ParseJUnit,
	"rspec": ParseRSpec, "goss": ParseGoss, "inspec": ParseInSpec,
}

func samples(t testing.TB) map[string]parser {
	t.Helper()
	files, err := filepath.Glob("testdata/*.*")
	require.NoError(t, err)
	found := map[string]parser{}
	for _, file := range files {
		if filepath.Ext(file) == ".golden" {
			continue
		}
		kind, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), "-")
		kind = strings.TrimRight(kind, "0123456789")
		require.Contains(t, parsers, kind, file)
		found[file] = parsers[kind]
	}
	require.NotEmpty(t, found)
	return found
}

// What real tools print becomes the cases that the golden files show.
func TestParse(t *testing.T) {
	for file, parse := range samples(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			cases, err := parse(data)
			require.NoError(t, err)
			got, err := json.MarshalIndent(cases, "", "  ")
			require.NoError(t, err)
			golden.Equal(t, file+".golden", append(got, '\n'))
		})
	}
}

// Read line by line, TAP has the same cases, but for those that are known at its end only.
func TestTAPStream(t *testing.T) {
	files, err := filepath.Glob("testdata/*.tap")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		all, err := ParseTAP(data)
		require.NoError(t, err)
		s := NewTAPStream()
		var early []TestCase
		for line := range strings.Lines(string(data)) {
			early = append(early, s.Line(strings.TrimSuffix(line, "\n"))...)
		}
		require.Equal(t, all[:len(early)], early, file)
		for _, late := range all[len(early):] {
			require.Equal(t, Failed, late.Outcome, file)
		}
	}
}

func TestParseRefusesWhatIsNoReport(t *testing.T) {
	for name, c := range map[string]struct {
		parse parser
		in    string
		want  string
	}{
		"tap, empty":     {ParseTAP, "", "no test results"},
		"tap, prose":     {ParseTAP, "all is okay\nnothing not ok\n", "no test results"},
		"junit, empty":   {ParseJUnit, "", "no test results"},
		"junit, html":    {ParseJUnit, "<html></html>", "its root is <html>"},
		"junit, cut off": {ParseJUnit, "<testsuite><testcase", "read JUnit XML"},
		"rspec, other":   {ParseRSpec, "{}", "no test results"},
		"rspec, cut off": {ParseRSpec, `{"examples": [`, "read RSpec's JSON"},
		"goss, other":    {ParseGoss, "{} {}", "no test results"},
		"goss, empty":    {ParseGoss, "", "no test results"},
		"goss, cut off":  {ParseGoss, `{"results": [{`, "unexpected EOF"},
		"goss, wrong":    {ParseGoss, `{"results": 3}`, "cannot unmarshal"},
		"inspec, other":  {ParseInSpec, "{}", "no test results"},
		"inspec, wrong":  {ParseInSpec, "[]", "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.parse([]byte(c.in))
			require.ErrorContains(t, err, c.want)
		})
	}
}

// A tool that ran and had no tests is something else than a text that is no report.
func TestParseNoTests(t *testing.T) {
	for name, c := range map[string]struct {
		parse parser
		in    string
	}{
		"tap":    {ParseTAP, "1..0\n"},
		"CRs":    {ParseTAP, "1..0\r\r\n"},
		"junit":  {ParseJUnit, `<testsuites><testsuite name="x" tests="0"/></testsuites>`},
		"rspec":  {ParseRSpec, `{"examples": []}`},
		"goss":   {ParseGoss, `{"results": []}`},
		"inspec": {ParseInSpec, `{"profiles": []}`},
	} {
		t.Run(name, func(t *testing.T) {
			cases, err := c.parse([]byte(c.in))
			require.NoError(t, err)
			require.Empty(t, cases)
		})
	}
}
