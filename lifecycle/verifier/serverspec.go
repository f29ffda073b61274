package verifier

import (
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

// serverspec runs RSpec, in whose output people read and whose JSON galley reads.
func serverspec() framework {
	return framework{
		name: "serverspec", dirs: []string{"serverspec", "rspec"}, binaries: []string{"rspec"},
		isTest: withSuffix("_spec.rb"),
		command: func(i invocation) string {
			return `"$tool" -I . --format documentation --format json --out "$results" ` + i.options + " " + i.tests
		},
		source: testrun.ResultsInFile, parse: result.ParseRSpec,
		remedy: inPlace("Install serverspec in driver.image (the package ruby-serverspec, or `gem install serverspec`)"),
	}
}
