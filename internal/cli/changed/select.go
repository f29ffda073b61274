package changed

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/keys"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle"
)

// Flag is the flag of commands that select by what has changed.
const Flag = "changed-since"

// Usage is its text in the help of commands.
const Usage = "only instances to which a change in git since the commit `REF` may matter, committed or not"

// Select returns those of some instances to which a change since ref may matter, and tells on stderr why. An empty ref
// is that of who did not ask.
func Select(ctx context.Context, f *cmdutil.Factory, ref string, instances []config.Instance) ([]config.Instance,
	error) {
	if ref == "" {
		return instances, nil
	}
	root, err := f.Dir()
	if err != nil {
		return nil, err
	}
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return nil, err
	}
	since, err := Find(ctx, root, ref)
	if err != nil {
		return nil, err
	}
	set, err := f.Settings()
	if err != nil {
		return nil, err
	}
	conf, err := f.Config(ctx)
	if err != nil {
		return nil, err
	}
	p := Project{Root: root, Named: conf.Root, Tests: filepath.Join(root, cmp.Or(set.TestBasePath, "test/integration"))}
	if filepath.IsAbs(set.TestBasePath) {
		p.Tests = set.TestBasePath
	}
	for _, i := range conf.Instances {
		if !slices.Contains(p.Suites, i.Suite) {
			p.Suites = append(p.Suites, i.Suite)
		}
	}
	before, err := since.before(ctx, f, &p, conf)
	if err != nil {
		return nil, err
	}
	matter := map[string]bool{} // with one node all of its suite, which are tested together
	var why []string
	for _, i := range instances {
		text, err := Text(i, conf.Root)
		if err != nil {
			return nil, err
		}
		file, matters := since.Matters(p, i, text)
		if same, err := before(i, text); err != nil {
			return nil, err
		} else if !same {
			file, matters = "kitchen.yml", true
		}
		if matters {
			matter[cmdutil.Unit(i)] = true
			if !slices.Contains(why, file) {
				why = append(why, file)
			}
		}
	}
	chosen := slices.DeleteFunc(slices.Clone(instances), func(i config.Instance) bool { return !matter[cmdutil.Unit(i)] })
	line := fmt.Sprintf("changed since %s: %d of %d instances", ref, len(chosen), len(instances))
	if n := len(why); n > 3 {
		why = append(why[:3], fmt.Sprintf("%d more", n-3))
	}
	if len(why) > 0 {
		line += ", for " + strings.Join(why, ", ")
	}
	fmt.Fprintln(f.Err, "       "+f.Clean(line))
	return chosen, nil
}

// before returns what reports whether an instance with that text was configured like that at the commit. It notes in p
// which files that compares.
func (s *Since) before(ctx context.Context, f *cmdutil.Factory, p *Project,
	conf *kitchen.Config) (same func(i config.Instance, text string) (bool, error), err error) {
	templates, changed := false, false
	var ignored []kitchen.File
	for _, file := range conf.Files {
		templates = templates || bytes.Contains(file.Source, []byte("<%"))
		rel, err := filepath.Rel(conf.Root, file.Path)
		if err != nil || !filepath.IsLocal(rel) {
			continue // the user's own, or elsewhere in the repository, where it counts as any file does
		}
		p.Config = append(p.Config, filepath.ToSlash(rel))
		if file.Present {
			ignored = append(ignored, file)
		}
	}
	for _, name := range s.Files {
		rel, inside := s.inProject(name)
		if inside && isConfig(rel) && !slices.Contains(p.Config, rel) {
			p.Config = append(p.Config, rel) // one that is gone, perhaps
		}
		changed = changed || inside && slices.Contains(p.Config, rel)
		ignored = slices.DeleteFunc(ignored, func(file kitchen.File) bool { return file.Name == rel })
	}
	if !changed && (!templates || len(s.Files) == 0) {
		return func(config.Instance, string) (bool, error) { return true, nil }, nil
	}
	dir, err := os.MkdirTemp("", "galley-changed-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	root, then, loadErr := s.instances(ctx, f, dir, ignored)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if loadErr != nil {
		first, _, _ := strings.Cut(loadErr.Error(), "\n")
		f.Warn(fmt.Sprintf("kitchen.yml as it was in %s cannot be read, so all instances count as changed: %s", s.Ref, first))
	}
	return func(i config.Instance, text string) (bool, error) {
		was, ok := then[i.PlainName()]
		if !ok { // what is new, and what cannot be read, differs
			return false, nil
		}
		if i.On != "" {
			was = lifecycle.PutOn(was, lifecycle.On{Name: i.On, Engine: i.Driver.Engine, Host: i.Driver.Host})
		}
		textThen, err := Text(was, root)
		return textThen == text, err
	}, nil
}

// isConfig reports whether a path from the project is that of a file that galley looks for beside kitchen.yml.
func isConfig(rel string) bool {
	name := strings.TrimPrefix(rel, ".")
	return strings.HasPrefix(name, "kitchen.") && (strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".yaml"))
}

// instances are those that the commit configured, by their names, and root is where their project was. Files that git
// ignores are taken as they are now.
func (s *Since) instances(ctx context.Context, f *cmdutil.Factory, dir string,
	ignored []kitchen.File) (root string, then map[string]config.Instance, err error) {
	root, err = s.extract(ctx, dir)
	if err != nil {
		return "", nil, err
	}
	for _, file := range ignored {
		at := filepath.Join(root, file.Name)
		if _, err := os.Lstat(at); err == nil || filepath.Base(file.Name) != file.Name {
			continue // git has it, or it may be behind a link of the commit's
		}
		if err := os.WriteFile(at, file.Source, 0o600); err != nil {
			return "", nil, err
		}
	}
	now, err := f.Dir()
	if err != nil {
		return "", nil, err
	}
	env := func(name string) (string, bool) {
		value, ok := os.LookupEnv(name)
		if strings.HasPrefix(name, "KITCHEN_") { // those that name files
			value = strings.Replace(value, now, root, 1)
		}
		return value, ok
	}
	conf, err := f.ConfigAt(ctx, root, env)
	if err != nil {
		return "", nil, err
	}
	instances, diags := keys.Resolve(conf, keys.ResolveOptions{Home: cmdutil.HomeDir(), Env: os.LookupEnv})
	for _, d := range slices.Concat(conf.Diagnostics, diags) {
		if d.Severity == kitchen.SeverityError {
			return "", nil, errors.New(d.String())
		}
	}
	then = map[string]config.Instance{}
	for _, i := range instances {
		then[i.Name] = i
	}
	return conf.Root, then, nil
}
