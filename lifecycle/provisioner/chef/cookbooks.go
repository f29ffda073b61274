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
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/resolve"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// emptyCookbook takes the place of cookbooks when a project has none, since the client wants to find at least one.
const emptyCookbook = "_galley"

// cookbookDir is the sandbox's directory of cookbooks.
const cookbookDir = "cookbooks"

// cookbooks adds the first there is of: a Policyfile's, a Berksfile's, those of the directories cookbooks/ and
// site-cookbooks/ with the project itself, the project itself, or none. policy is the name of the policy, when there is
// one.
func (c Chef) cookbooks(ctx context.Context, f *converge.Files) (policy string) {
	k := c.Provisioner.Chef
	if file := c.source(f, "policyfile", k.Policyfile, "Policyfile.rb"); file != "" {
		dir, policy, err := c.Resolver.Policyfile(ctx, c.request(file))
		f.Fail(err)
		f.Tree("read the exported policy", dir, "", nil)
		return policy
	}
	filter := newCookbookFilter(k.CookbookGlobs)
	file := c.source(f, "berksfile_path", k.Berksfile, "Berksfile")
	switch {
	case f.Err != nil:
	case file == "":
		c.ownCookbooks(f, filter)
	default:
		dir, err := c.Resolver.Berksfile(ctx, c.request(file))
		f.Fail(err)
		if err := cookbooksIn(f, dir, filter); err != nil {
			f.Fail(fmt.Errorf("read the vendored cookbooks: %w", err))
		}
	}
	return ""
}

// source is the absolute path of a Policyfile or Berksfile, or "" when there is
// none. One that kitchen.yml names must be there.
func (c Chef) source(f *converge.Files, key, named, usual string) string {
	path := c.Abs(cmp.Or(named, usual))
	_, err := os.Stat(path)
	if err == nil {
		return path
	}
	if named != "" || !errors.Is(err, fs.ErrNotExist) {
		f.Fail(fmt.Errorf("provisioner.%s: %w", key, err))
	}
	return ""
}

// request is what the resolver needs to know of the instance.
func (c Chef) request(file string) resolve.Request {
	k := c.Provisioner.Chef
	return resolve.Request{Project: c.Project, File: file, Keys: k,
		Env:  c.license(runner.KitchenEnv(c.Environ, c.Provisioner.Proxy, nil)),
		Skip: newCookbookFilter(k.CookbookGlobs).skip, Workstation: c.Workstation, Notice: c.Notice}
}

// ownCookbooks adds those that the project has itself.
func (c Chef) ownCookbooks(f *converge.Files, filter cookbookFilter) {
	for _, name := range []string{cookbookDir, "site-cookbooks"} {
		if err := cookbooksIn(f, filepath.Join(c.Root, name), filter); err != nil && !errors.Is(err, fs.ErrNotExist) {
			f.Fail(fmt.Errorf("read %s: %w", name, err))
		}
	}
	name, err := CookbookName(c.Root)
	f.Fail(err)
	if name != "" {
		own, err := filter.in(c.Root)
		if err != nil {
			f.Fail(fmt.Errorf("read the cookbook %s: %w", name, err))
		}
		f.Tree("read the cookbook "+name, c.Root, cookbookDir+"/"+name, own.skip)
	}
	if !slices.ContainsFunc(f.List, func(f sandbox.File) bool { return !f.Dir }) && f.Err == nil {
		c.Notice("there are no cookbooks: no Policyfile.rb, Berksfile, cookbooks/ or metadata.rb in %s", c.Root)
		f.Add(sandbox.File{Path: cookbookDir + "/" + emptyCookbook + "/metadata.json",
			Data: []byte(`{"name": "` + emptyCookbook + `", "version": "0.0.1"}` + "\n")})
	}
}

// cookbooksIn adds all cookbooks in a directory. A chefignore beside them holds for each.
func cookbooksIn(f *converge.Files, dir string, filter cookbookFilter) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	filters := make(map[string]cookbookFilter, len(entries))
	for _, e := range entries {
		from := filepath.Join(dir, e.Name())
		if !project.IsDir(from) {
			continue // a README beside the cookbooks, or a link that leads nowhere
		}
		if filters[e.Name()], err = filter.in(from, dir); err != nil {
			return err
		}
	}
	files, err := sandbox.Tree(dir, cookbookDir, func(rel string, isDir bool) bool {
		name, in, below := strings.Cut(rel, "/")
		of, ok := filters[name]
		return !ok || below && of.skip(in, isDir)
	})
	f.Add(files...)
	return err
}
