//go:build linux

package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// Every command of a `sh` or `console` block of the documentation runs, in one shell for each page, or says in a
// comment before its block why it does not. These comments are understood before a block, several of them below one
// another:
//
//	<!-- not run: REASON -->             none of the block's commands runs
//	<!-- not run, COMMAND: REASON -->    one command does not, which begins so
//	<!-- fails, COMMAND -->              one command exits with another code than 0
//	<!-- first: LINE -->                 what has to be run before, that readers are not shown
//	<!-- in: DIRECTORY -->               from here on the page is about a copy of that directory of the repository, or
//	                                     about an empty one: `in: nothing`
//	<!-- file: NAME -->                  the block, of whatever kind, is the content of that file
//
// Without an `in`, a page is about testdata/docs, and a README.md of an example about the example.
func TestDocsCommands(t *testing.T) {
	pages := documentation(t)
	var parts []*part
	run, marked := 0, 0
	for _, page := range pages {
		text, err := os.ReadFile(filepath.Join("..", page))
		require.NoError(t, err)
		ofPage, err := parsePage(page, string(text))
		require.NoError(t, err)
		for _, p := range ofPage {
			run, marked = run+p.run, marked+p.marked
		}
		parts = append(parts, ofPage...)
	}
	t.Logf("commands of %d pages: %d are run, %d are not and say why", len(pages), run, marked)

	e := testbed.Engines(t)[0] // what commands do on each engine is for other tests
	t.Run(e.Name, func(t *testing.T) {
		e.Load(t, "busybox")
		for _, part := range parts {
			if part.run > 0 {
				t.Run(part.name, func(t *testing.T) {
					t.Parallel()
					part.try(t, e)
				})
			}
		}
	})
}

// documentation lists the pages, as paths in the repository.
func documentation(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("../*.md")
	require.NoError(t, err)
	for _, dir := range []string{"../docs", "../examples", "../packaging"} {
		require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if filepath.Ext(path) == ".md" {
				pages = append(pages, path)
			}
			return err
		}))
	}
	for i, page := range pages {
		pages[i] = strings.TrimPrefix(filepath.ToSlash(page), "../")
	}
	require.Contains(t, pages, "README.md")
	return pages
}

// part is what a page does in one directory.
type part struct {
	name string
	// dir is the directory of the repository that it is about, or "nothing".
	dir         string
	script      strings.Builder
	run, marked int
}

var (
	fence   = regexp.MustCompile("^ *```+ *([a-z]*)")
	comment = regexp.MustCompile(`^ *<!-- (not run|fails|first|in|file)(?:, ([^:]+?))?(?:: (.*?))? -->$`)
)

// mark is a comment before a block.
type mark struct{ kind, command, text string }

// parsePage puts the commands of a page together.
func parsePage(page, text string) ([]*part, error) {
	current := &part{name: page, dir: "e2e/testdata/docs"}
	if dir := filepath.Dir(page); strings.HasPrefix(dir, "examples/") {
		current.dir = dir
	}
	parts := []*part{current}
	var marks []mark
	var block []string
	language, begin, inside := "", 0, false
	for i, line := range strings.Split(text, "\n") {
		m := fence.FindStringSubmatch(line)
		switch {
		case inside && m != nil:
			inside = false
			if err := current.add(language, block, marks); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", page, begin, err)
			}
			marks, block = nil, nil
		case inside:
			block = append(block, line)
		case m != nil:
			inside, language, begin = true, m[1], i+1
		case strings.TrimSpace(line) == "":
		default:
			c := comment.FindStringSubmatch(line)
			if c == nil {
				if len(marks) > 0 {
					return nil, fmt.Errorf("%s:%d: the comment before is about no block", page, i+1)
				}
				continue
			}
			if c[1] == "in" {
				current = &part{name: page + " in " + c[3], dir: c[3]}
				parts = append(parts, current)
				continue
			}
			marks = append(marks, mark{c[1], c[2], c[3]})
		}
	}
	return parts, nil
}

// add adds a block with the comments before it.
func (p *part) add(language string, block []string, marks []mark) error {
	var all string
	for _, m := range marks {
		switch m.kind {
		case "first":
			fmt.Fprintln(&p.script, m.text)
		case "file":
			fmt.Fprintf(&p.script, "cat > '%s' <<'END OF FILE'\n%s\nEND OF FILE\n", m.text, strings.Join(block, "\n"))
			return nil
		case "not run":
			if m.text == "" {
				return fmt.Errorf("no reason why it is not run")
			}
			if m.command == "" {
				all = m.text
			}
		}
	}
	isPrompt := func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "$ ") }
	var commands []string
	switch {
	case language == "console":
		for _, line := range block {
			if isPrompt(line) {
				commands = append(commands, strings.TrimPrefix(strings.TrimSpace(line), "$ "))
			}
		}
	case language == "sh":
		joined := strings.ReplaceAll(strings.Join(block, "\n"), "\\\n", "")
		commands = slices.DeleteFunc(strings.Split(joined, "\n"), func(line string) bool {
			line = strings.TrimSpace(line)
			return line == "" || strings.HasPrefix(line, "#")
		})
	case slices.ContainsFunc(block, isPrompt):
		return fmt.Errorf("a block with a prompt is no `console` block")
	}
	for _, command := range commands {
		command = strings.TrimSpace(command)
		about := slices.IndexFunc(marks, func(m mark) bool { return m.command != "" && strings.HasPrefix(command, m.command) })
		switch {
		case all != "" || about >= 0 && marks[about].kind == "not run":
			p.marked++
		case about >= 0 && marks[about].kind == "fails":
			p.run++
			fmt.Fprintf(&p.script, "echo '$ %s'\nif %s\nthen echo 'it does not fail'; exit 1; fi\n", quoted(command), command)
		default:
			p.run++
			fmt.Fprintf(&p.script, "echo '$ %s'\n%s\n", quoted(command), command)
		}
	}
	for _, m := range marks {
		if m.command != "" && !slices.ContainsFunc(commands, func(c string) bool { return strings.HasPrefix(strings.TrimSpace(c), m.command) }) {
			return fmt.Errorf("a comment is about %q, which is not in the block", m.command)
		}
	}
	return nil
}

func quoted(text string) string { return strings.ReplaceAll(text, "'", `'\''`) }

// try runs the commands, in one shell and a directory of their own.
func (p *part) try(t *testing.T, e testbed.Engine) {
	t.Helper()
	files := map[string]string{}
	if p.dir != "nothing" {
		files = readDirectory(t, filepath.Join("..", p.dir))
	}
	project := newDirectory(t, e, files)
	t.Cleanup(func() {
		project.galley("snapshot", "rm", "--all") // if there are any
		project.removeCheckpoints()
	})
	cmd := project.command(t.Context())
	sh, err := exec.LookPath("sh")
	require.NoError(t, err)
	cmd.Env = append(cmd.Env, "PATH="+filepath.Dir(cmd.Path)+":"+os.Getenv("PATH"))
	cmd.Path, cmd.Args = sh, []string{"sh", "-ec", "trap 'galley destroy -c > /dev/null' EXIT\n" + p.script.String()}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	if testing.Verbose() {
		t.Logf("%s", out)
	}
}

// readDirectory reads the files of an example, with the image of the test bed in place of that of the example.
func readDirectory(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files[name] = strings.ReplaceAll(string(text), "docker.io/library/galley-hello:latest", "busybox")
		return err
	}))
	return files
}
