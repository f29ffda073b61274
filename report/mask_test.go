package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/mask"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/machine"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/report/console"
	"github.com/galley-kitchen/galley/report/files"
	"github.com/galley-kitchen/galley/report/internal/sample"
	"github.com/galley-kitchen/galley/report/recording"
	"github.com/galley-kitchen/galley/report/run"
)

// TestNoSecretInAnySink: wherever a secret stands in an event, no sink shows it.
func TestNoSecretInAnySink(t *testing.T) {
	const secret = "S3CRET-canary/value"
	masker := mask.New(secret)
	encoded := base64.StdEncoding.EncodeToString([]byte("user:" + secret))
	at := lifecycle.Stamp{Instance: "a"}
	long := strings.Repeat("x", 100)
	events := []lifecycle.Event{
		lifecycle.RunStarted{Action: "test", Instances: []string{"a"}},
		lifecycle.EngineReady{Endpoint: "tcp://x:" + secret + "@h"},
		lifecycle.InstanceStarted{Stamp: at},
		lifecycle.PhaseStarted{Stamp: at, Phase: lifecycle.PhaseVerify},
		lifecycle.Progress{Stamp: at, What: "pull " + secret, Status: secret},
		lifecycle.Progress{Stamp: at, What: "pull " + secret, Done: true, Error: secret},
		lifecycle.Notice{Stamp: at, Level: lifecycle.LevelWarn, Text: "warn " + secret},
		lifecycle.Output{Stamp: at, Stream: "stdout", Text: "out " + secret + " " + encoded},
		// A line that was cut in the middle of it, while the other stream goes on.
		lifecycle.Output{Stamp: at, Stream: "stdout", Text: long + secret[:7], Partial: true},
		lifecycle.Output{Stamp: at, Stream: "stderr", Text: "between"},
		lifecycle.Output{Stamp: at, Stream: "stdout", Text: secret[7:] + secret[:3], Partial: true},
		lifecycle.Output{Stamp: at, Stream: "stdout", Text: secret[3:] + " end"},
		lifecycle.ConvergeSummary{Stamp: at, Summary: provisioner.Summary{Text: secret, Changes: []string{secret}}},
		lifecycle.TestFinished{Stamp: at, Case: result.TestCase{Suite: secret, ID: secret, Title: secret,
			Message: secret, File: secret, Outcome: result.Failed}},
		lifecycle.PhaseFinished{Stamp: at, Phase: lifecycle.PhaseVerify, Error: secret},
		lifecycle.InstanceFinished{Stamp: at, Error: secret, FailedPhase: lifecycle.PhaseVerify, LogPath: "a.log"},
		lifecycle.RunFinished{Failed: 1},
	}
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	screen := &wide{}
	logs, err := files.NewLogFiles(filepath.Join(dir, "logs"), false)
	require.NoError(t, err)
	sinks := []lifecycle.Sink{logs, console.New(screen, &stderr, console.Options{Level: lifecycle.LevelDebug}),
		console.NewPlain(&stdout, &stderr, console.Options{Level: lifecycle.LevelDebug}),
		NewGitHub(&stdout, filepath.Join(dir, "summary"))}
	for _, format := range []string{"html", "json", "junit", "markdown", "ndjson"} {
		s, err := Open(format+"="+filepath.Join(dir, "report."+format), Env{Stdout: &stdout})
		require.NoError(t, err)
		sinks = append(sinks, s)
	}
	multi := NewMulti(sinks...)
	multi.Mask(masker)
	sample.Feed(multi, events)
	require.NoError(t, multi.Close())

	texts := map[string]string{"stdout": stdout.String(), "stderr": stderr.String(), "screen": screen.String()}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			texts[path] = string(data)
		}
		return err
	}))
	require.Len(t, texts, 3+6+4)
	for name, text := range texts {
		require.NotEmpty(t, text, name)
		for _, part := range []string{secret, encoded[8:20], "canary", secret[3:]} {
			require.NotContains(t, text, part, name)
		}
	}
	require.Contains(t, stdout.String(), long+run.MoreFollows+"\n")
	require.Contains(t, stdout.String(), "       "+mask.Hidden+run.MoreFollows+"\n       "+mask.Hidden+" end\n")
}

// galleys are the fields of events in which there are no secrets.
var galleys = []string{"RunID", "Instance", "Instances", "Suite", "Platform", "On", "Action", "Engine", "Version",
	"LogPath", "Kind", "Phase", "Step", "Stream", "Level", "Outcome", "FailedPhase"}

// unreached are the kinds of fields in which mask.Texts looks for no text.
var unreached = []reflect.Kind{reflect.Array, reflect.Map, reflect.Pointer, reflect.Interface}

// TestEveryFieldIsMasked: a field that is added to an event is masked too.
func TestEveryFieldIsMasked(t *testing.T) {
	const secret = "S3CRET-canary/value"
	for name, zero := range recording.Types() {
		e := reflect.New(reflect.TypeOf(zero)).Elem()
		fill(t, e, secret)
		multi, seen := NewMulti(), &recorder{}
		multi.sinks = append(multi.sinks, seen)
		multi.Mask(mask.New(secret))
		multi.Handle(e.Interface().(lifecycle.Event))
		object, err := json.Marshal(seen.events[0])
		require.NoError(t, err)
		require.NotContains(t, string(object), secret, name)
	}
}

// fill puts a text into all fields of a value but those of galleys. It fails at a field whose texts are not reached.
func fill(t *testing.T, v reflect.Value, text string) {
	t.Helper()
	for i := range v.NumField() {
		field := v.Field(i)
		switch {
		case field.Kind() == reflect.Struct && field.CanSet() && field.Type() != reflect.TypeOf(time.Time{}):
			fill(t, field, text)
		case slices.Contains(galleys, v.Type().Field(i).Name) && v.Type() != reflect.TypeOf(result.TestCase{}):
		case field.Kind() == reflect.String && v.Type().Field(i).Name != "Outcome":
			field.SetString(text)
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct:
			field.Set(reflect.MakeSlice(field.Type(), 1, 1))
			fill(t, field.Index(0), text)
		case field.Kind() == reflect.Slice:
			field.Set(reflect.ValueOf([]string{text}))
		case v.Type() == reflect.TypeFor[machine.Report]() && v.Type().Field(i).Name == "Noise": // galley's own reasons
		case slices.Contains(unreached, field.Kind()):
			t.Fatalf("teach mask.Texts about %s, which is the %s of %s", field.Type(), v.Type().Field(i).Name, v.Type())
		}
	}
}

// wide is a terminal that keeps what is written to it.
type wide struct{ bytes.Buffer }

// Size is that of a large window.
func (*wide) Size() (width, height int) { return 200, 50 }
