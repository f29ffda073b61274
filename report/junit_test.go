package report

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/report/internal/sample"
)

// junitRule is what the schema of Jenkins' xunit plugin (junit-10) allows in an
// element: attributes (those with "!" must be there) and child elements.
type junitRule struct {
	attributes []string
	children   []string
	text       bool
}

func junitSchema() map[string]junitRule {
	outcome := junitRule{attributes: []string{"type", "message"}, text: true}
	rerun := junitRule{attributes: []string{"type!", "message"},
		children: []string{"stackTrace", "system-out", "system-err"}, text: true}
	return map[string]junitRule{
		"testsuites": {attributes: []string{"name", "time", "tests", "failures", "errors"},
			children: []string{"testsuite"}},
		"testsuite": {
			attributes: []string{"name!", "tests!", "failures!", "errors!", "group", "time", "skipped", "timestamp",
				"hostname", "id", "package", "file", "log", "url"},
			children: []string{"testsuite", "properties", "testcase", "system-out", "system-err"},
		},
		"properties": {children: []string{"property"}},
		"property":   {attributes: []string{"name!", "value!"}},
		"testcase": {
			attributes: []string{"name!", "time", "classname", "group"},
			children: []string{"skipped", "error", "failure", "rerunFailure", "rerunError", "flakyFailure",
				"flakyError", "system-out", "system-err"},
		},
		"skipped": outcome, "error": outcome, "failure": outcome,
		"rerunFailure": rerun, "rerunError": rerun, "flakyFailure": rerun, "flakyError": rerun,
		"stackTrace": {text: true}, "system-out": {text: true}, "system-err": {text: true},
	}
}

var junitTime = regexp.MustCompile(`^[0-9]*(\.[0-9]*)?$`)

// TestJUnitSchema checks the structure of every sample report, and that the
// numbers of each suite are those of its cases.
func TestJUnitSchema(t *testing.T) {
	for run, events := range sample.Runs() {
		t.Run(run, func(t *testing.T) {
			checkJUnit(t, rendered(t, events, WriteJUnit))
		})
	}
}

func checkJUnit(t *testing.T, doc string) {
	t.Helper()
	schema := junitSchema()
	dec := xml.NewDecoder(strings.NewReader(doc))
	var path []string
	counts := map[string]int{}
	var claimed map[string]int
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			rule, known := schema[name]
			require.True(t, known, "element %s", name)
			if len(path) == 0 {
				require.Equal(t, "testsuites", name)
			} else {
				require.Contains(t, schema[path[len(path)-1]].children, name, "inside %v", path)
			}
			attributes := checkAttributes(t, name, rule, token.Attr)
			if name == "testsuite" {
				claimed, counts = claims(t, attributes), map[string]int{}
			}
			counts[name]++
			path = append(path, name)
		case xml.CharData:
			if len(path) > 0 && !schema[path[len(path)-1]].text {
				require.Empty(t, strings.TrimSpace(string(token)), "text inside %v", path)
			}
		case xml.EndElement:
			path = path[:len(path)-1]
			if token.Name.Local == "testsuite" {
				require.Equal(t, claimed, map[string]int{
					"tests": counts["testcase"], "failures": counts["failure"], "errors": counts["error"],
					"skipped": counts["skipped"],
				})
			}
		}
	}
	require.Empty(t, path)
}

func checkAttributes(t *testing.T, element string, rule junitRule, attrs []xml.Attr) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, a := range attrs {
		got[a.Name.Local] = a.Value
		require.True(t, slices.Contains(rule.attributes, a.Name.Local) ||
			slices.Contains(rule.attributes, a.Name.Local+"!"),
			"attribute %s of %s", a.Name.Local, element)
		if a.Name.Local == "time" {
			require.Regexp(t, junitTime, a.Value)
		}
	}
	for _, a := range rule.attributes {
		if required, ok := strings.CutSuffix(a, "!"); ok {
			require.Contains(t, got, required, "attribute of %s", element)
		}
	}
	return got
}

func claims(t *testing.T, attributes map[string]string) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, name := range []string{"tests", "failures", "errors", "skipped"} {
		n, err := strconv.Atoi(attributes[name])
		require.NoError(t, err)
		out[name] = n
	}
	return out
}
