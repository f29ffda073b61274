// Package salt applies states with `salt-call --local`, without a master.
package salt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Salt applies the states of an instance.
type Salt struct{ converge.Base }

// Places in the sandbox: the minion's configuration with its grains, the states, and the pillar.
const (
	configDir = "etc/salt"
	statesDir = "srv/salt"
	pillarDir = "srv/pillar"
	topFile   = "top.sls"
)

// Prepare carries states, pillar and grains, and writes the minion's configuration and the script.
func (s Salt) Prepare(_ context.Context, sb sandbox.Dir) error {
	f := s.Files()
	s.top(f, s.states(f))
	s.pillar(f)
	if grains := s.Provisioner.Salt.Grains; len(grains) > 0 {
		f.Plain("grains", configDir+"/grains", grains)
	}
	s.minion(f, sb)
	return f.Sync(sb, s.script(sb), nil)
}

// states adds the files of the file root, and returns the names of the project's own formulas among them.
func (s Salt) states(f *converge.Files) (formulas []string) {
	k := s.Provisioner.Salt
	collection := map[string]string{"true": s.Root, "false": "", "": ""}
	from, known := collection[k.Collection]
	switch {
	case !known:
		from = s.Abs(k.Collection)
	case k.LocalRoot != "":
		from = filepath.Join(k.LocalRoot, "salt")
	case k.IsFileRoot || len(k.Formulas) == 0 && from == "" && project.IsFile(filepath.Join(s.Root, topFile)):
		from = s.Root
	}
	if from != "" {
		s.tree(f, from, path.Join(statesDir, k.CollectionName))
		return nil
	}
	dirs := k.Formulas
	if len(dirs) == 0 {
		dirs = ownFormulas(s.Root)
	}
	if len(dirs) == 0 && k.VendorPath == "" {
		f.Fail(errors.New("there are no states: the project has neither a top.sls nor a directory with an init.sls\n" +
			"Name the formula's directory in provisioner.formula, or set is_file_root"))
	}
	for _, dir := range dirs {
		name, from := dir, s.Abs(dir)
		if !filepath.IsLocal(dir) {
			name = filepath.Base(dir)
		}
		if !project.IsDir(from) {
			f.Fail(fmt.Errorf("provisioner.formula: there is no directory %s", from))
		}
		s.tree(f, from, path.Join(statesDir, filepath.ToSlash(name)))
		formulas = append(formulas, name)
	}
	// What extends Salt itself.
	for _, name := range []string{"_modules", "_states", "_grains", "_renderers", "_returners", "_utils"} {
		if from := filepath.Join(s.Root, name); project.IsDir(from) {
			s.tree(f, from, path.Join(statesDir, name))
		}
	}
	if vendor := k.VendorPath; vendor != "" {
		entries, err := os.ReadDir(vendor)
		if err != nil {
			f.Fail(fmt.Errorf("provisioner.vendor_path: %w", err))
		}
		for _, e := range entries {
			if from := filepath.Join(vendor, e.Name()); project.IsDir(from) {
				s.tree(f, from, path.Join(statesDir, e.Name()))
			}
		}
	}
	return formulas
}

// ownFormulas are the directories of a project that are states of a name.
func ownFormulas(root string) (names []string) {
	found, _ := filepath.Glob(filepath.Join(root, "*", "init.sls")) // at worst there are none
	for _, f := range found {
		names = append(names, filepath.Base(filepath.Dir(f)))
	}
	return names
}

// tree adds the files of a directory without those that salt_copy_filter names.
func (s Salt) tree(f *converge.Files, from, to string) {
	f.Tree("read the states", from, to, func(rel string, _ bool) bool {
		return slices.Contains(s.Provisioner.Salt.CopyFilter, path.Base(rel))
	})
}

// top adds the top file: that of the block, that of the project, or one that applies the formulas.
func (s Salt) top(f *converge.Files, formulas []string) {
	k, file := s.Provisioner.Salt, path.Join(statesDir, topFile)
	switch list := k.States; {
	case k.TopFromFile && f.Has(file):
	case k.TopFromFile:
		f.Carry("state_top_from_file", filepath.Join(s.Root, topFile), file)
	case len(k.Top) > 0: // what a block says takes the place of a file
		f.Plain("state_top", file, k.Top)
	case len(list) == 0 && f.Has(file):
	default:
		if len(list) == 0 {
			list = formulas
		}
		if len(list) == 0 {
			f.Fail(errors.New("nothing says which states to apply\nName them in provisioner.states or provisioner.state_top"))
		}
		states := make([]any, len(list))
		for n, name := range list {
			states[n] = strings.ReplaceAll(name, "/", ".")
		}
		f.Plain("states", file, config.Hash{{Key: k.Env, Value: config.Hash{{Key: "*", Value: states}}}})
	}
}

