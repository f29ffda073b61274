package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/files"
	"github.com/galley-kitchen/galley/report/html"
	"github.com/galley-kitchen/galley/report/recording"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// Env is what Open takes from the process.
type Env struct {
	// Stdout takes reports that are to go to "-", and workflow commands.
	Stdout io.Writer
	Getenv func(string) string
	// Within is the project's directory when the report's path comes from the project's own settings, which must not
	// name files outside; empty for a path that the user gave.
	Within string
}

// format is a kind of report.
type format struct {
	name string
	// open makes the sink; file is empty where none was named.
	open func(file string, env Env) (SinkCloser, error)
	// bare is true when no file needs to be named.
	bare bool
}

// formats are the reports that --report knows, in the order in which they are listed.
func formats() []format {
	return []format{
		{"github", func(file string, env Env) (SinkCloser, error) {
			return NewGitHub(env.Stdout, cmp.Or(file, env.Getenv(stepSummary))), nil
		}, true},
		{"html", openDocument(html.Write), false},
		{"json", openDocument(WriteJSON), false},
		{"junit", openDocument(WriteJUnit), false},
		{"markdown", openDocument(WriteMarkdown), false},
		{"ndjson", openNDJSON, false},
	}
}

// Formats are the names that Open knows.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// Open makes the sink that a value of --report asks for: "FORMAT=FILE", where the file "-" is standard output; "github"
// needs no file. Directories that are missing are made, and a file that cannot be written is an error here, before
// anything is run.
func Open(spec string, env Env) (SinkCloser, error) {
	name, file, named := strings.Cut(spec, "=")
	for _, f := range formats() {
		if f.name != name {
			continue
		}
		if file == "" && (named || !f.bare) {
			return nil, fmt.Errorf("--report %s: the file is missing; write %s=FILE", spec, name)
		}
		if Stdout(spec) {
			file = "-"
		}
		return f.open(file, env)
	}
	return nil, fmt.Errorf("--report %s: there is no report %q; write FORMAT=FILE with one of %s",
		spec, name, strings.Join(Formats(), ", "))
}

// Stdout reports whether a value of --report asks for standard output, by any of its names.
func Stdout(spec string) bool {
	_, file, _ := strings.Cut(spec, "=")
	return slices.Contains([]string{"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}, file)
}

// OpenAll opens the sinks of several values of --report, with within as for [Env]. Two reports to one file, or to
// standard output, would destroy each other and are an error.
func OpenAll(specs []string, env Env) ([]lifecycle.Sink, error) {
	if err := checkPlaces(specs, env); err != nil {
		return nil, err
	}
	var list []lifecycle.Sink
	for _, spec := range specs {
		s, err := Open(spec, env)
		if err != nil {
			return nil, errors.Join(err, NewMulti(list...).Close())
		}
		list = append(list, s)
	}
	return list, nil
}

// checkPlaces fails when two reports go to one place, or one would take the place of a file that is no report. It opens
// nothing, for what is open writes when it is closed.
func checkPlaces(specs []string, env Env) error {
	taken := map[string]string{}
	for _, spec := range specs {
		name, file, _ := strings.Cut(spec, "=")
		if name == "github" && file == "" {
			file = env.Getenv(stepSummary)
		}
		where := file
		switch {
		case Stdout(spec):
			where = "-"
		case file != "":
			var err error
			if where, err = sameFile(file); err != nil {
				return fmt.Errorf("--report %s: %w", spec, err)
			}
		}
		if other, ok := taken[where]; ok && where != "" {
			return fmt.Errorf("--report %s and --report %s go to one place; name another file for one of them", other, spec)
		}
		taken[where] = spec
	}
	for where, spec := range taken {
		name, _, _ := strings.Cut(spec, "=")
		if where != "-" && where != "" && name != "github" && !replaceable(name, where) {
			return fmt.Errorf("--report %s: there is such a file, and it is no report of this format: it is left as it is\n"+
				"Name another file, or remove it", spec)
		}
	}
	return nil
}

// beginnings are what reports of each format have within their first bytes.
var beginnings = map[string]string{
	"html": "<!DOCTYPE html>", "json": `"schema":`, "junit": "<testsuites", "markdown": "###", "ndjson": `{"type":`,
}

// replaceable reports whether a report may take the place of what has its name: nothing, an empty file, what is no
// file, or a report of the format. Who mistypes a name loses no file of the project.
func replaceable(format, path string) bool {
	st, err := os.Stat(path)
	if err != nil || !st.Mode().IsRegular() || st.Size() == 0 {
		return true // what cannot be written is told when it is opened
	}
	f, err := os.Open(path)
	if err != nil {
		return true
	}
	defer f.Close()
	head := make([]byte, 200)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	return strings.Contains(string(head[:n]), beginnings[format])
}

// sameFile is a name that is equal for paths of the same file.
func sameFile(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target, nil
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path)), nil
	}
	return path, nil
}

func openDocument(r files.Render) func(string, Env) (SinkCloser, error) {
	return func(file string, env Env) (SinkCloser, error) {
		if file == "-" {
			return files.NewFinal(env.Stdout, r), nil
		}
		return files.NewDocument(file, env.Within, r)
	}
}

// WriteJSON writes a run as one indented JSON object; the fields are those of Run.
func WriteJSON(w io.Writer, r *run.Run) error { return text.WriteJSON(w, r, "  ") }

func openNDJSON(file string, env Env) (SinkCloser, error) {
	if file == "-" {
		return recording.NewWriter(files.Unclosed{Writer: env.Stdout}), nil
	}
	f, err := files.Open(file, env.Within, true)
	if err != nil {
		return nil, err
	}
	return recording.NewWriter(f), nil
}

// stepSummary is GitHub's variable that names the file of the job summary, where no other file is named.
const stepSummary = "GITHUB_STEP_SUMMARY"
