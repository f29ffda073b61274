package verifier

import (
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// The bounds of the copy of a project that goes with tests that reach it.
const (
	maxAboveFiles = 20_000
	maxAboveBytes = 256 << 20
)

// projectDir is where the copy of the project is in the sandbox.
const projectDir = "project"

// upwards matches what names in a script what lies above its own directory: "..", or the
// directory that some path is in.
var upwards = lazyregexp.New(`(^|[\s/"'=(:}])\.\.($|[\s/"';)&|])|\bdirname\b|rev-parse`)

// addProject adds, for tests that reach above their directory, the files of the project around them: the tests are then
// where they are in the project. Nothing outside of the project is carried, nor .git and .kitchen.
func (t *tests) addProject(dir string) {
	root := filepath.Clean(t.Root)
	if !t.scripts || !project.Within(root, dir) || filepath.Clean(dir) == root || !t.anyReachesUp() {
		return
	}
	rel, err := filepath.Rel(root, dir)
	t.fail(err)
	files, err := sandbox.Tree(root, "", nil)
	if err != nil {
		t.fail(fmt.Errorf("read the project that the tests reach: %w", err))
	}
	// What the tests themselves are, scripts mended for Linux and helpers among them, wins.
	base := t.dir
	t.dir = path.Join(base, projectDir, filepath.ToSlash(rel))
	own := map[string]bool{}
	for _, f := range t.all {
		own[path.Join(t.dir, f.Path)] = true
	}
	var size int64
	for _, f := range files {
		f.Path = path.Join(base, projectDir, f.Path)
		if own[f.Path] {
			continue
		}
		if size += f.Size(); len(t.above) >= maxAboveFiles || size > maxAboveBytes {
			t.fail(fmt.Errorf("the tests in %s reach above their directory, and the project is too large to go with them: "+
				"over %d files or %d MiB\n"+
				"Move what they need beside them, or make it smaller", t.Shown(dir), maxAboveFiles, maxAboveBytes>>20))
			return
		}
		t.above = append(t.above, f)
	}
}

// anyReachesUp reports whether a test or a helper beside it reaches above the tests.
func (t *tests) anyReachesUp() bool {
	for rel, source := range t.source {
		if !withSuffix(".bats", ".bash", ".sh")(path.Base(rel)) {
			continue
		}
		text, err := os.ReadFile(source)
		if err != nil {
			t.fail(fmt.Errorf("read the tests: %w", err))
		}
		if upwards().Match(text) {
			return true
		}
	}
	return false
}
