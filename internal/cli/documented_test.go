package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// Each `galley ...` in the text of the documentation, in its recipes for CI systems and in the examples of help texts
// is a command that is there, with flags that are there. Those of `sh` and `console` blocks are run: TestDocsCommands
// of package e2e.
func TestDocumentedCommands(t *testing.T) {
	mentioned := regexp.MustCompile("`galley ([^`]+)`|^ *(?:- |script: |- run: |run: |sh ['\"])galley ([^'\"|>]+)")
	quoted := regexp.MustCompile(`'[^']*'|"[^"]*"`)
	after := regexp.MustCompile(` (\||&&|#|>) `)
	seen := 0
	check := func(where, command string) {
		root := testRoot()
		cmd, rest, err := root.Find(strings.Fields(strings.NewReplacer(`\|`, " ", "|", " ").Replace(command)))
		require.NoError(t, err, where)
		if err := cmd.ParseFlags(rest); err != nil && !errors.Is(err, pflag.ErrHelp) {
			require.NoError(t, err, where)
		}
		seen++
	}
	for _, page := range documentation(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, line := range strings.Split(string(text), "\n") {
			for _, m := range mentioned.FindAllStringSubmatch(line, -1) {
				check(page+": "+line, m[1]+m[2])
			}
		}
	}
	var help func(*cobra.Command)
	help = func(cmd *cobra.Command) {
		for line := range strings.Lines(cmd.Example) {
			if example, ok := strings.CutPrefix(strings.TrimSpace(line), "galley "); ok {
				check(line, after.Split(quoted.ReplaceAllString(example, "text"), 2)[0])
			}
		}
		for _, c := range cmd.Commands() {
			help(c)
		}
	}
	help(testRoot())
	require.Greater(t, seen, 150)
}

// A test that the documentation names is there. After -run it may be what several begin with.
func TestDocumentedTests(t *testing.T) {
	var tests []string
	function := regexp.MustCompile(`(?m)^func (Test[A-Z]\w*|Example\w*)\(`)
	require.NoError(t, filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range function.FindAllStringSubmatch(string(text), -1) {
			tests = append(tests, m[1])
		}
		return err
	}))
	named := regexp.MustCompile(`(-run )?\b(Test[A-Z][a-z]\w+)`)
	for _, page := range documentation(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			require.True(t, slices.ContainsFunc(tests, func(name string) bool {
				return name == m[2] || m[1] != "" && strings.HasPrefix(name, m[2])
			}), "%s names %s", page, m[2])
		}
	}
}

// A link to a file leads to one, and one that has the name of a test to the file that has the test.
func TestDocumentedLinks(t *testing.T) {
	link := regexp.MustCompile(`\[([^\]]*)\]\(([^):#]+)(?:#[^)]*)?\)`)
	for _, page := range documentation(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			target := filepath.Join(filepath.Dir(page), m[2])
			require.FileExists(t, target, page)
			if strings.HasSuffix(target, "_test.go") && strings.HasPrefix(m[1], "Test") {
				source, err := os.ReadFile(target)
				require.NoError(t, err)
				require.Contains(t, string(source), "\nfunc "+m[1]+"(", "%s: %s", page, target)
			}
		}
	}
}

// The map leads to every page.
func TestDocumentationMap(t *testing.T) {
	text, err := os.ReadFile("../../docs/README.md")
	require.NoError(t, err)
	pages, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	for _, page := range pages {
		if name := filepath.Base(page); name != "README.md" {
			require.Contains(t, string(text), "]("+name+")")
		}
	}
	examples, err := filepath.Glob("../../examples/*/kitchen.yml")
	require.NoError(t, err)
	text, err = os.ReadFile("../../examples/README.md")
	require.NoError(t, err)
	for _, example := range examples {
		require.Contains(t, string(text), "]("+filepath.Base(filepath.Dir(example))+"/kitchen.yml)")
	}
}

// documentation lists the pages.
func documentation(t *testing.T) []string {
	t.Helper()
	var pages []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/*/*.md", "../../examples/*/*.md"} {
		more, err := filepath.Glob(pattern)
		require.NoError(t, err)
		pages = append(pages, more...)
	}
	require.NotEmpty(t, pages)
	return pages
}
