package watch

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/project"
)

// tree is what a changed file means in a project.
type tree struct {
	root, tests string
	// suites are those of the chosen instances.
	suites []string
	// written are files and directories that galley writes itself: reports and downloads.
	written []string
	// seen are the digests of files when they were last looked at: what is written anew as it was is no change.
	seen map[string][sha256.Size]byte
}

// project finds out what counts in the project of the chosen instances.
func (o *Options) project(ctx context.Context) (_ *tree, err error) {
	f := o.again() //nolint:contextcheck // as in main, exporters outlive a run
	defer func() { err = errors.Join(err, f.EndObserving()) }()
	set, err := f.Settings()
	if err != nil {
		return nil, err
	}
	root, err := f.Dir()
	if err != nil {
		return nil, err
	}
	instances, err := f.Load(ctx, o.Instances)
	if err != nil {
		return nil, err
	}
	t := &tree{root: root, tests: filepath.Join(root, "test", "integration"), seen: map[string][sha256.Size]byte{}}
	if set.TestBasePath != "" {
		t.tests = t.abs(set.TestBasePath)
	}
	for _, spec := range set.Report {
		if _, file, ok := strings.Cut(spec, "="); ok {
			t.written = append(t.written, t.abs(file))
		}
	}
	for _, i := range instances {
		t.suites = append(t.suites, i.Suite)
		for _, files := range []map[string]string{i.Provisioner.Downloads, i.Verifier.Downloads} {
			for _, to := range files {
				t.written = append(t.written, t.abs(to))
			}
		}
	}
	return t, nil
}

func (t *tree) abs(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(t.root, path)
}

// touched tells what must be done again since a file has changed. No path means that any may have.
func (t *tree) touched(path string) scope {
	if path == "" {
		return sandbox
	}
	if slices.ContainsFunc(t.written, func(w string) bool { return project.Within(w, path) }) || !t.changed(path) {
		return nothing
	}
	rel, err := filepath.Rel(t.tests, path)
	if err != nil || !filepath.IsLocal(rel) {
		return sandbox
	}
	parts := strings.Split(filepath.ToSlash(rel), "/")
	switch {
	case parts[0] == "helpers":
		return tests
	case !slices.Contains(t.suites, parts[0]):
		if t.suite(parts[0]) {
			return nothing
		}
		return sandbox // data bags and the like for all suites
	case isTest(parts[1:]):
		return tests
	default: // data of a suite, or a playbook
		return sandbox
	}
}

// suite reports whether a directory of the tests is a suite's that was not chosen, by what it holds.
func (t *tree) suite(name string) bool {
	entries, err := os.ReadDir(filepath.Join(t.tests, name))
	return err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return isTest([]string{e.Name(), ""}) || isTest([]string{e.Name()})
	})
}

// changed reports whether a file's content is another one than when it was looked at last. Of one that was never looked
// at that is taken for granted.
func (t *tree) changed(path string) bool {
	text, err := os.ReadFile(path)
	if err != nil { // it is gone, or a directory
		_, known := t.seen[path]
		delete(t.seen, path)
		st, err := os.Stat(path)
		return known || err != nil || !st.IsDir()
	}
	digest := sha256.Sum256(text)
	before, known := t.seen[path]
	t.seen[path] = digest
	return !known || before != digest
}

// isTest reports whether a path below a suite's directory is that of a test, whatever the provisioner: in doubt it is
// not.
func isTest(parts []string) bool {
	name := parts[len(parts)-1]
	if len(parts) > 1 {
		return slices.Contains([]string{"bats", "bash", "serverspec", "rspec", "goss", "inspec", "testinfra",
			"pytest", "controls"}, parts[0])
	}
	ends := func(suffix string) bool { return strings.HasSuffix(name, suffix) }
	return slices.ContainsFunc([]string{".bats", "_test.rb", "_spec.rb", "_test.py"}, ends) ||
		strings.HasPrefix(name, "test_") || strings.HasPrefix(name, "goss.") || name == "inspec.yml"
}
