package chef

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/resolve"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// emptyCookbook takes the place of cookbooks when a project has none, since the client wants to find at least one.
const emptyCookbook = "_galley"

// cookbookDir is the sandbox's directory of cookbooks.
const cookbookDir = "cookbooks"

// cookbooks takes the first there is of: a Policyfile, a Berksfile, the directories cookbooks/ and site-cookbooks/ with
// the project itself, the project itself, or none. policy is the name of the policy, when there is one.
func (c Chef) cookbooks(ctx context.Context) (files []sandbox.File, policy string, err error) {
	k := c.Provisioner.Chef
	file, err := c.source("policyfile", k.Policyfile, "Policyfile.rb")
	if err != nil {
		return nil, "", err
	}
	if file != "" {
		return c.policyCookbooks(ctx, file)
	}
	if file, err = c.source("berksfile_path", k.Berksfile, "Berksfile"); err != nil {
		return nil, "", err
	}
	if file != "" {
		files, err = c.vendoredCookbooks(ctx, file)
	} else {
		files, err = c.ownCookbooks()
	}
	return files, "", err
}

// source is the absolute path of a Policyfile or Berksfile, or "" when there is
// none. One that kitchen.yml names must be there.
func (c Chef) source(key, named, usual string) (string, error) {
	path := c.Abs(cmp.Or(named, usual))
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

// request is what the resolver needs to know of the instance.
func (c Chef) request(file string) resolve.Request {
	k := c.Provisioner.Chef
	return resolve.Request{Project: c.Project, File: file, Keys: k,
		Env:  c.license(runner.KitchenEnv(c.Environ, c.Provisioner.Proxy, nil)),
		Skip: newCookbookFilter(k.CookbookGlobs).skip, Workstation: c.Workstation, Notice: c.Notice}
}

// policyCookbooks are the cookbooks of a Policyfile, and the policy's name.
func (c Chef) policyCookbooks(ctx context.Context, file string) ([]sandbox.File, string, error) {
	got, err := c.Resolver.Policyfile(ctx, c.request(file))
	if err != nil {
		return nil, "", err
	}
	files, err := sandbox.Tree(got.Dir, "", nil)
	if err != nil {
		return nil, "", fmt.Errorf("read the exported policy: %w", err)
	}
	return files, got.Policy, nil
}

// vendoredCookbooks are the cookbooks of a Berksfile.
func (c Chef) vendoredCookbooks(ctx context.Context, file string) ([]sandbox.File, error) {
	got, err := c.Resolver.Berksfile(ctx, c.request(file))
	if err != nil {
		return nil, err
	}
	files, err := cookbooksIn(got.Dir, newCookbookFilter(c.Provisioner.Chef.CookbookGlobs))
	if err != nil {
		return nil, fmt.Errorf("read the vendored cookbooks: %w", err)
	}
	return files, nil
}

// ownCookbooks are those that the project has itself.
func (c Chef) ownCookbooks() ([]sandbox.File, error) {
	var all []sandbox.File
	filter := newCookbookFilter(c.Provisioner.Chef.CookbookGlobs)
	for _, name := range []string{cookbookDir, "site-cookbooks"} {
		files, err := cookbooksIn(filepath.Join(c.Root, name), filter)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		all = append(all, files...)
	}
	name, err := CookbookName(c.Root)
	if err != nil {
		return nil, err
	}
	if name != "" {
		files, err := cookbookTree(c.Root, name, filter)
		if err != nil {
			return nil, fmt.Errorf("read the cookbook %s: %w", name, err)
		}
		all = append(all, files...)
	}
	if !slices.ContainsFunc(all, func(f sandbox.File) bool { return !f.Dir }) {
		c.Notice("there are no cookbooks: no Policyfile.rb, Berksfile, cookbooks/ or metadata.rb in %s", c.Root)
		all = append(all, sandbox.File{Path: cookbookDir + "/" + emptyCookbook + "/metadata.json",
			Data: []byte(`{"name": "` + emptyCookbook + `", "version": "0.0.1"}` + "\n")})
	}
	return all, nil
}

// cookbooksIn lists all cookbooks in a directory. A chefignore beside them holds for each.
func cookbooksIn(dir string, filter cookbookFilter) ([]sandbox.File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	filters := make(map[string]cookbookFilter, len(entries))
	for _, e := range entries {
		from := filepath.Join(dir, e.Name())
		if !project.IsDir(from) {
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
