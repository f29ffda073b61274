package testrun

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/internal/process"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// Tool is what to do with a test tool in the runner.
type Tool struct {
	Base
	// Env are variables besides those of all of a verifier's commands.
	Env map[string]string
	// Binaries are the names of the tool's command, the best first.
	Binaries []string
	// Dir is where it is run.
	Dir string
	// Command is the shell line that runs it; "$tool" is its command there, and "$results" a file for its results.
	Command string
	Source  ResultSource
	// Line takes each line of results that are printed for people too, as they come. It may be nil.
	Line func(string)
	// Remedy is how to get the tool.
	Remedy string
}

// ResultSource is where a tool leaves its results.
type ResultSource int

const (
	// ResultsPrinted is on standard output, which is shown too.
	ResultsPrinted ResultSource = iota
	// ResultsOnly is on standard output, which is for programs only.
	ResultsOnly
	// ResultsInFile is in the file "$results".
	ResultsInFile
)

// Outcome is how a tool ended.
type Outcome struct {
	Code    int
	Results []byte
	// Output is the end of what was printed.
	Output string
	// OnHost is set when it ran on this machine.
	OnHost bool
}

// missingMark follows the token when the tool is in none of the places.
const missingMark = "missing"

// Run finds the tool in the runner and runs it, in one exec. A results file comes after the printed text, behind a
// token that cannot be guessed, so neither the place of the file nor its owner matters. Errors: *ToolMissingError.
func (t Tool) Run(ctx context.Context, r runner.Run) (Outcome, error) {
	token := "\x1egalley-results-" + names.Random(16) + ":"
	tail := &process.Tail{}
	printed := &capture{}
	stdout := io.MultiWriter(tail, r.Out.Stdout)
	switch t.Source {
	case ResultsPrinted:
		stdout = io.MultiWriter(stdout, printed)
		if t.Line != nil {
			stdout = io.MultiWriter(stdout, &lines.Writer{Emit: func(line string) error { t.Line(line); return nil }})
		}
	case ResultsOnly:
		stdout = io.MultiWriter(tail, printed)
	}
	after := &splitter{token: []byte(token), before: stdout}
	env := t.RunnerEnv()
	maps.Copy(env, t.Env)
	code, err := r.Exec(ctx, runner.Command{Argv: runner.Shell(t.InRunner(t.script(token))), Env: env,
		Stdout: after, Stderr: io.MultiWriter(tail, r.Out.Stderr)})
	if err == nil {
		err = after.flush()
	}
	if err != nil {
		return Outcome{}, err
	}
	o := Outcome{Code: code, Output: tail.String()}
	switch {
	case code == 127 && after.found && after.after.buf.String() == missingMark:
		return o, &ToolMissingError{Tool: t.Binaries[0], Places: t.candidates(), Remedy: t.Remedy}
	case t.Source == ResultsInFile:
		o.Results, err = after.after.bytes()
	default:
		o.Results, err = printed.bytes()
	}
	return o, err
}

// candidates are where the tool is looked for: on the PATH, and where volumes of tool images have their commands.
func (t Tool) candidates() []string {
	if t.Verifier.Tool.Binary != "" {
		return []string{t.Verifier.Tool.Binary}
	}
	var list []string
	for _, b := range t.Binaries {
		if dir := t.Verifier.Busser.RubyBindir; dir != "" {
			list = append(list, path.Join(dir, b))
		}
		list = append(list, b)
	}
	for _, b := range t.Binaries {
		list = append(list, "/opt/*/bin/"+b, "/opt/*/embedded/bin/"+b, "/opt/"+b+"/"+b, "/"+b+"/"+b)
	}
	return list
}

func (t Tool) script(token string) string {
	var words []string
	for _, c := range t.candidates() {
		words = append(words, runner.QuotePattern(c)) // the stars are galley's own
	}
	var b strings.Builder
	fmt.Fprintf(&b, "tool=\nfor c in %s; do\n  tool=$(command -v \"$c\") && break\ndone\n", strings.Join(words, " "))
	fmt.Fprintf(&b, "if [ -z \"$tool\" ]; then printf %%s %s; exit 127; fi\n", runner.Quote(token+missingMark))
	fmt.Fprintf(&b, "cd %s || exit\n", runner.Quote(t.Dir))
	if t.Source != ResultsInFile {
		b.WriteString(t.Command + "\n")
		return b.String()
	}
	b.WriteString("results=$(mktemp) || results=$PWD/.galley-results\n")
	fmt.Fprintf(&b, "%s\ncode=$?\n", t.Command)
	fmt.Fprintf(&b, "printf %%s %s\ncat \"$results\"\nrm -f \"$results\"\nexit $code\n", runner.Quote(token))
	return b.String()
}

// maxResults bounds the results of one tool, in bytes, against a test that prints without end.
const maxResults = 64 << 20

// capture keeps what is written to it, up to maxResults.
type capture struct {
	buf  bytes.Buffer
	over bool
}

// Write never fails: that there was too much is told by bytes.
func (c *capture) Write(p []byte) (int, error) {
	if c.buf.Len()+len(p) > maxResults {
		c.over = true
		return len(p), nil
	}
	return c.buf.Write(p)
}

// ReadResults reads a file of results, up to the size that results may have.
func ReadResults(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c := &capture{}
	if _, err := io.Copy(c, f); err != nil {
		return nil, err
	}
	return c.bytes()
}

func (c *capture) bytes() ([]byte, error) {
	if c.over {
		return nil, fmt.Errorf("the tests printed more than %d MiB of results", maxResults>>20)
	}
	return c.buf.Bytes(), nil
}

// splitter passes a stream on up to a token, and keeps what comes after it. Not safe for concurrent use.
type splitter struct {
	token  []byte
	before io.Writer
	after  capture
	found  bool
	// held is the end of what came, when it may be the beginning of the token.
	held []byte
}

// Write passes on or keeps p.
func (s *splitter) Write(p []byte) (int, error) {
	n := len(p)
	if s.found {
		_, err := s.after.Write(p)
		return n, err
	}
	text := slices.Concat(s.held, p)
	s.held = nil
	if at := bytes.Index(text, s.token); at >= 0 {
		s.found = true
		if _, err := s.before.Write(text[:at]); err != nil {
			return 0, err
		}
		_, err := s.after.Write(text[at+len(s.token):])
		return n, err
	}
	keep := min(len(s.token)-1, len(text))
	for !bytes.HasSuffix(text, s.token[:keep]) {
		keep--
	}
	s.held = text[len(text)-keep:]
	if _, err := s.before.Write(text[:len(text)-keep]); err != nil {
		return 0, err
	}
	return n, nil
}

// flush passes on what was held back.
func (s *splitter) flush() error {
	if s.found || len(s.held) == 0 {
		return nil
	}
	_, err := s.before.Write(s.held)
	s.held = nil
	return err
}
