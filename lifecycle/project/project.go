// Package project says where a project and its tests are on this machine.
package project

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Project is the directory that a run belongs to, and what provisioners and verifiers need to know around it.
type Project struct {
	// Root is the absolute path of the directory, TestBase that of its tests (usually
	// test/integration), StateDir the one where galley keeps things.
	Root, TestBase, StateDir string
	// Environ is the environment of galley itself, as KEY=VALUE pairs.
	Environ []string
}

// Find looks a file or directory up as Test Kitchen does: among the tests of the
// suite, among all tests, in the project. It returns "" when there is none.
func (p Project) Find(suite, name string) string {
	for _, dir := range append(p.suiteDirs(suite), p.TestBase, p.Root) {
		candidate := filepath.Join(dir, name)
		if _, err := os.Stat(candidate); err == nil {
			return candidate
		}
	}
	return ""
}

// Places are where the plugins for Puppet and Ansible look for what kitchen.yml does not
// name, in order. plugin is the name of the directory of their own among a suite's tests.
func (p Project) Places(plugin, suite, name string) []string {
	var places []string
	for _, dir := range p.suiteDirs(suite) {
		places = append(places, filepath.Join(dir, plugin, name), filepath.Join(dir, name))
	}
	return append(places, filepath.Join(p.TestBase, name), filepath.Join(p.Root, name))
}

// suiteDirs are where files for a suite are: of a node, as SUITE/NODE, besides its own directory that of all nodes.
func (p Project) suiteDirs(suite string) []string {
	dirs := []string{p.SuiteDir(suite)}
	if all, _, isNode := strings.Cut(suite, "/"); isNode {
		dirs = append(dirs, p.SuiteDir(all))
	}
	return dirs
}

// SuiteDir is where the tests of a suite are.
func (p Project) SuiteDir(suite string) string { return filepath.Join(p.TestBase, suite) }

// Abs makes a path absolute that is relative to the project.
func (p Project) Abs(path string) string {
	if path = filepath.FromSlash(path); filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(p.Root, path)
}

// Shown is a path as people and CI systems want to see it: with slashes and, if it lies in the project, relative to it.
func (p Project) Shown(path string) string {
	if rel, err := filepath.Rel(p.Root, path); err == nil && filepath.IsLocal(rel) {
		path = rel
	}
	return filepath.ToSlash(path)
}

// Getenv looks a variable up in galley's own environment; of several the last counts.
func (p Project) Getenv(name string) string {
	value := ""
	for _, kv := range p.Environ {
		if k, v, _ := strings.Cut(kv, "="); k == name {
			value = v
		}
	}
	return value
}

// EnvironWith is galley's own environment with more variables over it, the last ones winning.
func (p Project) EnvironWith(more ...map[string]string) []string {
	env := slices.Clone(p.Environ)
	for _, m := range more {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			env = append(env, k+"="+m[k])
		}
	}
	return env
}

// IsDir reports whether a path is a directory, or a link to one.
func IsDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// IsFile reports whether a path is a regular file, or a link to one.
func IsFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}

// Within reports whether a path is a directory, or lies in it.
func Within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// LinksTo are the names under which entries of several directories lead to a directory.
// Directories that are not there have none.
func LinksTo(dir string, among []string) []string {
	target, err := os.Stat(dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, d := range among {
		entries, err := os.ReadDir(d)
		if err != nil {
			continue
		}
		for _, e := range entries {
			st, err := os.Stat(filepath.Join(d, e.Name()))
			if err == nil && os.SameFile(st, target) && !slices.Contains(names, e.Name()) {
				names = append(names, e.Name())
			}
		}
	}
	return names
}
