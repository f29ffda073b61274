package trace

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/timing"
	"github.com/galley-kitchen/galley/lifecycle"
)

// events are a run of two instances, the second of which is cut off in a step. Two steps of the first go side by side.
func events() []lifecycle.Event {
	start := time.Now()
	stamp := func(name string, ms int) lifecycle.Stamp {
		return lifecycle.Stamp{Time: start.Add(time.Duration(ms) * time.Millisecond), Instance: name}
	}
	call := func(instance, name string, from, to int) lifecycle.Event {
		return lifecycle.SpanFinished{Stamp: stamp(instance, to), Span: timing.Span{Kind: timing.Engine, Name: name,
			Detail: "x", Started: stamp("", from).Time, Duration: time.Duration(to-from) * time.Millisecond}}
	}
	return []lifecycle.Event{
		call("", "Detect", 0, 1),
		lifecycle.RunStarted{Stamp: stamp("", 1), Action: "test"},
		lifecycle.InstanceStarted{Stamp: stamp("a", 2)},
		lifecycle.PhaseStarted{Stamp: stamp("a", 2), Phase: "create"},
		lifecycle.StepStarted{Stamp: stamp("a", 2), Phase: "create", Step: "images"},
		lifecycle.StepStarted{Stamp: stamp("a", 3), Phase: "create", Step: "tool"},
		call("a", "PullImage", 3, 6),
		lifecycle.StepFinished{Stamp: stamp("a", 7), Phase: "create", Step: "images"},
		call("a", "InspectImage", 4, 8),
		lifecycle.StepFinished{Stamp: stamp("a", 8), Phase: "create", Step: "tool", Error: "no"},
		lifecycle.InstanceStarted{Stamp: stamp("b", 8)},
		lifecycle.PhaseFinished{Stamp: stamp("a", 9), Phase: "create", Error: "no"},
		lifecycle.InstanceFinished{Stamp: stamp("a", 9), Error: "no"},
		lifecycle.PhaseStarted{Stamp: stamp("b", 9), Phase: "converge"},
		lifecycle.StepStarted{Stamp: stamp("b", 10), Phase: "converge", Step: "run"},
	}
}

func write(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	s, err := OpenFile(file, "test")
	require.NoError(t, err)
	for _, e := range events() {
		s.Handle(e)
	}
	require.NoError(t, s.Close())
	return file
}

func TestLines(t *testing.T) {
	f, err := os.Open(write(t, "t.ndjson"))
	require.NoError(t, err)
	defer f.Close()
	byID := map[uint64]span{}
	var ended []span
	for in := bufio.NewScanner(f); in.Scan(); {
		var p span
		require.NoError(t, json.Unmarshal(in.Bytes(), &p))
		byID[p.ID] = p
		ended = append(ended, p)
	}
	var got []string
	for _, p := range ended {
		got = append(got, p.Kind+" "+p.Name+" in "+byID[p.Parent].Name+" "+p.Error)
	}
	require.Equal(t, []string{
		"engine Detect in galley test ",
		"engine PullImage in create ", // in which of the two steps is not known
		"step images in create ",
		"engine InspectImage in tool ",
		"step tool in create no",
		"phase create in a no",
		"instance a in test no",
		"step run in converge cut off",
		"phase converge in b cut off",
		"instance b in test cut off",
		"run test in galley test cut off",
		"process galley test in  ",
	}, got)
}

// What Perfetto draws on one thread lies in each other.
func TestChrome(t *testing.T) {
	data, err := os.ReadFile(write(t, "t.json"))
	require.NoError(t, err)
	var doc struct{ TraceEvents []chromeEvent }
	require.NoError(t, json.Unmarshal(data, &doc))
	threads := map[string]int{}
	var before []chromeEvent
	spans := 0
	for _, e := range doc.TraceEvents {
		if e.Phase == "M" {
			threads[e.Args["name"]]++
			continue
		}
		spans++
		for _, o := range before {
			overlap := o.TID == e.TID && e.TS < o.TS+o.Dur && e.TS+e.Dur > o.TS+o.Dur
			require.False(t, overlap, "%v and %v", o, e)
		}
		before = append(before, e)
	}
	require.Equal(t, 12, spans)
	require.Equal(t, map[string]int{"galley": 1, "a": 2, "b": 1}, threads)
}

func TestNames(t *testing.T) {
	_, err := OpenFile("trace", "list")
	require.ErrorContains(t, err, "FILE.ndjson")
}

// collector keeps what is sent to it.
func collector(t *testing.T, code int) (address string, got chan string) {
	got = make(chan string, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body json.RawMessage
		_ = json.NewDecoder(r.Body).Decode(&body)
		got <- r.URL.Path + " " + r.Header.Get("X-Key") + " " + string(body)
		w.WriteHeader(code)
	}))
	t.Cleanup(s.Close)
	return s.URL, got
}

func send(t *testing.T, env map[string]string) (warnings []string) {
	t.Helper()
	s, err := OpenOTLP(func(name string) string { return env[name] }, "test", "1.2",
		func(w string) { warnings = append(warnings, w) })
	require.NoError(t, err)
	for range batchSize { // more than one batch
		for _, e := range events() {
			s.Handle(e)
		}
	}
	require.NoError(t, s.Close())
	return warnings
}

func TestOTLP(t *testing.T) {
	address, got := collector(t, http.StatusOK)
	trace, parent := strings.Repeat("ab", 16), strings.Repeat("cd", 8)
	require.Empty(t, send(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": address + "/base/",
		"OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20key", "OTEL_RESOURCE_ATTRIBUTES": "team=web,tier=",
		"TRACEPARENT": "00-" + trace + "-" + parent + "-01"}))
	first := <-got
	require.Contains(t, first, "/base/v1/traces a key ")
	require.Contains(t, first, `{"key":"team","value":{"stringValue":"web"}}`)
	require.Contains(t, first, `{"key":"tier","value":{"stringValue":""}}`)
	require.NotContains(t, first, `{"key":"galley.detail","value":{"stringValue":""}}`)
	require.Contains(t, first, `{"key":"service.name","value":{"stringValue":"galley"}}`)
	require.Contains(t, first, `"traceId":"`+trace)
	require.NotContains(t, first, `"name":"galley test"`)
	var last string
	for len(got) > 0 {
		last = <-got
	}
	require.Contains(t, last, `"name":"galley test","parentSpanId":"`+parent+`"`)
}

// A collector that refuses or is gone is told once, and fails nothing.
func TestNoCollector(t *testing.T) {
	address, _ := collector(t, http.StatusForbidden)
	require.Equal(t, []string{"the trace was not sent to " + address + ": it answered 403 Forbidden"},
		send(t, map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": address + "/x?key=secret"}))
	gone := httptest.NewServer(nil)
	gone.Close()
	warnings := send(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": gone.URL})
	require.Len(t, warnings, 1)
	require.Contains(t, warnings[0], gone.URL)
}

func TestNotAsked(t *testing.T) {
	for _, env := range []map[string]string{{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x:4318", "OTEL_SDK_DISABLED": "true"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x:4318", "OTEL_TRACES_EXPORTER": "none"}} {
		s, err := OpenOTLP(func(name string) string { return env[name] }, "test", "", nil)
		require.NoError(t, err)
		require.Nil(t, s)
	}
	_, err := OpenOTLP(func(string) string { return "here" }, "test", "", nil)
	require.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: write http")
}
