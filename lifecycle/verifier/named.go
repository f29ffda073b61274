package verifier

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// testsNamed takes the tests that kitchen.yml names. What lies beside them comes
// along, since tests load helpers.
func testsNamed(p Project, i config.Instance, fw framework) (tests, error) {
	t := tests{framework: fw, project: p, config: i.Verifier, dir: path.Join(suitesDir, fw.name), source: map[string]string{}}
	chosen := map[string]bool{} // paths on this machine
	var dirs []string
	for _, pattern := range i.Verifier.Tool.Tests {
		files, err := p.matching(pattern, i.Suite, fw)
		if err != nil {
			return t, err
		}
		for _, f := range files {
			chosen[f] = true
			dirs = append(dirs, filepath.Dir(f))
		}
	}
	top, err := commonDir(dirs)
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
	if within(p.Root, top) && top != filepath.Clean(p.Root) {
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
	return t, t.findVars(top)
}

// matching are the files that a pattern means: relative to the project or, where
// nothing fits there, to the suite's directory. A directory means the tests in it.
func (p Project) matching(pattern, suite string, fw framework) ([]string, error) {
	for _, base := range []string{p.Root, p.suiteDir(suite)} {
		full := pattern
		if !filepath.IsAbs(full) {
			full = filepath.Join(base, pattern)
		}
		if isFile(full) {
			return []string{full}, nil
		}
		if isDir(full) {
			full = filepath.Join(full, "**")
		}
		found, err := glob(full, fw.isTest, strings.HasSuffix(full, "**"))
		if err != nil {
			return nil, fmt.Errorf("verifier.tests: %s: %w", pattern, err)
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, fmt.Errorf("verifier.tests: there is no file %s in %s", pattern, p.Root)
}

// glob finds the files that an absolute pattern means; ** stands for any
// directories. With onlyTests, only those that fits takes for tests.
func glob(pattern string, fits func(string) bool, onlyTests bool) ([]string, error) {
	slashed := filepath.ToSlash(pattern)
	star := strings.IndexAny(slashed, "*?[")
	if star < 0 {
		return nil, nil
	}
	top := filepath.FromSlash(slashed[:strings.LastIndex(slashed[:star], "/")+1])
	if !isDir(top) {
		return nil, nil
	}
	re, err := regexp.Compile(globExpression(slashed))
	if err != nil {
		return nil, err
	}
	var list []string
	err = filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && re.MatchString(filepath.ToSlash(p)) && (!onlyTests || fits(d.Name())) {
			list = append(list, p)
		}
		return err
	})
	return list, err
}

// globExpression turns a pattern into a regular expression.
func globExpression(pattern string) string {
	var b strings.Builder
	b.WriteString("^")
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case strings.HasPrefix(pattern[i:], "**/"):
			b.WriteString("(?:.*/)?")
			i += 2
		case strings.HasPrefix(pattern[i:], "**"):
			b.WriteString(".*")
			i++
		case c == '*':
			b.WriteString("[^/]*")
		case c == '?':
			b.WriteString("[^/]")
		case c == '[' && strings.Contains(pattern[i:], "]"):
			end := i + strings.Index(pattern[i:], "]")
			set := strings.ReplaceAll(pattern[i+1:end], `\`, `\\`)
			if negated, ok := strings.CutPrefix(set, "!"); ok {
				set = "^" + negated
			}
			b.WriteString("[" + set + "]")
			i = end
		default:
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	b.WriteString("$")
	return b.String()
}

// commonDir is the deepest directory that all of some lie in.
func commonDir(dirs []string) (string, error) {
	if len(dirs) == 0 {
		return "", nil
	}
	top := filepath.Clean(dirs[0])
	for _, d := range dirs[1:] {
		for !within(top, d) {
			up := filepath.Dir(top)
			if up == top {
				return "", fmt.Errorf("%s and %s have no directory in common", dirs[0], d)
			}
			top = up
		}
	}
	return top, nil
}

// within tells whether a path is a directory, or lies in it.
func within(dir, p string) bool {
	rel, err := filepath.Rel(dir, p)
	return err == nil && filepath.IsLocal(rel)
}
