package report

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/console"
	"github.com/galley-kitchen/galley/report/files"
	"github.com/galley-kitchen/galley/report/internal/sample"
)

// write makes a report of a run, and returns what went wrong.
func write(spec string, env Env) error {
	env.Stdout, env.Getenv = &bytes.Buffer{}, func(string) string { return "" }
	list, err := OpenAll([]string{spec}, env)
	if err != nil {
		return err
	}
	s := NewMulti(list...)
	sample.Feed(s, sample.One())
	return s.Close()
}

// Reports are this user's alone, unless the file was there and others may read it.
func TestFileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes there")
	}
	dir := t.TempDir()
	for _, format := range []string{"html", "json", "junit", "markdown", "ndjson", "github"} {
		path := filepath.Join(dir, "new", format)
		require.NoError(t, write(format+"="+path, Env{}))
		require.Equal(t, fs.FileMode(0o600), mode(t, path), format)
		require.NoError(t, os.Chmod(path, 0o644))
		require.NoError(t, write(format+"="+path, Env{}))
		require.Equal(t, fs.FileMode(0o644), mode(t, path), format)
	}
	logs, err := files.NewLogFiles(filepath.Join(dir, "logs"), false)
	require.NoError(t, err)
	sample.Feed(logs, sample.One())
	require.NoError(t, logs.Close())
	files, err := os.ReadDir(filepath.Join(dir, "logs"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		require.Equal(t, fs.FileMode(0o600), mode(t, filepath.Join(dir, "logs", f.Name())), f.Name())
	}
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	st, err := os.Stat(path)
	require.NoError(t, err)
	return st.Mode()
}

// kept is a file that an html or ndjson report may replace.
const kept = `<!DOCTYPE html>{"type":`

// What a cloned project has in the way of links changes nothing outside of it, and
// nothing in it but the report. A link that the user names is followed.
func TestFileLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	for _, format := range []string{"html", "ndjson"} {
		project, outside := t.TempDir(), t.TempDir()
		target, own := filepath.Join(outside, "target"), filepath.Join(project, "kitchen.yml")
		reset := func() {
			for _, f := range []string{target, own} {
				require.NoError(t, os.WriteFile(f, []byte(kept), 0o600))
			}
		}
		reset()
		link := func(to, name string) { require.NoError(t, os.Symlink(to, filepath.Join(project, name))) }
		link(target, "out")
		link(own, "in")
		link(outside, "dir")
		link(filepath.Join(outside, "missing"), "dangling")
		link(target, "plain.part")
		for name, text := range map[string]string{
			"../x": "outside of the project", target: "outside of the project",
			filepath.Join(outside, "new"): "outside of the project",
			"dir/x":                       "escapes", "dir/new/x": "escapes",
		} {
			require.ErrorContains(t, write(format+"="+name, Env{Within: project}), text, name)
		}
		for _, name := range []string{"out", "in", "dangling", "plain"} {
			_ = write(format+"="+name, Env{Within: project}) // an error, or the link is replaced
		}
		for _, f := range []string{target, own} {
			require.Equal(t, kept, sample.Read(t, f))
		}
		entries, err := os.ReadDir(outside)
		require.NoError(t, err)
		require.Len(t, entries, 1)
		require.FileExists(t, filepath.Join(project, "plain"))

		link(target, "mine")
		require.NoError(t, write(format+"="+filepath.Join(project, "mine"), Env{}))
		require.NotEqual(t, kept, sample.Read(t, target))
		_, err = os.Readlink(filepath.Join(project, "mine"))
		require.NoError(t, err, "the link stays")
		reset()
		link(filepath.Join(outside, "missing"), "mine2")
		require.ErrorContains(t, write(format+"="+filepath.Join(project, "mine2"), Env{}),
			"a link to a file that is not there")
	}
}

