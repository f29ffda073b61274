package changed

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// Project is what the files of a project mean.
type Project struct {
	// Root is the project's directory without links, and Named the same as the configuration has it. Tests is the
	// directory of the tests.
	Root, Named, Tests string
	// Config are the names of the files of which instances are resolved.
	Config []string
	// Suites are the names of all suites.
	Suites []string
}

// Text is an instance as kitchen.yml has it, to compare it with another time's. Its own place in the file, and what
// other instances have, do not count. root is the directory of the project, which is somewhere else at another time.
func Text(i config.Instance, root string) (string, error) {
	text, err := json.Marshal(alone(i))
	if err != nil {
		return "", err
	}
	quoted, err := json.Marshal(root)
	return strings.ReplaceAll(string(text), strings.Trim(string(quoted), `"`), ""), err
}

// alone is an instance without its place among others.
func alone(i config.Instance) config.Instance {
	i.Index, i.Secrets = 0, nil
	if i.From != nil {
		from := alone(*i.From)
		i.From = &from
	}
	if i.Node != nil {
		n, group := *i.Node, alone(*i.Node.Group)
		n.Group = &group
		i.Node = &n
	}
	return i
}

// lineage is an instance with those from which it starts, and the group of which it is a node.
func lineage(i config.Instance) []config.Instance {
	list := []config.Instance{i}
	for at := i.From; at != nil; at = at.From {
		list = append(list, *at)
	}
	if i.Node != nil {
		list = append(list, *i.Node.Group)
	}
	return list
}

// Matters returns the first changed file that may matter to an instance with that text, whose configuration is as it
// was.
func (s *Since) Matters(p Project, i config.Instance, text string) (file string, matters bool) {
	upwards := sync.OnceValue(func() bool { return s.links || reachUp(p, i) })
	outside := sync.OnceValue(func() bool {
		return s.links || s.reachesOutside(p, i, text) || i.Verifier.Inspec.Location != config.PlaceRunner && upwards()
	})
	for _, file := range s.Files {
		rel, inside := s.inProject(file)
		switch {
		case s.around(file): // a repository in this one, with the project
			return file, true
		case !strings.Contains(text, path.Base(file)) && (path.Dir(file) == "." && forPeople(file) ||
			inside && path.Dir(rel) == "." && forPeople(rel) || ofForge(file)):
		case !inside:
			if outside() {
				return file, true
			}
		case strings.HasPrefix(rel, ".kitchen/"), slices.Contains(p.Config, rel): // compared in another way
		case ofOtherSuite(p, i, text, rel) && !upwards():
		default:
			return file, true
		}
	}
	return "", false
}

// forPeople reports whether a file beside kitchen.yml, or at the top of a repository, is one that only people and git
// read.
func forPeople(name string) bool {
	beginnings := []string{"README", "CHANGELOG", "CONTRIBUTING", "LICENSE", "CODEOWNERS", ".gitignore", ".gitattributes",
		".gitlab-ci.yml", ".pre-commit-config", "Jenkinsfile"}
	return slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(name, b) })
}

// ofForge reports whether a file is for the forge that has the repository.
func ofForge(file string) bool {
	first, _, _ := strings.Cut(file, "/")
	return slices.Contains([]string{".github", ".gitlab", ".circleci", ".forgejo"}, first)
}

// ofOtherSuite reports whether a file is below the directory of a suite's tests that is neither the instance's nor
// named by it.
func ofOtherSuite(p Project, i config.Instance, text, rel string) bool {
	below, err := filepath.Rel(p.Tests, filepath.Join(p.Root, filepath.FromSlash(rel)))
	if err != nil || !filepath.IsLocal(below) {
		return false
	}
	suite, _, deeper := strings.Cut(filepath.ToSlash(below), "/")
	if !deeper || !slices.Contains(p.Suites, suite) {
		return false // of all suites
	}
	for _, at := range lineage(i) {
		if at.Suite == suite {
			return false
		}
	}
	return !strings.Contains(text, filepath.Base(p.Tests)+"/"+suite)
}

// above matches what a test has that uses files above its own directory.
var above = lazyregexp.New(`\.\.|\bdirname\b|\b__dir__\b|rev-parse`)

// maxTest is the size of the largest file of tests that is read for what it uses.
const maxTest = 1 << 20

// reachUp reports whether the tests of an instance, or what lies beside them for all suites, may use those of other
// suites.
func reachUp(p Project, i config.Instance) bool {
	found := errors.New("found")
	for _, at := range lineage(i) {
		for _, dir := range []string{at.Suite, "helpers"} {
			err := filepath.WalkDir(filepath.Join(p.Tests, dir), func(file string, e fs.DirEntry, err error) error {
				if err != nil || e.IsDir() {
					return err
				}
				st, err := e.Info()
				if err != nil || st.Size() > maxTest {
					return cmp.Or(err, found)
				}
				content, err := os.ReadFile(file)
				if err == nil && above().Match(content) {
					return found
				}
				return err
			})
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return true
			}
		}
	}
	return false
}

// leadsAway matches what a file of cookbooks has that names others by their place.
var leadsAway = lazyregexp.New(`\.\.|\bpath\b|\bchef_repo\b|\beval`)

// reachesOutside reports whether an instance may read files of the repository that are not in the project: by paths, by
// what runs on this machine, or by where its cookbooks come from.
func (s *Since) reachesOutside(p Project, i config.Instance, text string) bool {
	named := strings.TrimSuffix(p.Named, string(filepath.Separator)+filepath.FromSlash(s.project)) // the repository
	if strings.Contains(text, "..") || strings.Contains(text, s.top) || strings.Contains(text, named) {
		return true
	}
	for _, at := range lineage(i) {
		files := []string{"Policyfile.rb", "Berksfile"}
		hooks := slices.Concat(slices.Collect(maps.Values(at.Hooks))...)
		for _, step := range append(at.Steps, config.Step{Provisioner: at.Provisioner, Verifier: at.Verifier}) {
			if runsHere(step.Provisioner, step.Verifier) {
				return true
			}
			hooks = append(hooks, step.Commands...)
			files = append(files, step.Provisioner.Chef.Policyfile, step.Provisioner.Chef.Berksfile)
		}
		if slices.ContainsFunc(hooks, func(h config.Hook) bool { return h.Local != "" }) {
			return true
		}
		for _, name := range files {
			if !filepath.IsAbs(name) {
				name = filepath.Join(p.Root, name)
			}
			content, err := os.ReadFile(name)
			if err == nil && leadsAway().Match(content) {
				return true
			}
		}
	}
	return false
}

// runsHere reports whether a provisioner or a verifier may run a program of this machine in the project, which can read
// whatever it likes.
func runsHere(p config.Provisioner, v config.Verifier) bool {
	return v.Kind == config.VerifierShell && !v.Shell.Remote || p.Kind == config.ProvisionerExternal ||
		p.Kind == config.ProvisionerAnsible && p.Ansible.From != config.PlaceRunner
}
