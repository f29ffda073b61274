package verifier

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

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
		refine: func(cases []result.TestCase, t tests) {
			for i := range cases {
				cases[i].File = t.run[0]
			}
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

// printCases shows cases of a tool that prints for programs only.
func printCases(w io.Writer, cases []result.TestCase) error {
	marks := map[result.Outcome]string{result.Passed: "ok  ", result.Failed: "FAIL", result.Skipped: "skip"}
	failed := 0
	for _, c := range cases {
		if _, err := fmt.Fprintf(w, "%s  %s\n", marks[c.Outcome], c.Title); err != nil {
			return err
		}
		if c.Outcome != result.Failed {
			continue
		}
		failed++
		for line := range strings.Lines(c.Message) {
			if _, err := fmt.Fprintf(w, "      %s\n", strings.TrimRight(line, "\n")); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "%d tests, %d failed\n", len(cases), failed)
	return err
}