// pillar adds the pillar's files.
func (s Salt) pillar(f *converge.Files) {
	k, before := s.Provisioner.Salt, len(f.List)
	place := func(key, name string) string {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			f.Fail(fmt.Errorf("provisioner.%s: %q is not the path of a pillar's file", key, name))
		}
		return path.Join(pillarDir, name)
	}
	if dir := filepath.Join(k.LocalRoot, "pillar"); k.LocalRoot != "" && project.IsDir(dir) {
		s.tree(f, dir, pillarDir)
	}
	for _, dir := range k.PillarDirs {
		f.CarryTree("pillars_from_directories", s.Abs(dir), pillarDir)
	}
	for _, p := range k.Pillars {
		f.Plain("pillars", place("pillars", p.Key), p.Value)
	}
	for name, from := range k.PillarFiles {
		f.Carry("pillars_from_files", s.Abs(from), place("pillars_from_files", name))
	}
	if len(f.List) > before && !f.Has(path.Join(pillarDir, topFile)) {
		s.Notice("provisioner.pillars: there is no top.sls among them, so no state sees them")
	}
}

// minion adds the minion's configuration.
func (s Salt) minion(f *converge.Files, sb sandbox.Dir) {
	k := s.Provisioner.Salt
	roots := func(dir string) config.Hash {
		return config.Hash{{Key: k.Env, Value: []any{path.Join(sb.Remote, dir)}}}
	}
	c := config.Hash{{Key: "file_client", Value: "local"}, {Key: "minion_id_caching", Value: false},
		{Key: "file_roots", Value: roots(statesDir)}, {Key: "pillar_roots", Value: roots(pillarDir)}}
	if k.MinionID != "" {
		c = c.With("id", k.MinionID)
	}
	for _, p := range k.Extra {
		c = c.With(p.Key, p.Value)
	}
	f.Plain("salt_minion_extra_config", configDir+"/minion", c)
}

// script is run_command.
func (s Salt) script(sb sandbox.Dir) converge.Script {
	k := s.Provisioner.Salt
	var run converge.Script
	run.In(sb.Remote)
	// Packages and archives of Salt put it there; the volume /opt/saltstack has the first.
	run.Tool("salt_call", s.Provisioner.Tool.Binary, []string{"/opt/saltstack/salt/salt-call",
		"/opt/saltstack/salt/bin/salt-call", "/opt/salt/salt-call"}, "salt-call")
	level := s.Provisioner.Chef.LogLevel
	switch {
	case s.Debug:
		level = "debug"
	case level == "" || level == "auto": // the default of the key, which Chef has too
		level = "warning"
	}
	words := runner.Words{`"$salt_call"`, "--local", "--retcode-passthrough", "--no-color",
		"--config-dir", runner.Quote(path.Join(sb.Remote, configDir)), "--log-level", runner.Quote(level),
		"state.apply", "saltenv=" + runner.Quote(k.Env)}
	words.If(k.DryRun, "test=True")
	run.Line(strings.Join(words, " "))
	return run
}

// Converge applies the states.
func (s Salt) Converge(ctx context.Context, r runner.Run) (converge.Summary, error) {
	var runs []*output
	sum, err := s.Run(ctx, converge.Job{What: "salt-call", Thing: "state",
		Parser: func() converge.Parser {
			read := &output{}
			runs = append(runs, read)
			return read
		},
		Hints: map[int]string{
			1: "the states do not compile, or salt-call could not start",
			2: "states failed",
			127: "salt-call was not found in the runner\n" +
				"Use an image that has Salt, or set provisioner.image to one that brings it in a volume such as /opt/saltstack",
		}}, r)
	for _, read := range runs { // old versions end with code 0 all the same
		if why := read.failure(); err == nil && why != "" {
			err = errors.New("salt-call ended with code 0 although " + why)
		}
	}
	return sum, err
}
