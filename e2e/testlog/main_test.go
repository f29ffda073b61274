package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// lines are events in the order of `go test -json`.
func lines(t *testing.T, events ...event) string {
	t.Helper()
	var b strings.Builder
	for _, e := range events {
		e.Package = "p"
		line, err := json.Marshal(e)
		require.NoError(t, err)
		b.Write(append(line, '\n'))
	}
	return b.String()
}

func output(test string, text ...string) []event {
	events := make([]event, len(text))
	for n, line := range text {
		events[n] = event{Action: "output", Test: test, Output: line}
	}
	return events
}

func TestConvert(t *testing.T) {
	join := func(parts ...[]event) (all []event) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	one := func(action, test string) []event { return []event{{Action: action, Test: test}} }
	for name, c := range map[string]struct {
		events []event
		want   string
	}{
		"passes": {
			join(one("run", "A"), output("A", "=== RUN   A\n", "noise\n", "--- PASS: A (0.00s)\n"), one("pass", "A"),
				output("", "PASS\n", "ok  \tp\t0.1s\n"), one("pass", "")),
			"ok  \tp\t0.1s\n",
		},
		"fails": {
			join(one("run", "A"), one("run", "A/x"), one("run", "A/y"),
				output("A/x", "=== RUN   A/x\n", "    a.go:1: bad\n"), output("A/y", "    a.go:2: fine\n"),
				output("A", "--- FAIL: A (0.00s)\n"), output("A/x", "--- FAIL: A/x (0.00s)\n"), one("fail", "A/x"),
				one("pass", "A/y"), one("fail", "A"),
				output("", "FAIL\n", "FAIL\tp\t0.1s\n"), one("fail", "")),
			"--- FAIL: A (0.00s)\n    --- FAIL: A/x (0.00s)\n    a.go:1: bad\nFAIL\nFAIL\tp\t0.1s\n",
		},
		"is cut off": {
			join(one("run", "A"), output("A", "=== RUN   A\n", "panic: test timed out\n"),
				output("", "FAIL\tp\t0.1s\n"), one("fail", "")),
			"FAIL\tp\t0.1s\npanic: test timed out\n",
		},
		"is skipped": {
			join(one("run", "A"), one("run", "B"), one("run", "C"),
				output("A", "=== RUN   A\n", "    a.go:7: not here:\n", "        at all\n", "--- SKIP: A (0.00s)\n"),
				output("B", "    b.go:1: not there\n"), output("C", "    c.go:2: not there\n"), one("skip", "A"),
				one("skip", "B"), one("skip", "C"), output("", "ok  \tp\t0.1s\n")),
			"ok  \tp\t0.1s\n\n== skipped\nA: not here:\n  at all\nB, C: not there\n",
		},
		"is slow": {
			join(one("run", "A"), []event{{Action: "pass", Test: "A", Elapsed: 11.6}}, one("run", "B"),
				one("run", "B/x"),
				[]event{{Action: "pass", Test: "B/x", Elapsed: 70}, {Action: "pass", Test: "B", Elapsed: 71}},
				one("run", "C"), []event{{Action: "pass", Test: "C", Elapsed: 9.9}}, output("", "ok  \tp\t0.1s\n")),
			"ok  \tp\t0.1s\n\n== slowest\n    71s  B\n    70s  B/x\n    12s  A\n",
		},
		"does not build": {
			join([]event{{Action: "build-output", Output: "a.go:1:1: no\n"}, {Action: "build-fail"}},
				output("", "FAIL\tp [build failed]\n"), one("fail", "")),
			"a.go:1:1: no\nFAIL\tp [build failed]\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			_, err := convert(strings.NewReader(lines(t, c.events...)), &out)
			require.NoError(t, err)
			require.Equal(t, c.want, out.String())
		})
	}
	var out bytes.Buffer
	_, err := convert(strings.NewReader("go: no such module\n"), &out)
	require.NoError(t, err)
	require.Equal(t, "go: no such module\n", out.String())
}

func TestFailures(t *testing.T) {
	fail := func(tests ...string) (all []event) {
		for _, name := range tests {
			all = append(all, event{Action: "fail", Test: name})
		}
		return all
	}
	complete := event{Action: "output", Output: "FAIL\n"}
	for name, c := range map[string]struct {
		events []event
		want   string
	}{
		"nothing": {[]event{{Action: "pass", Test: "A"}, {Action: "pass"}}, ""},
		"a test":  {append(fail("A"), complete, event{Action: "fail"}), "p ^A$ A\n"},
		"the deepest": {append(fail("A/x/1", "A/x/2", "A/x", "A", "B", "AB"), complete, event{Action: "fail"}),
			"p ^A$/^x$/^1$|^A$/^x$/^2$|^B$|^AB$ A/x/1 A/x/2 B AB\n"},
		"a panic in a test": {append(fail("A"), event{Action: "fail"}), "p\n"},
		"no test":           {append(fail(), complete, event{Action: "fail"}), "p\n"},
		"a build":           {[]event{{Action: "build-fail"}, {Action: "fail"}}, "p\n"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := convert(strings.NewReader(lines(t, c.events...)), io.Discard)
			require.NoError(t, err)
			require.Equal(t, c.want, l.failures())
		})
	}
}

func TestNotPassed(t *testing.T) {
	l, err := convert(strings.NewReader(lines(t, event{Action: "pass", Test: "A/x"}, event{Action: "pass", Test: "A"},
		event{Action: "skip", Test: "B"}, event{Action: "fail", Test: "C"})), io.Discard)
	require.NoError(t, err)
	require.Empty(t, l.notPassed([]string{"A/x", "A"}))
	require.Equal(t, []string{"A/y", "B", "C"}, l.notPassed([]string{"A/y", "A", "B", "C"}))
}

// oddNames makes TestOddNames the child of TestPattern.
const oddNames = "GALLEY_TESTLOG_ODD_NAMES"

func TestOddNames(t *testing.T) {
	if os.Getenv(oddNames) == "" {
		t.Skip("it runs as the child of TestPattern only")
	}
	for _, name := range []string{"a", "ab", "c/d", "x|y", "x", "(", "[a", "]", "a b", `a\b`, "a.b", "axb", "\x00", "#00",
		"same", "same", "$"} {
		t.Run(name, func(*testing.T) {})
	}
}

// Every name is selected, by itself and with all others, and nothing else is.
func TestPattern(t *testing.T) {
	ran := func(run string) []string {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+run, "-test.v")
		cmd.Env = append(os.Environ(), oddNames+"=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		var names []string
		for _, line := range strings.Split(string(out), "\n") {
			if name, ok := strings.CutPrefix(line, "=== RUN   "); ok && name != "TestOddNames" {
				names = append(names, name)
			}
		}
		return names
	}
	all := ran("^TestOddNames$")
	require.Len(t, all, 17)
	require.Equal(t, all, ran(pattern(all)))
	for _, name := range all {
		require.Equal(t, []string{name}, ran(pattern([]string{name})))
	}
}
