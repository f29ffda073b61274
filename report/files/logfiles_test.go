package files

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/golden"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/internal/sample"
)

func logs(t *testing.T, dir string, keep bool, events []lifecycle.Event) *LogFiles {
	t.Helper()
	l, err := NewLogFiles(dir, keep)
	require.NoError(t, err)
	sample.Feed(l, events)
	return l
}

func TestLogFilesGolden(t *testing.T) {
	dir := filepath.Join(t.TempDir(), ".kitchen", "logs")
	require.NoError(t, logs(t, dir, false, sample.Red()).Close())
	for _, name := range []string{"kitchen", "default-ubuntu-2404", "default-almalinux-9"} {
		for _, ext := range []string{".log", ".ndjson"} {
			golden.Equal(t, filepath.Join("testdata", "logs", name+ext), sample.Read(t, dir, name+ext))
		}
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 8, "the instance that was not started has no log")
}

// Sequence numbers are without gaps, and output is kept as it was printed.
func TestLogFilesStructured(t *testing.T) {
	dir := t.TempDir()
	l := logs(t, dir, false, sample.Hostile())
	require.NoError(t, l.Close())
	path := l.Path("evil-<script>alert(1)</script>")
	require.Equal(t, filepath.Join(dir, "evil--script-alert(1)--script--ac410ef918.log"), path)
	text := sample.Read(t, path)
	for _, printed := range sample.Nasty() {
		require.Contains(t, text, " INFO         "+printed+"\n")
	}
	var sequence int64
	for _, object := range strings.Split(strings.TrimSpace(sample.Read(t, strings.TrimSuffix(path, "log")+"ndjson")),
		"\n") {
		var r record
		require.NoError(t, json.Unmarshal([]byte(object), &r))
		sequence++
		require.Equal(t, sequence, r.Sequence)
		require.Equal(t, "evil-<script>alert(1)</script>", r.Instance)
		require.Equal(t, "verify", r.Action)
	}
}

// Logs of instances that were not selected stay as they were.
func TestLogFilesTouchOnlyTheirOwn(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "other.log")
	require.NoError(t, os.WriteFile(other, []byte("kept"), 0o644))
	require.NoError(t, logs(t, dir, false, sample.One()).Close())
	require.Equal(t, "kept", sample.Read(t, other))
}

func TestLogFilesOverwriteOrAppend(t *testing.T) {
	dir := t.TempDir()
	const name = "default-ubuntu-2404.log"
	require.NoError(t, logs(t, dir, false, sample.One()).Close())
	once := sample.Read(t, dir, name)
	require.NoError(t, logs(t, dir, false, sample.One()).Close())
	require.Equal(t, once, sample.Read(t, dir, name), "overwritten")
	require.NoError(t, logs(t, dir, true, sample.One()).Close())
	require.Equal(t, once+once, sample.Read(t, dir, name), "appended")
}

// A line that a killed run left unfinished is ended before more is appended.
func TestLogFilesAppendAfterCutLine(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "kitchen.ndjson")
	require.NoError(t, os.WriteFile(path, []byte(`{"message":"cut`), 0o644))
	require.NoError(t, logs(t, dir, true, sample.One()).Close())
	first, rest, _ := strings.Cut(sample.Read(t, path), "\n")
	require.Equal(t, `{"message":"cut`, first)
	require.True(t, strings.HasPrefix(rest, `{"kitchen_run_id"`), rest)
}

// Without Close, as after kill -9, everything that was handled is in the files.
func TestLogFilesNeedNoClose(t *testing.T) {
	dir := t.TempDir()
	cut := logs(t, dir, false, sample.Killed(20*time.Second))
	t.Cleanup(func() { require.NoError(t, cut.Close()) })
	for _, name := range []string{"kitchen.ndjson", "default-ubuntu-2404.ndjson"} {
		text := sample.Read(t, dir, name)
		require.True(t, strings.HasSuffix(text, "}\n"))
		for _, object := range strings.Split(strings.TrimSpace(text), "\n") {
			require.True(t, json.Valid([]byte(object)), object)
		}
	}
	require.Contains(t, sample.Read(t, dir, "default-ubuntu-2404.log"), "Recipe: nginx::default\n")
}

func TestLogFilesErrorsComeAtClose(t *testing.T) {
	dir := t.TempDir()
	// A directory stands where a log should be; the others are written all the same.
	require.NoError(t, os.Mkdir(filepath.Join(dir, "default-almalinux-9.log"), 0o755))
	l := logs(t, dir, false, sample.Green())
	require.ErrorContains(t, l.Close(), "log of default-almalinux-9: ")
	require.Contains(t, sample.Read(t, dir, "default-ubuntu-2404.log"), "Recipe: nginx::default\n")
}

func TestLogName(t *testing.T) {
	seen := map[string]bool{}
	for _, in := range []string{
		"default-ubuntu", "kitchen", "Kitchen", "../../etc/passwd", "..", "", "a-b", "a:b", "a\nb", "größe", "Größe",
		strings.Repeat("x", 300),
	} {
		name := strings.ToLower(logName(in))
		require.False(t, seen[name], "%q", in)
		seen[name] = true
		require.True(t, filepath.IsLocal(name) && filepath.Base(name) == name, "%q", name)
		require.LessOrEqual(t, len(name), 200)
	}
	require.Equal(t, "default-ubuntu", logName("default-ubuntu"))
}
