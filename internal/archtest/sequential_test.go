package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// e2e/test.sh runs the tests of packages that start no goroutine without the race detector.
func TestSequential(t *testing.T) {
	top := filepath.Join("..", "..")
	script, err := os.ReadFile(filepath.Join(top, "e2e", "test.sh"))
	require.NoError(t, err)
	list := regexp.MustCompile(`(?m)^sequential='(.*)'$`).FindSubmatch(script)
	require.NotNil(t, list)
	sequential := regexp.MustCompile("^(" + string(list[1]) + ")$")
	files, seen := token.NewFileSet(), 0
	require.NoError(t, filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(top, filepath.Dir(path))
		if err != nil || filepath.Ext(path) != ".go" || !sequential.MatchString(filepath.ToSlash(name)) {
			return err
		}
		seen++
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, found := range startsGoroutine(file) {
			t.Errorf("%s starts a goroutine: take its package from the list in e2e/test.sh", files.Position(found))
		}
		return nil
	}))
	require.Greater(t, seen, 40)
}

// startsGoroutine lists the go statements of a file and its parallel tests.
func startsGoroutine(file *ast.File) (found []token.Pos) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, n.Pos())
		case *ast.SelectorExpr:
			if n.Sel.Name == "Parallel" {
				found = append(found, n.Pos())
			}
		}
		return true
	})
	return found
}

func TestStartsGoroutine(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package x\nfunc f(t *testing.T) { t.Parallel(); go f(t) }", 0)
	require.NoError(t, err)
	require.Len(t, startsGoroutine(file), 2)
}
