package report

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/mask"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/result"
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
		lifecycle.ConvergeSummary{Stamp: at, Text: secret, Changes: []string{secret}},
		lifecycle.TestFinished{Stamp: at, Case: result.TestCase{Suite: secret, ID: secret, Title: secret, Message: secret, File: secret, Outcome: result.Failed}},
		lifecycle.PhaseFinished{Stamp: at, Phase: lifecycle.PhaseVerify, Error: secret},
		lifecycle.InstanceFinished{Stamp: at, Error: secret, FailedPhase: lifecycle.PhaseVerify, LogPath: "a.log"},
		lifecycle.RunFinished{Failed: 1},
	}
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	logs, err := NewLogFiles(filepath.Join(dir, "logs"), LogOptions{})
	require.NoError(t, err)
	sinks := []lifecycle.Sink{logs, NewConsole(newScreen(200, 50), &stderr, Options{Level: lifecycle.LevelDebug}),
		NewPlain(&stdout, &stderr, Options{Level: lifecycle.LevelDebug}), NewGitHub(&stdout, filepath.Join(dir, "summary"))}
	for _, format := range []string{"html", "json", "junit", "markdown", "ndjson"} {
		s, err := Open(format+"="+filepath.Join(dir, "report."+format), Env{Stdout: &stdout})
		require.NoError(t, err)
		sinks = append(sinks, s)
	}
	multi := NewMulti(sinks...)
	multi.Mask(masker)
	feed(multi, events)
	require.NoError(t, multi.Close())

	texts := map[string]string{"stdout": stdout.String(), "stderr": stderr.String(), "screen": sinks[1].(*Console).term.(*screen).String()}
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
	require.Contains(t, stdout.String(), long+lineGoesOn+"\n")
	require.Contains(t, stdout.String(), "       "+mask.Hidden+lineGoesOn+"\n       "+mask.Hidden+" end\n")
}
