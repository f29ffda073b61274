package main

import (
	"bytes"
	"encoding/json"
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
			require.NoError(t, convert(strings.NewReader(lines(t, c.events...)), &out))
			require.Equal(t, c.want, out.String())
		})
	}
	var out bytes.Buffer
	require.NoError(t, convert(strings.NewReader("go: no such module\n"), &out))
	require.Equal(t, "go: no such module\n", out.String())
}
