package report

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Env is what Open takes from the process.
type Env struct {
	// Stdout takes reports that are to go to "-", and workflow commands.
	Stdout io.Writer
	Getenv func(string) string
}

// format is a kind of report.
type format struct {
	name string
	// open makes the sink; file is empty where none was named.
	open func(file string, env Env) (SinkCloser, error)
	// bare tells that no file needs to be named.
	bare bool
}

// formats are the reports that --report knows, in the order in which they are
// listed.
func formats() []format {
	return []format{
		{"github", openGitHub, true},
		{"html", openDocument(WriteHTML), false},
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

// Open makes the sink that a value of --report asks for: "FORMAT=FILE", where the
// file "-" is standard output; "github" needs no file. Directories that are
// missing are made, and a file that cannot be written is an error here, before
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
		return f.open(file, env)
	}
	return nil, fmt.Errorf("--report %s: there is no report %q; write FORMAT=FILE with one of %s",
		spec, name, strings.Join(Formats(), ", "))
}

func openDocument(r render) func(string, Env) (SinkCloser, error) {
	return func(file string, env Env) (SinkCloser, error) {
		if file == "-" {
			return newFinal(env.Stdout, r), nil
		}
		return newDocument(file, r)
	}
}

func openNDJSON(file string, env Env) (SinkCloser, error) {
	if file == "-" {
		return NewNDJSON(unclosed{env.Stdout}), nil
	}
	f, err := openFile(file, os.O_TRUNC)
	if err != nil {
		return nil, err
	}
	return NewNDJSON(f), nil
}

// openGitHub writes its summary where GitHub says, or to the file named.
func openGitHub(file string, env Env) (SinkCloser, error) {
	if file == "" {
		file = env.Getenv("GITHUB_STEP_SUMMARY")
	}
	return NewGitHub(env.Stdout, file), nil
}

// openFile opens a file for appending, and makes it, with its directory, where it
// is missing.
func openFile(path string, flags int) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, unwritable(path, err)
	}
	f, err := os.OpenFile(path, flags|os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return nil, unwritable(path, err)
	}
	return f, nil
}

// unclosed is a writer that is left open.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }
