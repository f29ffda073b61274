package provisioner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/moby/patternmatcher"

	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// emptyCookbook takes the place of cookbooks when a project has none, since the
// client wants to find at least one.
const emptyCookbook = "_galley"

// cookbooks lists the files of the cookbooks directory: those in cookbooks/ and
// site-cookbooks/, and the project itself when it is a cookbook.
func (c *chef) cookbooks(_ context.Context) ([]sandbox.File, error) {
	for _, name := range []string{c.instance.Provisioner.Chef.Policyfile, c.instance.Provisioner.Chef.Berksfile} {
		if name == "" {
			continue
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(c.project.Root, name)
		}
		if _, err := os.Stat(name); err == nil {
			return nil, fmt.Errorf("%s: galley does not resolve it yet\nVendor the cookbooks into cookbooks/ (chef-cli export, berks vendor) and rename the file", name)
		}
	}
	var files []sandbox.File
	for _, dir := range []string{"cookbooks", "site-cookbooks"} {
		tree, err := sandbox.Tree(filepath.Join(c.project.Root, dir), "cookbooks", nil)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read %s: %w", dir, err)
		}
		files = append(files, tree...)
	}
	name, err := cookbookName(c.project.Root)
	if err != nil {
		return nil, err
	}
	if name != "" {
		tree, err := cookbookTree(c.project.Root, "cookbooks/"+name)
		if err != nil {
			return nil, fmt.Errorf("read the cookbook: %w", err)
		}
		files = append(files, tree...)
	}
	if len(files) == 0 {
		files = append(files, sandbox.File{Path: "cookbooks/" + emptyCookbook + "/metadata.json",
			Data: []byte(`{"name": "` + emptyCookbook + `", "version": "0.0.1"}` + "\n")})
	}
	return files, nil
}

// metadataName matches the name line of a metadata.rb, which is Ruby and is not run.
var metadataName = regexp.MustCompile(`(?m)^\s*name[\s(]+['"]([^'"#]+)['"]`)

// cookbookName is the name of the cookbook in a directory, "" when it is none.
func cookbookName(dir string) (string, error) {
	if data, err := os.ReadFile(filepath.Join(dir, "metadata.json")); err == nil {
		var meta struct{ Name string }
		if err := json.Unmarshal(data, &meta); err != nil {
			return "", fmt.Errorf("metadata.json: %w", err)
		}
		if meta.Name != "" {
			return meta.Name, nil
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "metadata.rb"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the cookbook's metadata: %w", err)
	}
	if m := metadataName.FindSubmatch(data); m != nil {
		return string(m[1]), nil
	}
	return "", errors.New("metadata.rb names no cookbook\nAdd a line such as: name 'my_cookbook'")
}

// cookbookParts are the files and directories of a cookbook that a client uses.
var cookbookParts = map[string]bool{
	"metadata.json": true, "metadata.rb": true, "VERSION": true, "attributes.rb": true, "recipe.rb": true,
	"attributes": true, "definitions": true, "files": true, "libraries": true, "providers": true, "recipes": true,
	"resources": true, "templates": true, "ohai": true, "compliance": true,
}

// cookbookTree lists the parts of a cookbook that a client uses, without what its
// chefignore names.
func cookbookTree(dir, to string) ([]sandbox.File, error) {
	var patterns []string
	if data, err := os.ReadFile(filepath.Join(dir, "chefignore")); err == nil {
		for line := range strings.Lines(string(data)) {
			line, _, _ = strings.Cut(line, "#")
			if line = strings.TrimSpace(line); line != "" {
				patterns = append(patterns, line)
			}
		}
	}
	ignored, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, fmt.Errorf("chefignore: %w", err)
	}
	return sandbox.Tree(dir, to, func(rel string, _ bool) bool {
		top, _, _ := strings.Cut(rel, "/")
		if !cookbookParts[top] && !strings.HasPrefix(rel, "README.") {
			return true
		}
		skip, err := ignored.MatchesOrParentMatches(rel)
		return err == nil && skip
	})
}
