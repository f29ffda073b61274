// Command testlog reads what `go test -json` prints and prints it as `go test` does
// without -v; and at the end which tests were slow, and which were skipped, and why.
//
//	-failed FILE   writes a line for each package that failed, for a second run: see failures
//	-passed TESTS  fails unless each of these tests, with spaces between them, has run and passed
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

func main() {
	failed := flag.String("failed", "", "the `file` for what failed")
	passed := flag.String("passed", "", "the `tests` that must pass")
	flag.Parse()
	if err := run(*failed, strings.Fields(*passed)); err != nil {
		fmt.Fprintln(os.Stderr, "testlog:", err)
		os.Exit(1)
	}
}

func run(failed string, mustPass []string) error {
	l, err := convert(os.Stdin, os.Stdout)
	if err != nil {
		return err
	}
	if failed != "" {
		if err := os.WriteFile(failed, []byte(l.failures()), 0o644); err != nil {
			return err
		}
	}
	if missing := l.notPassed(mustPass); len(missing) > 0 {
		return fmt.Errorf("these did not run and pass: %s", strings.Join(missing, " "))
	}
	return nil
}

// event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	// Elapsed is how long a test took that ended, in seconds.
	Elapsed float64
}

// testRun is a test that has begun.
type testRun struct {
	name   string
	output []string
	// outcome is "pass", "fail", "skip", or empty while it runs.
	outcome string
}

// log is what is known of the packages.
type log struct {
	out io.Writer
	// runs are the tests of each package in the order in which they began.
	runs map[string][]*testRun
	// skipped are the names of the tests that give a reason.
	skipped map[string][]string
	// slow are the ends of tests that took at least slowTest.
	slow []event
	// passed are the names of the tests that did.
	passed map[string]bool
	// failed are the packages that failed, in order, and the tests of each that did, a subtest before its parent.
	failed      []string
	failedTests map[string][]string
	// complete are the packages whose tests were all tried: the program did not panic and was not ended.
	complete map[string]bool
}

func convert(in io.Reader, out io.Writer) (*log, error) {
	l := &log{out: out, runs: map[string][]*testRun{}, skipped: map[string][]string{}, passed: map[string]bool{},
		failedTests: map[string][]string{}, complete: map[string]bool{}}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<26) // a test may print a whole file in one line
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(out, lines.Text()) // what goes wrong before the tests is no JSON
			continue
		}
		l.add(e)
	}
	l.tellSlow()
	l.tellSkipped()
	return l, lines.Err()
}

func (l *log) add(e event) {
	switch {
	case e.Test == "" && e.Action == "output" && e.Output == "FAIL\n":
		l.complete[e.Package] = true // a test program says so at its regular end
	case e.Test == "" && e.Action == "fail":
		l.failed = append(l.failed, e.Package)
	case e.Action == "pass":
		l.passed[e.Test] = true
	case e.Action == "fail":
		l.failedTests[e.Package] = append(l.failedTests[e.Package], e.Test)
	}
	switch {
	case e.Action == "build-output", e.Action == "output" && e.Test == "" && e.Output != "PASS\n":
		fmt.Fprint(l.out, e.Output)
	case e.Test == "" && e.Action == "fail":
		l.tellFailed(e.Package, "") // those that the end of the package cut off
	case e.Test == "":
	case e.Action == "run":
		l.runs[e.Package] = append(l.runs[e.Package], &testRun{name: e.Test})
	case e.Action == "output":
		r := l.find(e)
		r.output = append(r.output, e.Output)
	case e.Action == "pass", e.Action == "fail", e.Action == "skip":
		l.end(e)
	}
}

func (l *log) find(e event) *testRun {
	runs := l.runs[e.Package]
	if n := slices.IndexFunc(runs, func(r *testRun) bool { return r.name == e.Test }); n >= 0 {
		return runs[n]
	}
	r := &testRun{name: e.Test}
	l.runs[e.Package] = append(runs, r)
	return r
}

func (l *log) end(e event) {
	r := l.find(e)
	r.outcome = e.Action
	if e.Action == "skip" {
		reason := reasonOf(r)
		l.skipped[reason] = append(l.skipped[reason], r.name)
	}
	if e.Action != "fail" {
		r.output = nil
	}
	depth := strings.Count(e.Test, "/")
	if e.Elapsed >= slowTest && depth <= 1 { // a test does not count the time of subtests that run side by side
		l.slow = append(l.slow, e)
	}
	if depth > 0 {
		return
	}
	if e.Action == "fail" {
		l.tellFailed(e.Package, e.Test)
	}
	l.runs[e.Package] = slices.DeleteFunc(l.runs[e.Package], func(r *testRun) bool { return within(r.name, e.Test) })
}

