package verifier

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/internal/glob"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
	"github.com/galley-kitchen/galley/lifecycle/verifier/inspec"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

// helpersDir is the directory beside the suites whose files go to all of them.
const helpersDir = "helpers"

// suitesDir is where tests are in the sandbox, by framework, as busser has it.
const suitesDir = "suites"

// findByLayout looks for tests as busser does: in test/integration/SUITE/FRAMEWORK. Where kitchen.yml names no verifier
// at all, test files that lie in the suite's directory itself are recognised by their names too.
func findByLayout(b testrun.Base) (parts []testrun.Part, looked []string, err error) {
	dir := b.SuiteDir(b.Suite)
	looked = []string{b.Shown(dir)}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, looked, nil
	}
	if err != nil {
		return nil, looked, fmt.Errorf("look for tests: %w", err)
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = project.IsDir(filepath.Join(dir, e.Name()))
	}
	for _, foreign := range []string{"cucumber", "minitest", "pester"} {
		if names[foreign] {
			return nil, looked, fmt.Errorf("%s: galley cannot run %s tests\n"+
				"Run them with the shell verifier, or move them elsewhere",
				b.Shown(filepath.Join(dir, foreign)), foreign)
		}
	}
	for _, fw := range frameworks() {
		for _, d := range fw.dirs {
			if !names[d] {
				continue
			}
			t, err := testsIn(b, fw, filepath.Join(dir, d), filepath.Join(b.TestBase, helpersDir, d), path.Join(suitesDir, d))
			if err != nil {
				return nil, looked, err
			}
			if len(t.run) > 0 {
				parts = append(parts, t)
			}
		}
	}
	if names[inspec.Dir] {
		parts = append(parts, inspec.New(b, filepath.Join(dir, inspec.Dir)))
	}
	if len(parts) == 0 && !b.Verifier.NameSet {
		parts, err = findByName(b, dir, entries)
	}
	return parts, looked, err
}

// findByName recognises test files by their names alone. The first that fits decides, since they share a directory.
func findByName(b testrun.Base, dir string, entries []os.DirEntry) ([]testrun.Part, error) {
	has := func(fits func(string) bool) bool {
		return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return fits(e.Name()) })
	}
	for _, fw := range []framework{bats(), testinfra(), goss(), serverspec()} {
		fits := fw.isTest
		if fw.name == goss().name {
			fits = func(n string) bool { return n == "goss.yaml" || n == "goss.yml" }
		}
		if has(fits) {
			t, err := testsIn(b, fw, dir, "", path.Join(suitesDir, fw.name))
			return []testrun.Part{t}, err
		}
	}
	if has(func(n string) bool { return n == "inspec.yml" || n == "controls" || strings.HasSuffix(n, "_test.rb") }) {
		return []testrun.Part{inspec.New(b, dir)}, nil
	}
	return nil, nil
}

// findFor looks for the tests of one framework: where kitchen.yml says, or in its
// own directory under the suite, or in the suite's directory.
func findFor(fw framework) finder {
	return func(b testrun.Base) (parts []testrun.Part, looked []string, err error) {
		if len(b.Verifier.Tool.Tests) > 0 {
			t, err := testsNamed(b, fw)
			return []testrun.Part{t}, b.Verifier.Tool.Tests, err
		}
		for _, d := range append(slices.Clone(fw.dirs), "") {
			dir := filepath.Join(b.SuiteDir(b.Suite), d)
			looked = append(looked, b.Shown(dir))
			if !project.IsDir(dir) {
				continue
			}
			t, err := testsIn(b, fw, dir, filepath.Join(b.TestBase, helpersDir, fw.name), path.Join(suitesDir, fw.name))
			if err != nil {
				return nil, looked, err
			}
			if len(t.run) > 0 {
				return []testrun.Part{t}, looked, nil
			}
		}
		return nil, looked, nil
	}
}

// testsIn takes all files of a directory, and of one with helpers if it is there.
func testsIn(b testrun.Base, fw framework, dir, helpers, to string) (tests, error) {
	t := tests{framework: fw, Base: b, dir: to, source: map[string]string{}}
	t.addTree(dir)
	t.choose(nil)
	if project.IsDir(helpers) {
		t.addTree(helpers)
	}
	t.findVars(dir)
	t.addProject(dir)
	return t, t.err
}

// fail notes the first error.
func (t *tests) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

// addTree adds the files below a directory.
func (t *tests) addTree(dir string) {
	files, err := sandbox.Tree(dir, "", nil)
	if err != nil {
		t.fail(fmt.Errorf("read the tests: %w", err))
	}
	t.addAll(files)
}

