package verifier

import (
	"path"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

// framework is a test tool: which files are its tests, how it is run, and how it tells its results.
type framework struct {
	// name is the verifier's name in kitchen.yml.
	name string
	// dirs are the names of directories of its tests in busser's layout.
	dirs []string
	// binaries are the names of its command, the best first.
	binaries []string
	// isTest reports whether a file is a test rather than a helper, by its name.
	isTest func(name string) bool
	// scripts means that the tests are scripts of a shell, which may reach what lies above their directory.
	scripts bool
	// pick chooses among the tests of a directory; nil means all.
	pick func(tests []string) []string
	// singly runs every test by itself.
	singly bool
	// command is the shell line that runs the tests; "$tool" is its command there,
	// and "$results" a file that it may write its results to.
	command func(invocation) string
	// source is where its results are. Those that are printed are TAP, of which cases are told as they come.
	source testrun.ResultSource
	parse  func([]byte) ([]result.TestCase, error)
	// refine returns what completes the cases, in their order, by what is known of the test files.
	refine func(t tests) func(*result.TestCase)
	// codes explains exit codes.
	codes map[int]string
	// noTests is the exit code that says that there were no tests, or 0.
	noTests int
	// remedy is how to get the tool.
	remedy string
}

// invocation is what a framework's command line is made of. All words are quoted.
type invocation struct {
	// tests are the files to run, relative to the directory of the tests.
	tests string
	// options are kitchen.yml's.
	options string
	// vars is goss' file of variables, relative to the same directory, or empty.
	vars string
}

// frameworks are all that galley can run, in the order in which they are run.
func frameworks() []framework {
	return []framework{bats(), bash(), serverspec(), goss(), testinfra()}
}

// withSuffix reports whether a name ends in one of several.
func withSuffix(suffixes ...string) func(string) bool {
	return func(name string) bool {
		return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
	}
}

// inPlace is how to get a tool into the runner.
func inPlace(install string) string {
	return install + ", for example by driver.intermediate_instructions; or name an image that brings it in a volume " +
		"as verifier.image, or its command as verifier.binary"
}

// bats prints TAP. Newer ones can tell how long each test took.
func bats() framework {
	return framework{
		name: "bats", dirs: []string{"bats"}, binaries: []string{"bats"},
		isTest: withSuffix(".bats"), scripts: true,
		command: func(i invocation) string {
			return `case "$("$tool" --help 2>&1)" in *--timing*) timing=--timing ;; *) timing= ;; esac` + "\n" +
				`"$tool" --tap $timing ` + i.options + " " + i.tests
		},
		source: testrun.ResultsPrinted, parse: result.ParseTAP, refine: refineBats,
		remedy: inPlace("Install bats in driver.image"),
	}
}

// bash runs scripts as busser's bash plugin does: each is a test, and its exit code the result.
func bash() framework {
	return framework{
		name: "bash", dirs: []string{"bash"}, binaries: []string{"bash"},
		isTest: withSuffix(".sh", ".bash"), scripts: true,
		pick: func(scripts []string) []string {
			var named []string
			for _, s := range scripts {
				if base := strings.TrimSuffix(path.Base(s), path.Ext(s)); strings.HasSuffix(base, "_test") ||
					strings.HasPrefix(base, "test_") {
					named = append(named, s)
				}
			}
			if named != nil { // the others are helpers
				return named
			}
			return scripts
		},
		command: func(i invocation) string {
			return `set -- ` + i.tests + `
echo "1..$#"
n=0 code=0
for test; do
  n=$((n+1))
  if "$tool" ` + i.options + ` "./$test" >&2; then echo "ok $n - $test"
  else code=$?; echo "not ok $n - $test"; echo "# it exited with code $code"; fi
done
(exit $code)`
		},
		source: testrun.ResultsPrinted, parse: result.ParseTAP,
		refine: func(t tests) func(*result.TestCase) {
			return func(c *result.TestCase) {
				if t.source[c.Title] != "" {
					c.File = c.Title
				}
			}
		},
		remedy: inPlace("Install bash in driver.image"),
	}
}

// serverspec runs RSpec, in whose output people read and whose JSON galley reads.
func serverspec() framework {
	return framework{
		name: "serverspec", dirs: []string{"serverspec", "rspec"}, binaries: []string{"rspec"},
		isTest: withSuffix("_spec.rb"),
		command: func(i invocation) string {
			return `"$tool" -I . --format documentation --format json --out "$results" ` + i.options + " " + i.tests
		},
		source: testrun.ResultsInFile, parse: result.ParseRSpec,
		refine: func(tests) func(*result.TestCase) { return func(*result.TestCase) {} }, // RSpec tells all of them
		remedy: inPlace("Install serverspec in driver.image (the package ruby-serverspec, or `gem install serverspec`)"),
	}
}

// goss prints JSON, of which galley makes lines for people.
func goss() framework {
	return framework{
		name: "goss", dirs: []string{"goss"}, binaries: []string{"goss"},
		isTest: func(name string) bool {
			return withSuffix(".yaml", ".yml", ".json")(name) && !strings.HasPrefix(name, "vars.")
		},
		pick:   pickGossfiles,
		singly: true,
		command: func(i invocation) string {
			vars := ""
			if i.vars != "" {
				vars = "--vars " + i.vars + " "
			}
			return `"$tool" --gossfile ` + i.tests + " " + vars + "validate --format json --no-color " + i.options
		},
		source: testrun.ResultsOnly, parse: result.ParseGoss,
		refine: func(t tests) func(*result.TestCase) {
			return func(c *result.TestCase) { c.File = t.run[0] }
		},
		codes:  map[int]string{78: "the gossfile cannot be used"},
		remedy: inPlace("Put goss into driver.image"),
	}
}

// pickGossfiles leaves out what a goss.yaml includes, which is all beside it.
func pickGossfiles(files []string) []string {
	main := slices.IndexFunc(files, func(f string) bool {
		return slices.Contains([]string{"goss.yaml", "goss.yml", "goss.json"}, f)
	})
	if main >= 0 {
		return files[main : main+1]
	}
	return files
}

// testinfra runs pytest in the runner, with testinfra's plugin and its local connection, and reads its JUnit XML.
func testinfra() framework {
	return framework{
		name: "testinfra", dirs: []string{"testinfra", "pytest"},
		binaries: []string{"pytest", "pytest-3", "py.test", "py.test-3"},
		isTest: func(name string) bool {
			return strings.HasSuffix(name, ".py") && (strings.HasPrefix(name, "test_") || strings.HasSuffix(name, "_test.py"))
		},
		// The tests' directory may belong to another user, so nothing is written there.
		command: func(i invocation) string {
			return `PYTHONDONTWRITEBYTECODE=1 "$tool" -v -p no:cacheprovider -o junit_family=xunit1 --junitxml="$results" ` +
				i.options + " " + i.tests
		},
		source: testrun.ResultsInFile, parse: result.ParseJUnit, refine: refinePytest,
		noTests: 5,
		codes: map[int]string{
			2: "it was interrupted, or tests could not be loaded",
			3: "pytest itself failed",
			4: "pytest was called wrongly; see verifier.options",
		},
		remedy: inPlace("Install testinfra in driver.image " +
			"(the package python3-testinfra, or `pip install pytest-testinfra`)"),
	}
}

// refinePytest counts lines from 1, as all other tools do.
func refinePytest(tests) func(*result.TestCase) {
	return func(c *result.TestCase) {
		if c.File != "" {
			c.Line++
			c.Suite = path.Base(c.File)
		}
	}
}
