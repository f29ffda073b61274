package verifier

import (
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

// framework is a test tool: which files are its tests, how it is run, and how it
// tells its results.
type framework struct {
	// name is the verifier's name in kitchen.yml.
	name string
	// dirs are the names of directories of its tests in busser's layout.
	dirs []string
	// binaries are the names of its command, the best first.
	binaries []string
	// isTest reports whether a file is a test rather than a helper, by its name.
	isTest func(name string) bool
	// reachesUp reports whether the text of a test or helper names what lies above its
	// directory; nil means that none does.
	reachesUp func(text []byte) bool
	// pick chooses among the tests of a directory; nil means all.
	pick func(tests []string) []string
	// singly runs every test by itself.
	singly bool
	// command is the shell line that runs the tests; "$tool" is its command there,
	// and "$results" a file that it may write its results to.
	command func(invocation) string
	// source is where its results are.
	source testrun.ResultSource
	parse  func([]byte) ([]result.TestCase, error)
	// refine completes what parse found by what is known of the test files.
	refine func(cases []result.TestCase, t tests)
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

func frameworkNamed(name string) (framework, bool) {
	all := frameworks()
	i := slices.IndexFunc(all, func(f framework) bool { return f.name == name })
	if i < 0 {
		return framework{}, false
	}
	return all[i], true
}

// foreignFrameworks are names of directories with tests that galley cannot run.
func foreignFrameworks() []string { return []string{"cucumber", "minitest", "pester"} }

// withSuffix reports whether a name ends in one of several.
func withSuffix(suffixes ...string) func(string) bool {
	return func(name string) bool {
		return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
	}
}

// inPlace is how to get a tool into the runner.
func inPlace(install string) string {
	return install + ", for example by driver.intermediate_instructions; or name an image that brings it in a volume as verifier.image, or its command as verifier.binary"
}
