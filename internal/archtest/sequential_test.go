package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// sequential are packages that start no goroutine: e2e/test.sh runs their tests without the race detector.
var sequential = []string{"erb", "keys", "kitchen", "rubyre", "yaml11"}

func TestSequential(t *testing.T) {
	files := token.NewFileSet()
	for _, name := range sequential {
		paths, err := filepath.Glob(filepath.Join("..", "..", "config", name, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, paths, name)
		for _, path := range paths {
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			for _, found := range startsGoroutine(file) {
				t.Errorf("%s starts a goroutine: take its package from the list here and in e2e/test.sh",
					files.Position(found))
			}
		}
	}
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
