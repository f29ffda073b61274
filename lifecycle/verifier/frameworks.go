package verifier

import (
	"path"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

// testinfra runs pytest in the runner, with testinfra's plugin and its local
// connection, and reads its JUnit XML.
func testinfra() framework {
	return framework{
		name: "testinfra", dirs: []string{"testinfra", "pytest"}, binaries: []string{"pytest", "pytest-3", "py.test", "py.test-3"},
		isTest: func(name string) bool {
			return strings.HasSuffix(name, ".py") && (strings.HasPrefix(name, "test_") || strings.HasSuffix(name, "_test.py"))
		},
		// The tests' directory may belong to somebody else, so nothing is written there.
		command: func(i invocation) string {
			return `PYTHONDONTWRITEBYTECODE=1 "$tool" -v -p no:cacheprovider -o junit_family=xunit1 --junitxml="$results" ` + i.options + " " + i.tests
		},
		source: testrun.ResultsInFile, parse: result.ParseJUnit, refine: refinePytest,
		noTests: 5,
		codes: map[int]string{
			2: "it was interrupted, or tests could not be loaded",
			3: "pytest itself failed",
			4: "pytest was called wrongly; see verifier.options",
		},
		remedy: inPlace("Install testinfra in driver.image (the package python3-testinfra, or `pip install pytest-testinfra`)"),
	}
}

// refinePytest counts lines from 1, as everybody else does.
func refinePytest(cases []result.TestCase, _ tests) {
	for i := range cases {
		if cases[i].File != "" {
			cases[i].Line++
			cases[i].Suite = path.Base(cases[i].File)
		}
	}
}