// within reports whether a test is the top one or one of its subtests; everything is within "".
func within(name, top string) bool {
	return top == "" || name == top || strings.HasPrefix(name, top+"/")
}

// tellFailed prints the output of a failed test and of its subtests that failed, or
// never ended: of each its verdict, then what it printed.
func (l *log) tellFailed(pkg, top string) {
	for _, r := range l.runs[pkg] {
		if !within(r.name, top) || r.outcome == "pass" || r.outcome == "skip" {
			continue
		}
		var verdict, said []string
		for _, line := range r.output {
			bare := strings.TrimLeft(line, " ")
			switch {
			case strings.HasPrefix(bare, "=== "):
			case strings.HasPrefix(bare, "--- FAIL: "): // indented or not, as Go's version has it
				verdict = append(verdict, strings.Repeat("    ", strings.Count(r.name, "/"))+bare)
			default:
				said = append(said, line)
			}
		}
		fmt.Fprint(l.out, strings.Join(append(verdict, said...), ""))
	}
}

// failures is a line for each package that failed: its path, the argument of -run that selects the tests that failed,
// and their names; only the path when all of the package has to run again, since it did not get to its end or failed
// without a test. Of a test and its subtests the deepest are named.
func (l *log) failures() string {
	var b strings.Builder
	for _, pkg := range l.failed {
		names := deepest(l.failedTests[pkg])
		if len(names) == 0 || !l.complete[pkg] {
			fmt.Fprintln(&b, pkg)
			continue
		}
		fmt.Fprintln(&b, pkg, pattern(names), strings.Join(names, " "))
	}
	return b.String()
}

// deepest are the tests of which no subtest is among them.
func deepest(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(names, func(other string) bool { return strings.HasPrefix(other, name+"/") })
	})
}

// pattern is the argument of -run that selects these tests, and no other. Each level of a name has an expression of
// its own, and the name of a subtest with a slash in it counts as several.
func pattern(names []string) string {
	alternatives := make([]string, len(names))
	for n, name := range names {
		levels := strings.Split(name, "/")
		for i, level := range levels {
			levels[i] = "^" + regexp.QuoteMeta(level) + "$"
		}
		alternatives[n] = strings.Join(levels, "/")
	}
	return strings.Join(alternatives, "|")
}

// notPassed are those of the tests that did not pass, or did not run.
func (l *log) notPassed(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return l.passed[name] })
}

// maxNames is how many tests are named that were skipped for one reason: without some engine, it is nearly all.
const maxNames = 6

// place is where t.Skip was called.
var place = regexp.MustCompile(`^\s*\S+\.go:\d+: `)

func reasonOf(r *testRun) string {
	for n, line := range r.output {
		if !place.MatchString(line) {
			continue
		}
		reason := strings.TrimSpace(place.ReplaceAllString(line, ""))
		for _, more := range r.output[n+1:] {
			if strings.HasPrefix(strings.TrimSpace(more), "--- SKIP: ") || strings.HasPrefix(more, "=== ") {
				break
			}
			reason += "\n  " + strings.TrimSpace(more)
		}
		return reason
	}
	return "no reason given"
}

// slowTest is from which time a test is named at the end, in seconds, and maxSlow how many are.
const slowTest, maxSlow = 10, 20

func (l *log) tellSlow() {
	if len(l.slow) == 0 {
		return
	}
	slices.SortStableFunc(l.slow, func(a, b event) int { return cmp.Compare(b.Elapsed, a.Elapsed) })
	fmt.Fprintln(l.out, "\n== slowest")
	for _, e := range l.slow[:min(maxSlow, len(l.slow))] {
		fmt.Fprintf(l.out, "%6.0fs  %s\n", e.Elapsed, e.Test)
	}
}

func (l *log) tellSkipped() {
	if len(l.skipped) == 0 {
		return
	}
	fmt.Fprintln(l.out, "\n== skipped")
	for _, reason := range slices.Sorted(maps.Keys(l.skipped)) {
		names := l.skipped[reason]
		if more := len(names) - maxNames; more > 0 {
			names = append(names[:maxNames:maxNames], fmt.Sprintf("and %d more", more))
		}
		fmt.Fprintf(l.out, "%s: %s\n", strings.Join(names, ", "), reason)
	}
}