// A relative path is not followed out of the working directory, as it may be a link of a cloned repository; within it
// is.
func TestFileLinksOfTheWorkingDirectory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	for _, format := range []string{"html", "ndjson"} {
		here, outside := t.TempDir(), t.TempDir()
		t.Chdir(here)
		target := filepath.Join(outside, "target")
		require.NoError(t, os.WriteFile(target, []byte(kept), 0o600))
		require.NoError(t, os.Mkdir("in", 0o755))
		for name, to := range map[string]string{"a": target, "b": outside, "c": "b", "d": filepath.Join(here, "in"),
			"e": "in"} {
			require.NoError(t, os.Symlink(to, name))
		}
		for _, name := range []string{"a", "./a", "b/target", "b/new", "b/new/x", "c/new", "in/../a"} {
			require.ErrorContains(t, write(format+"="+name, Env{}), "leads out of this directory", name)
		}
		require.Equal(t, kept, sample.Read(t, target))
		entries, err := os.ReadDir(outside)
		require.NoError(t, err)
		require.Len(t, entries, 1)
		for _, name := range []string{"d/x", "e/y", "in/z", "new/x",
			filepath.Join("b", "..", "..", filepath.Base(outside), "target"), target} {
			require.NoError(t, write(format+"="+name, Env{}), name)
		}
	}
}

// Log files that are links are not followed, and a directory of logs that is a link is told.
func TestLogLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	project, outside := t.TempDir(), t.TempDir()
	target, dir := filepath.Join(outside, "target"), filepath.Join(project, ".kitchen", "logs")
	require.NoError(t, os.WriteFile(target, []byte("kept"), 0o600))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	instance := sample.One()[0].(lifecycle.RunStarted).Instances[0]
	for _, name := range []string{instance + ".log", "kitchen.ndjson"} {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, name)))
		logs, err := files.NewLogFiles(dir, false)
		require.NoError(t, err)
		require.Empty(t, logs.Warning())
		sample.Feed(logs, sample.One())
		require.ErrorContains(t, logs.Close(), "is a symbolic link, which is not followed")
		require.Equal(t, "kept", sample.Read(t, target))
		require.NoError(t, os.RemoveAll(dir))
		require.NoError(t, os.MkdirAll(dir, 0o755))
	}
	require.NoError(t, os.RemoveAll(filepath.Join(project, ".kitchen")))
	require.NoError(t, os.Symlink(outside, filepath.Join(project, ".kitchen")))
	logs, err := files.NewLogFiles(dir, false)
	require.NoError(t, err)
	var out bytes.Buffer
	multi := NewMulti(logs, console.NewPlain(&out, &out, console.Options{}))
	sample.Feed(multi, sample.One())
	require.NoError(t, multi.Close())
	require.Contains(t, out.String(), "logs are written to "+filepath.Join(outside, "logs"))
}

// Two reports to one place would destroy each other.
func TestOpenAll(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, os.WriteFile("file", nil, 0o600))
	require.NoError(t, os.Symlink("file", "link"))
	require.NoError(t, os.Symlink(".", "here"))
	open := func(specs ...string) error {
		var stdout bytes.Buffer
		list, err := OpenAll(specs, Env{Stdout: &stdout, Getenv: func(string) string { return "link" }})
		require.NoError(t, NewMulti(list...).Close())
		if err != nil {
			require.Empty(t, stdout.String(), "what is refused writes nothing")
		}
		return err
	}
	require.NoError(t, open("json=a", "junit=b", "html=/dev/stdout", "github"))
	require.NoError(t, open("github=-"))
	require.NoFileExists(t, "-")
	for _, two := range []string{"json=- junit=-", "json=x junit=x", "json=x html=./x",
		"json=x html=" + filepath.Join(dir, "x"),
		"json=link html=file", "json=here/y ndjson=y", "json=- junit=/dev/stdout", "github markdown=file",
		"json=new/../z junit=z"} {
		require.ErrorContains(t, open(strings.Fields(two)...), "go to one place", two)
	}
}

// Who mistypes a name loses no file of the project.
func TestReportsReplaceReportsOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, format := range Formats() {
		if format == "github" {
			continue // it appends to what other commands of the job wrote
		}
		require.NoError(t, os.WriteFile(path, []byte("driver:\n  name: dokken\n"), 0o600))
		require.ErrorContains(t, write(format+"="+path, Env{}), "it is no report", format)
		require.Equal(t, "driver:\n  name: dokken\n", sample.Read(t, path))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, write(format+"="+path, Env{}), "an empty file is nothing to lose")
		require.NoError(t, write(format+"="+path, Env{}), "%s of an earlier run", format)
	}
}
