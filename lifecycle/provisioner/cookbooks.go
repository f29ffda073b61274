package provisioner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// emptyCookbook takes the place of cookbooks when a project has none, since the
// client wants to find at least one.
const emptyCookbook = "_galley"

// cookbookDir is the sandbox's directory of cookbooks.
const cookbookDir = "cookbooks"

// books are the cookbooks of an instance as files of its sandbox.
type books struct {
	files []sandbox.File
	// policy is the name of the policy, when there is one.
	policy string
}

// cookbooks takes the first there is of: a Policyfile, a Berksfile, the
// directories cookbooks/ and site-cookbooks/ with the project itself, the project
// itself, or none.
func (c *chef) cookbooks(ctx context.Context) (books, error) {
	k := c.instance.Provisioner.Chef
	policyfile, err := c.recipe("policyfile", k.Policyfile, "Policyfile.rb")
	if err != nil {
		return books{}, err
	}
	if policyfile != "" {
		return c.policyfile(ctx, policyfile)
	}
	berksfile, err := c.recipe("berksfile_path", k.Berksfile, "Berksfile")
	if err != nil {
		return books{}, err
	}
	if berksfile != "" {
		return c.berksfile(ctx, berksfile)
	}
	return c.ownCookbooks()
}

// recipe is the absolute path of a Policyfile or Berksfile, or "" when there is
// none. One that kitchen.yml names must be there.
func (c *chef) recipe(key, named, usual string) (string, error) {
	path := named
	if path == "" {
		path = usual
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.project.Root, path)
	}
	_, err := os.Stat(path)
	switch {
	case err == nil:
		return path, nil
	case named == "" && errors.Is(err, fs.ErrNotExist):
		return "", nil
	default:
		return "", fmt.Errorf("provisioner.%s: %w", key, err)
	}
}

// ownCookbooks are those that the project has itself.
func (c *chef) ownCookbooks() (books, error) {
	var b books
	filter := newCookbookFilter(c.instance.Provisioner.Chef.CookbookGlobs)
	for _, name := range []string{cookbookDir, "site-cookbooks"} {
		files, err := cookbooksIn(filepath.Join(c.project.Root, name), filter)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return b, fmt.Errorf("read %s: %w", name, err)
		}
		b.files = append(b.files, files...)
	}
	name, err := CookbookName(c.project.Root)
	if err != nil {
		return b, err
	}
	if name != "" {
		files, err := cookbookTree(c.project.Root, name, filter)
		if err != nil {
			return b, fmt.Errorf("read the cookbook %s: %w", name, err)
		}
		b.files = append(b.files, files...)
	}
	if !slices.ContainsFunc(b.files, func(f sandbox.File) bool { return !f.Dir }) {
		c.project.say("there are no cookbooks: no Policyfile.rb, Berksfile, cookbooks/ or metadata.rb in %s", c.project.Root)
		b.files = append(b.files, sandbox.File{Path: cookbookDir + "/" + emptyCookbook + "/metadata.json",
			Data: []byte(`{"name": "` + emptyCookbook + `", "version": "0.0.1"}` + "\n")})
	}
	return b, nil
}

// cookbooksIn lists all cookbooks in a directory. A chefignore beside them holds
// for each.
func cookbooksIn(dir string, filter cookbookFilter) ([]sandbox.File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	filters := make(map[string]cookbookFilter, len(entries))
	for _, e := range entries {
		from := filepath.Join(dir, e.Name())
		if st, err := os.Stat(from); err != nil || !st.IsDir() {
			continue // a README beside the cookbooks, or a link that leads nowhere
		}
		if filters[e.Name()], err = filter.in(from, dir); err != nil {
			return nil, err
		}
	}
	return sandbox.Tree(dir, cookbookDir, func(rel string, isDir bool) bool {
		name, in, below := strings.Cut(rel, "/")
		f, ok := filters[name]
		return !ok || below && f.skip(in, isDir)
	})
}

// cookbookTree lists the files of the cookbook in a directory.
func cookbookTree(dir, name string, filter cookbookFilter) ([]sandbox.File, error) {
	filter, err := filter.in(dir)
	if err != nil {
		return nil, err
	}
	return sandbox.Tree(dir, cookbookDir+"/"+name, filter.skip)
}
