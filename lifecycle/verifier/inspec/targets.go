package inspec

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/project"
)

// target is one thing that `inspec exec` is to run. Exactly one field is set.
type target struct {
	// path is a file or directory of this machine.
	path string
	// url is an address that InSpec takes as it is.
	url string
	// depends is the dependency of a profile that includes the controls of another one:
	// the only way to name a branch on InSpec's command line.
	depends map[string]string
}

// complianceScheme begins the addresses of profiles in Chef Automate.
const complianceScheme = "compliance"

// argument is the target on InSpec's command line; i is its place among the targets.
func (t target) argument(at paths, i int) string {
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

// targetOf makes a target of an entry of inspec_tests.
func targetOf(p project.Project, t config.InspecTest) (target, error) {
	switch {
	case t.Path != "":
		return pathTarget(p, t.Path)
	case t.Git != "":
		return dependency(map[string]string{"name": profileName(t.Name, t.Git), "git": t.Git,
			"branch": t.Branch, "tag": t.Tag, "ref": t.Ref, "relative_path": t.RelativePath}), nil
	case t.URL != "":
		return target{url: t.URL}, nil
	case t.Compliance != "":
		return target{url: withScheme(complianceScheme, t.Compliance)}, nil
	case t.Supermarket != "" && t.SupermarketURL != "":
		return dependency(map[string]string{"name": profileName(t.Name, t.Supermarket), "supermarket": t.Supermarket,
			"supermarket_url": t.SupermarketURL}), nil
	case t.Supermarket != "":
		return target{url: withScheme("supermarket", t.Supermarket)}, nil
	case t.Name != "":
		// A name alone is a directory of the project or a profile of the Supermarket.
		if found, err := pathTarget(p, t.Name); err == nil {
			return found, nil
		}
		return target{url: withScheme("supermarket", t.Name)}, nil
	default:
		return target{}, errors.New("inspec_tests: an entry names nothing\n" +
			"Give it a path, url, git, compliance, supermarket or name")
	}
}

// pathTarget is a path of the project, or an address.
func pathTarget(p project.Project, text string) (target, error) {
	if strings.Contains(text, "://") || strings.HasPrefix(text, "git@") {
		return target{url: text}, nil
	}
	full := filepath.Clean(p.Abs(text))
	if _, err := os.Stat(full); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return target{}, fmt.Errorf("inspec_tests: there is no %s in %s", text, p.Root)
		}
		return target{}, fmt.Errorf("inspec_tests: %w", err)
	}
	return target{path: full}, nil
}

// dependency is a target of those fields of a dependency that say something.
func dependency(fields map[string]string) target {
	maps.DeleteFunc(fields, func(_, v string) bool { return v == "" })
	return target{depends: fields}
}

// profileName names a profile by its entry, or by the end of its address.
func profileName(name, address string) string {
	return cmp.Or(name, strings.TrimSuffix(path.Base(address), ".git"))
}

func withScheme(scheme, address string) string {
	if strings.Contains(address, "://") {
		return address
	}
	return scheme + "://" + address
}

// withDependencies adds to a list a path and, when it is a profile, those that its inspec.yml names
// by a path, and theirs. It notes what the others need.
func (n *InSpec) withDependencies(list []string, dir string) ([]string, error) {
	if slices.Contains(list, dir) {
		return list, nil
	}
	list = append(list, dir)
	data, err := os.ReadFile(filepath.Join(dir, metadataFile))
	if errors.Is(err, fs.ErrNotExist) || !project.IsDir(dir) {
		return list, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the tests: %w", err)
	}
	var meta struct {
		Depends []struct{ Path, Git, Compliance string }
	}
	if err := yaml.Unmarshal(data, &meta); err != nil {
		// It may hold ERB, and InSpec itself says best what is wrong with it.
		return list, nil //nolint:nilerr // see above
	}
	for _, d := range meta.Depends {
		n.git, n.login = n.git || d.Git != "", n.login || d.Compliance != ""
		if d.Path == "" {
			continue
		}
		next, err := n.dependency(dir, d.Path)
		if err != nil {
			return nil, err
		}
		if list, err = n.withDependencies(list, next); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// metadataFile makes a profile of a directory.
const metadataFile = "inspec.yml"

// dependency is the directory of a profile that another one depends on: relative to the project, where kitchen-inspec
// runs, else to the profile, where InSpec looks. What InSpec would not find there is noted in n.moved.
func (n *InSpec) dependency(profile, text string) (string, error) {
	next := text
	if !filepath.IsAbs(next) {
		next = filepath.Join(n.Root, text)
		if _, err := os.Stat(next); err != nil {
			next = filepath.Join(profile, text)
		}
	}
	if _, err := os.Stat(next); err != nil {
		return "", fmt.Errorf("%s depends on %s, which is neither in the project nor there: %w", profile, text, err)
	}
	if next == filepath.Join(profile, text) {
		return next, nil
	}
	rel, err := filepath.Rel(profile, next)
	if err != nil {
		return "", fmt.Errorf("%s depends on %s: %w", profile, text, err)
	}
	if n.moved[profile] == nil {
		n.moved[profile] = map[string]string{}
	}
	n.moved[profile][text] = filepath.ToSlash(rel)
	return next, nil
}

// movedMetadata is the inspec.yml of a profile with the paths of n.moved.
func (n *InSpec) movedMetadata(profile string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(profile, metadataFile))
	if err != nil {
		return nil, fmt.Errorf("read the tests: %w", err)
	}
	var meta map[string]any
	if err := yaml.Unmarshal(data, &meta); err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", metadataFile, profile, err)
	}
	depends, _ := meta["depends"].([]any)
	for _, d := range depends {
		if entry, ok := d.(map[string]any); ok {
			if to := n.moved[profile][fmt.Sprint(entry["path"])]; to != "" {
				entry["path"] = to
			}
		}
	}
	return yaml.Marshal(meta)
}

// lockedPath matches the directory of a dependency in a lock file of InSpec's, which writes it as an absolute path.
var lockedPath = regexp.MustCompile(`(?m)^[ -]*:?path: `)

// locksThisMachine reports whether a file is such a lock file: `inspec exec` by hand leaves one, and in the runner its
// directories do not exist. Without it InSpec resolves the dependencies of inspec.yml itself.
func locksThisMachine(file string) bool {
	if filepath.Base(file) != "inspec.lock" {
		return false
	}
	text, err := os.ReadFile(file)
	return err == nil && lockedPath.Match(text)
}
