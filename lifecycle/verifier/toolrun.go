package verifier

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// toolRun is what to do with a test tool in the runner.
type toolRun struct {
	config config.Verifier
	env    map[string]string
	// binaries are the names of the tool's command, the best first.
	binaries []string
	// dir is where it is run.
	dir string
	// command is the shell line that runs it; "$tool" is its command there, and
	// "$results" a file for its results.
	command string
	source  resultSource
}

// toolOutcome is how it went.
type toolOutcome struct {
	code int
	// missing tells that the tool is in none of the places.
	missing bool
	places  []string
	results []byte
	// said is the end of what was printed.
	said string
	// hidden is what was printed for programs only.
	hidden []byte
}

// showHidden prints what was kept from people since it was for programs, when it
// turned out to be something else.
func (o toolOutcome) showHidden(w io.Writer) error {
	_, err := w.Write(o.hidden)
	return err
}

// missingMark follows the token when the tool is in none of the places.
const missingMark = "missing"

// runTool finds the tool in the runner and runs it, in one exec. A results file
// comes after the printed text, behind a token that nobody can guess, so neither
// the place of the file nor its owner matters.
func (s session) runTool(ctx context.Context, t toolRun) (toolOutcome, error) {
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return toolOutcome{}, fmt.Errorf("run %s: %w", t.binaries[0], err)
	}
	token := fmt.Sprintf("\x1egalley-results-%x:", random)
	script := t.script(token)
	line := script
	if t.config.Sudo || t.config.CommandPrefix != "" {
		line = inRunner(t.config, "sh -c "+runner.Quote(script))
	}
	said := &lastWords{}
	printed := &capture{}
	stdout := said.over(s.out.Stdout)
	switch t.source {
	case resultsPrinted:
		stdout = io.MultiWriter(stdout, printed)
	case resultsOnly:
		stdout = said.over(printed)
	}
	after := &splitter{token: []byte(token), before: stdout}
	code, err := s.runner.Exec(ctx, runner.Command{Argv: runner.Shell(line), Env: t.env,
		Stdout: after, Stderr: said.over(s.out.Stderr)})
	if err != nil {
		return toolOutcome{}, err
	}
	if err := after.flush(); err != nil {
		return toolOutcome{}, err
	}
	o := toolOutcome{code: code, places: t.candidates(), said: said.String()}
	switch {
	case code == 127 && after.found && after.after.String() == missingMark:
		o.missing = true
		return o, nil
	case t.source == resultsInFile:
		o.results, err = after.after.bytes()
	default:
		o.results, err = printed.bytes()
	}
	if t.source == resultsOnly {
		o.hidden = o.results
	}
	return o, err
}

// candidates are where the tool is looked for: on the PATH, and where volumes of
// tool images have their commands.
func (t toolRun) candidates() []string {
	if t.config.Tool.Binary != "" {
		return []string{t.config.Tool.Binary}
	}
	var list []string
	for _, b := range t.binaries {
		if dir := t.config.Busser.RubyBindir; dir != "" {
			list = append(list, path.Join(dir, b))
		}
		list = append(list, b)
	}
	for _, b := range t.binaries {
		list = append(list, "/opt/*/bin/"+b, "/opt/*/embedded/bin/"+b, "/opt/"+b+"/"+b, "/"+b+"/"+b)
	}
	return list
}

func (t toolRun) script(token string) string {
	var words []string
	for _, c := range t.candidates() {
		// The stars are galley's own and stay outside of the quotes.
		pieces := strings.Split(c, "*")
		for i := range pieces {
			if pieces[i] != "" {
				pieces[i] = runner.Quote(pieces[i])
			}
		}
		words = append(words, strings.Join(pieces, "*"))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "tool=\nfor c in %s; do\n  tool=$(command -v \"$c\") && break\ndone\n", strings.Join(words, " "))
	fmt.Fprintf(&b, "if [ -z \"$tool\" ]; then printf %%s %s; exit 127; fi\n", runner.Quote(token+missingMark))
	fmt.Fprintf(&b, "cd %s || exit\n", runner.Quote(t.dir))
	if t.source != resultsInFile {
		b.WriteString(t.command + "\n")
		return b.String()
	}
	b.WriteString("results=$(mktemp) || results=$PWD/.galley-results\n")
	fmt.Fprintf(&b, "%s\ncode=$?\n", t.command)
	fmt.Fprintf(&b, "printf %%s %s\ncat \"$results\"\nrm -f \"$results\"\nexit $code\n", runner.Quote(token))
	return b.String()
}

func quotedOrNone(s string) string {
	if s == "" {
		return ""
	}
	return runner.Quote(s)
}

// trimDir makes a path relative to a directory that it lies in.
func trimDir(p, dir string) string {
	if rel, ok := strings.CutPrefix(p, strings.TrimSuffix(dir, "/")+"/"); ok {
		return rel
	}
	return p
}
