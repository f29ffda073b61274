package verifier

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/internal/glob"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

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
	var all []sandbox.File
	for file := range chosen {
		rel, err := filepath.Rel(top, file)
		if err != nil {
			return t, fmt.Errorf("verifier.tests: %w", err)
		}
		rel = filepath.ToSlash(rel)
		named[rel] = true
		all = append(all, sandbox.File{Path: rel, Source: file})
	}
	// The whole project is not what lies beside a test.
	if project.Within(b.Root, top) && top != filepath.Clean(b.Root) {
		files, err := sandbox.Tree(top, "", nil)
		if err != nil {
			return t, fmt.Errorf("read the tests: %w", err)
		}
		all = append(all, files...)
	}
	if err := t.addAll(all); err != nil {
		return t, err
	}
	t.choose(named)
	if err := t.findVars(top); err != nil {
		return t, err
	}
	return t, t.addProject(top)
}

// matching are the files that a pattern means: relative to the project or, where
// nothing fits there, to the suite's directory. A directory means the tests in it.
func matching(b testrun.Base, pattern string, fw framework) ([]string, error) {
	for _, base := range []string{b.Root, b.SuiteDir(b.Suite)} {
		full := pattern
		if !filepath.IsAbs(full) {
			full = filepath.Join(base, pattern)
		}
		if isFile(full) {
			return []string{full}, nil
		}
		var found []string
		var err error
		if project.IsDir(full) {
			found, err = testsBelow(full, fw.isTest)
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

// testsBelow are the files below a directory that isTest takes for tests.
func testsBelow(dir string, isTest func(string) bool) ([]string, error) {
	var list []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && isTest(d.Name()) {
			list = append(list, p)
		}
		return err
	})
	return list, err
}