// addAll adds files, the scripts among them as Linux can run them.
func (t *tests) addAll(files []sandbox.File) {
	for _, f := range files {
		if f.Dir {
			t.all = append(t.all, f)
			continue
		}
		source := f.Source
		if withSuffix(".bats", ".bash", ".sh")(path.Base(f.Path)) {
			var err error
			f, err = sandbox.Script(f)
			t.fail(err)
		}
		t.add(f, source)
	}
}

// add puts a file among those to carry, unless one of its path is there. Its source is
// the file that results are told of.
func (t *tests) add(f sandbox.File, source string) {
	if _, ok := t.source[f.Path]; ok {
		return
	}
	t.source[f.Path] = source
	t.all = append(t.all, f)
}

// choose finds the tests among the files; named, when it is not nil, tells which files kitchen.yml asks for.
func (t *tests) choose(named map[string]bool) {
	t.run = nil
	for rel := range t.source {
		if named[rel] || (named == nil && t.isTest(path.Base(rel))) {
			t.run = append(t.run, rel)
		}
	}
	slices.Sort(t.run)
	if t.pick != nil && named == nil {
		t.run = t.pick(t.run)
	}
}

// findVars sees to goss' file of variables: the one that kitchen.yml names, or the vars.yaml beside the tests.
func (t *tests) findVars(dir string) {
	if t.name != goss().name {
		return
	}
	want := t.Verifier.Tool.Vars
	if want == "" {
		for _, rel := range []string{"vars.yaml", "vars.yml"} {
			if t.source[rel] != "" {
				t.vars = rel
			}
		}
		return
	}
	for _, base := range []string{t.Root, dir} {
		file := want
		if !filepath.IsAbs(file) {
			file = filepath.Join(base, want)
		}
		if project.IsFile(file) {
			t.vars = ".galley-vars" + filepath.Ext(file)
			t.add(sandbox.File{Path: t.vars, Source: file}, file)
			return
		}
	}
	t.fail(fmt.Errorf("verifier.vars: there is no file %s in %s", want, t.Root))
}

// testsNamed takes the tests that kitchen.yml names. What lies beside them comes along, since tests load helpers.
func testsNamed(b testrun.Base, fw framework) (tests, error) {
	t := tests{framework: fw, Base: b, dir: path.Join(suitesDir, fw.name), source: map[string]string{}}
	chosen := map[string]bool{} // paths on this machine
	var dirs []string
	for _, pattern := range b.Verifier.Tool.Tests {
		files, err := matching(b, pattern, fw)
		if err != nil {
			return t, err
		}
		for _, f := range files {
			chosen[f] = true
			dirs = append(dirs, filepath.Dir(f))
		}
	}
	top, err := testrun.CommonDir(dirs)
	if err != nil {
		return t, fmt.Errorf("verifier.tests: %w", err)
	}
	named := map[string]bool{}
	for file := range chosen {
		rel, err := filepath.Rel(top, file)
		if err != nil {
			return t, fmt.Errorf("verifier.tests: %w", err)
		}
		rel = filepath.ToSlash(rel)
		named[rel] = true
		t.addAll([]sandbox.File{{Path: rel, Source: file}})
	}
	// The whole project is not what lies beside a test.
	if project.Within(b.Root, top) && top != filepath.Clean(b.Root) {
		t.addTree(top)
	}
	t.choose(named)
	t.findVars(top)
	t.addProject(top)
	return t, t.err
}

// matching are the files that a pattern means: relative to the project or, where
// nothing fits there, to the suite's directory. A directory means the tests in it.
func matching(b testrun.Base, pattern string, fw framework) ([]string, error) {
	for _, base := range []string{b.Root, b.SuiteDir(b.Suite)} {
		full := pattern
		if !filepath.IsAbs(full) {
			full = filepath.Join(base, pattern)
		}
		if project.IsFile(full) {
			return []string{full}, nil
		}
		var found []string
		var err error
		if project.IsDir(full) {
			found, err = glob.Files(full, "**/*")
			found = slices.DeleteFunc(found, func(file string) bool { return !fw.isTest(filepath.Base(file)) })
		} else {
			if strings.HasSuffix(pattern, "**") {
				pattern += "/*"
			}
			found, err = glob.Files(base, pattern)
		}
		if err != nil {
			return nil, fmt.Errorf("verifier.tests: %s: %w", pattern, err)
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, fmt.Errorf("verifier.tests: there is no file %s in %s", pattern, b.Root)
}

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
