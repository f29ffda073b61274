package verifier

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/galley-kitchen/galley/config"
)

// inspecTarget is one thing that `inspec exec` is to run. Exactly one field is set.
type inspecTarget struct {
	// path is a file or directory of this machine.
	path string
	// url is an address that InSpec takes as it is.
	url string
	// depends is, as JSON, the dependency of a profile that includes the controls of
	// another one: the only way to name a branch on InSpec's command line.
	depends string
}

// complianceScheme begins the addresses of profiles in Chef Automate.
const complianceScheme = "compliance"

// argument is the target on InSpec's command line; i is its place among the targets.
func (t inspecTarget) argument(at site, i int) string {
	switch {
	case t.path != "":
		return at.carried(t.path)
	case t.url != "":
		return t.url
	default:
		return at.written(wrapperName(i))
	}
}

func wrapperName(i int) string { return fmt.Sprintf("galley-profile-%d", i) }

// inspecTarget makes a target of an entry of inspec_tests.
func (p Project) inspecTarget(t config.InspecTest) (inspecTarget, error) {
	switch {
	case t.Path != "":
		return p.pathTarget(t.Path)
	case t.Git != "":
		return dependency(map[string]string{"name": profileName(t.Name, t.Git), "git": t.Git,
			"branch": t.Branch, "tag": t.Tag, "ref": t.Ref, "relative_path": t.RelativePath})
	case t.URL != "":
		return inspecTarget{url: t.URL}, nil
	case t.Compliance != "":
		return inspecTarget{url: withScheme(complianceScheme, t.Compliance)}, nil
	case t.Supermarket != "" && t.SupermarketURL != "":
		return dependency(map[string]string{"name": profileName(t.Name, t.Supermarket), "supermarket": t.Supermarket, "supermarket_url": t.SupermarketURL})
	case t.Supermarket != "":
		return inspecTarget{url: withScheme("supermarket", t.Supermarket)}, nil
	case t.Name != "":
		// A name alone is a directory of the project or a profile of the Supermarket.
		if target, err := p.pathTarget(t.Name); err == nil {
			return target, nil
		}
		return inspecTarget{url: withScheme("supermarket", t.Name)}, nil
	default:
		return inspecTarget{}, errors.New("inspec_tests: an entry names nothing\nGive it a path, url, git, compliance, supermarket or name")
	}
}

// pathTarget is a path of the project, or an address.
func (p Project) pathTarget(text string) (inspecTarget, error) {
	if strings.Contains(text, "://") || strings.HasPrefix(text, "git@") {
		return inspecTarget{url: text}, nil
	}
	full := text
	if !filepath.IsAbs(full) {
		full = filepath.Join(p.Root, full)
	}
	full = filepath.Clean(full)
	if _, err := os.Stat(full); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return inspecTarget{}, fmt.Errorf("inspec_tests: there is no %s in %s", text, p.Root)
		}
		return inspecTarget{}, fmt.Errorf("inspec_tests: %w", err)
	}
	return inspecTarget{path: full}, nil
}

func dependency(fields map[string]string) (inspecTarget, error) {
	for k, v := range fields {
		if v == "" {
			delete(fields, k)
		}
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return inspecTarget{}, fmt.Errorf("inspec_tests: %w", err)
	}
	return inspecTarget{depends: string(data)}, nil
}

// profileName names a profile by its entry, or by the end of its address.
func profileName(name, address string) string {
	if name != "" {
		return name
	}
	return strings.TrimSuffix(path.Base(address), ".git")
}

func withScheme(scheme, address string) string {
	if strings.Contains(address, "://") {
		return address
	}
	return scheme + "://" + address
}

// farProfiles is what InSpec needs to fetch profiles that are not on this machine.
type farProfiles struct {
	// git: some are in Git. login: some are in Chef Automate, for which InSpec must
	// have logged in.
	git, login bool
}

// add notes what a target needs.
func (f *farProfiles) add(t inspecTarget) {
	f.git = f.git || strings.HasPrefix(t.url, "git@") || strings.HasSuffix(t.url, ".git") || strings.Contains(t.depends, `"git":`)
	f.login = f.login || strings.HasPrefix(t.url, complianceScheme+"://")
}

// withDependencies is a path and, when it is a profile, those that its inspec.yml
// names by a relative path, and theirs. It notes what the others need.
func (f *farProfiles) withDependencies(profile string) ([]string, error) {
	seen := map[string]bool{}
	var list []string
	var visit func(string) error
	visit = func(dir string) error {
		if seen[dir] {
			return nil
		}
		seen[dir] = true
		list = append(list, dir)
		data, err := os.ReadFile(filepath.Join(dir, "inspec.yml"))
		if errors.Is(err, fs.ErrNotExist) || !isDir(dir) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the tests: %w", err)
		}
		var meta struct {
			Depends []struct{ Path, Git, Compliance string }
		}
		if err := yaml.Unmarshal(data, &meta); err != nil {
			// It may hold ERB, and InSpec itself says best what is wrong with it.
			return nil //nolint:nilerr // see above
		}
		for _, d := range meta.Depends {
			f.git, f.login = f.git || d.Git != "", f.login || d.Compliance != ""
			if d.Path == "" {
				continue
			}
			next := d.Path
			if !filepath.IsAbs(next) {
				next = filepath.Join(dir, next)
			}
			if _, err := os.Stat(next); err != nil {
				return fmt.Errorf("%s depends on %s: %w", dir, d.Path, err)
			}
			if err := visit(next); err != nil {
				return err
			}
		}
		return nil
	}
	return list, visit(profile)
}

// lockedPath matches the directory of a dependency in a lock file of InSpec's, which
// writes it as an absolute path.
var lockedPath = regexp.MustCompile(`(?m)^[ -]*:?path: `)

// locksThisMachine tells whether a file is such a lock file: `inspec exec` by hand
// leaves one, and in the runner its directories do not exist. Without it InSpec
// resolves the dependencies of inspec.yml itself.
func locksThisMachine(file string) bool {
	if filepath.Base(file) != "inspec.lock" {
		return false
	}
	text, err := os.ReadFile(file)
	return err == nil && lockedPath.Match(text)
}
