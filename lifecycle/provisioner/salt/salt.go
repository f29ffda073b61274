// Package salt applies states with `salt-call --local`, without a master.
package salt

import (
	"cmp"
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

// places are where packages and archives of Salt put salt-call, the volume /opt/saltstack first.
func places() []string {
	return []string{"/opt/saltstack/salt/salt-call", "/opt/saltstack/salt/bin/salt-call", "/opt/salt/salt-call"}
}

// Places in the sandbox: the minion's configuration with its grains, the states, and the pillar.
const (
	configDir = "etc/salt"
	statesDir = "srv/salt"
	pillarDir = "srv/pillar"
	topFile   = "top.sls"
)

// extensions are directories of a project that extend Salt itself.
func extensions() []string {
	return []string{"_modules", "_states", "_grains", "_renderers", "_returners", "_utils"}
}

// Prepare carries states, pillar and grains, and writes the minion's configuration and the script.
func (s Salt) Prepare(_ context.Context, sb sandbox.Dir) error {
	files, formulas, err := s.states()
	if err != nil {
		return err
	}
	for _, list := range []func() ([]sandbox.File, error){
		func() ([]sandbox.File, error) { return s.top(files, formulas) }, s.pillar, s.grains,
		func() ([]sandbox.File, error) { return s.minion(sb) },
	} {
		more, err := list()
		if err != nil {
			return err
		}
		for _, f := range more { // what a block says takes the place of a file
			files = slices.DeleteFunc(files, func(have sandbox.File) bool { return have.Path == f.Path })
			files = append(files, f)
		}
	}
	return sandbox.Sync(sb.Local, append(files, s.script(sb).File()), nil)
}

// states are the files of the file root, and the names of the project's own formulas among them.
func (s Salt) states() (files []sandbox.File, formulas []string, err error) {
	k := s.Provisioner.Salt
	collection := map[string]string{"true": s.Root, "false": "", "": ""}
	from, known := collection[k.Collection]
	switch {
	case !known:
		from = s.Abs(k.Collection)
	case k.LocalRoot != "":
		from = filepath.Join(k.LocalRoot, "salt")
	case k.IsFileRoot || len(k.Formulas) == 0 && from == "" && isFile(s.Root, topFile):
		from = s.Root
	}
	if from != "" {
		files, err = s.tree(from, path.Join(statesDir, k.CollectionName))
		return files, nil, err
	}
	if formulas = k.Formulas; len(formulas) == 0 {
		formulas = ownFormulas(s.Root)
	}
	if len(formulas) == 0 && k.VendorPath == "" {
		return nil, nil, errors.New("there are no states: the project has neither a top.sls nor a directory with an init.sls\n" +
			"Name the formula's directory in provisioner.formula, or set is_file_root")
	}
	for _, name := range formulas {
		if !project.IsDir(s.Abs(name)) {
			return nil, nil, fmt.Errorf("provisioner.formula: there is no directory %s", s.Abs(name))
		}
	}
	dirs := map[string][]string{s.Root: append(slices.Clone(formulas), extensions()...)}
	order := []string{s.Root}
	if vendor := k.VendorPath; vendor != "" {
		entries, err := os.ReadDir(vendor)
		if err != nil {
			return nil, nil, fmt.Errorf("provisioner.vendor_path: %w", err)
		}
		order = append(order, vendor)
		for _, e := range entries {
			dirs[vendor] = append(dirs[vendor], e.Name())
		}
	}
	for _, root := range order {
		for _, name := range dirs[root] {
			from, to := filepath.Join(root, name), path.Join(statesDir, filepath.ToSlash(name))
			if !filepath.IsLocal(name) {
				from, to = s.Abs(name), path.Join(statesDir, filepath.Base(name))
			}
			if !project.IsDir(from) {
				continue
			}
			more, err := s.tree(from, to)
			if err != nil {
				return nil, nil, err
			}
			files = append(files, more...)
		}
	}
	for n, name := range formulas {
		if !filepath.IsLocal(name) {
			formulas[n] = filepath.Base(name)
		}
	}
	return files, formulas, nil
}

// ownFormulas are the directories of a project that are states of a name.
func ownFormulas(root string) (names []string) {
	found, _ := filepath.Glob(filepath.Join(root, "*", "init.sls")) // at worst there are none
	for _, f := range found {
		names = append(names, filepath.Base(filepath.Dir(f)))
	}
	return names
}

func isFile(dir, name string) bool {
	st, err := os.Stat(filepath.Join(dir, name))
	return err == nil && st.Mode().IsRegular()
}

// tree are the files of a directory without those that salt_copy_filter names.
func (s Salt) tree(from, to string) ([]sandbox.File, error) {
	files, err := sandbox.Tree(from, to, func(rel string, _ bool) bool {
		return slices.Contains(s.Provisioner.Salt.CopyFilter, path.Base(rel))
	})
	if err != nil {
		return nil, fmt.Errorf("read the states: %w", err)
	}
	return files, nil
}

// top is the top file: that of the block, that of the project, or one that applies the formulas.
func (s Salt) top(have []sandbox.File, formulas []string) ([]sandbox.File, error) {
	k := s.Provisioner.Salt
	there := slices.ContainsFunc(have, func(f sandbox.File) bool { return f.Path == path.Join(statesDir, topFile) })
	switch top, list := k.Top, k.States; {
	case k.TopFromFile:
		if there {
			return nil, nil
		}
		return s.Carry("state_top_from_file", filepath.Join(s.Root, topFile), path.Join(statesDir, topFile))
	case len(top) > 0:
		return asYAML("state_top", path.Join(statesDir, topFile), top)
	case len(list) == 0 && there:
		return nil, nil
	default:
		if len(list) == 0 {
			list = formulas
		}
		if len(list) == 0 {
			return nil, errors.New("nothing says which states to apply\nName them in provisioner.states or provisioner.state_top")
		}
		states := make([]any, len(list))
		for n, name := range list {
			states[n] = strings.ReplaceAll(name, "/", ".")
		}
		return asYAML("states", path.Join(statesDir, topFile),
			config.Hash{{Key: k.Env, Value: config.Hash{{Key: "*", Value: states}}}})
	}
}

// pillar are the pillar's files; one that applies all others is made where the block has no top.sls.
func (s Salt) pillar() (files []sandbox.File, err error) {
	k := s.Provisioner.Salt
	add := func(key, name string, make func(to string) ([]sandbox.File, error)) error {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return fmt.Errorf("provisioner.%s: %q is not the path of a pillar's file", key, name)
		}
		more, err := make(path.Join(pillarDir, name))
		files = append(files, more...)
		return err
	}
	if k.LocalRoot != "" && project.IsDir(filepath.Join(k.LocalRoot, "pillar")) {
		if files, err = s.tree(filepath.Join(k.LocalRoot, "pillar"), pillarDir); err != nil {
			return nil, err
		}
	}
	for _, dir := range k.PillarDirs {
		more, err := s.NamedTree("pillars_from_directories", s.Abs(dir), pillarDir)
		if err != nil {
			return nil, fmt.Errorf("provisioner.pillars_from_directories: %w", err)
		}
		files = append(files, more...)
	}
	for _, p := range k.Pillars {
		err := add("pillars", p.Key, func(to string) ([]sandbox.File, error) { return asYAML("pillars", to, p.Value) })
		if err != nil {
			return nil, err
		}
	}
	for name, from := range k.PillarFiles {
		err := add("pillars_from_files", name, func(to string) ([]sandbox.File, error) {
			return s.Carry("pillars_from_files", s.Abs(from), to)
		})
		if err != nil {
			return nil, err
		}
	}
	if top := path.Join(pillarDir, topFile); len(files) > 0 &&
		!slices.ContainsFunc(files, func(f sandbox.File) bool { return f.Path == top }) {
		s.Notice("provisioner.pillars: there is no top.sls among them, so no state sees them")
	}
	return files, nil
}

func (s Salt) grains() ([]sandbox.File, error) {
	if len(s.Provisioner.Salt.Grains) == 0 {
		return nil, nil
	}
	return asYAML("grains", configDir+"/grains", s.Provisioner.Salt.Grains)
}

// minion is the minion's configuration.
func (s Salt) minion(sb sandbox.Dir) ([]sandbox.File, error) {
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
	return asYAML("salt_minion_extra_config", configDir+"/minion", c)
}

// asYAML is a file of YAML, of which JSON is a part.
func asYAML(key, to string, v any) ([]sandbox.File, error) {
	data, err := config.MarshalPlain(v)
	if err != nil {
		return nil, fmt.Errorf("provisioner.%s: %w", key, err)
	}
	return []sandbox.File{{Path: to, Data: data}}, nil
}

// script is run_command.
func (s Salt) script(sb sandbox.Dir) converge.Script {
	k := s.Provisioner.Salt
	var run converge.Script
	run.Add("cd %s || exit", runner.Quote(sb.Remote))
	run.UTF8()
	if binary := s.Provisioner.Tool.Binary; binary != "" {
		run.Add("salt_call=%s", runner.Quote(binary))
	} else {
		run.Locate("salt_call", places(), "salt-call")
	}
	level := cmp.Or(s.Provisioner.Chef.LogLevel, "warning")
	if level == "auto" { // the default of the key, which Chef has too
		level = "warning"
	}
	if s.Debug {
		level = "debug"
	}
	words := []string{`"$salt_call"`, "--local", "--retcode-passthrough", "--no-color",
		"--config-dir", runner.Quote(path.Join(sb.Remote, configDir)), "--log-level", runner.Quote(level),
		"state.apply", "saltenv=" + runner.Quote(k.Env)}
	if k.DryRun {
		words = append(words, "test=True")
	}
	run.Line(strings.Join(words, " "))
	return run
}

// Converge applies the states.
func (s Salt) Converge(ctx context.Context, r runner.Runner, sb sandbox.Dir,
	out runner.Output) (converge.Summary, error) {
	var runs []*output
	newJob := func(bool) converge.Job {
		read := &output{}
		runs = append(runs, read)
		return converge.Job{What: "salt-call", Parser: read, Keys: s.Provisioner, Env: s.Env(), Hints: hints()}
	}
	sum, err := converge.Run(ctx, newJob, s.Twice(), "state", r, sb, out)
	for _, read := range runs { // old versions end with code 0 all the same
		if why := read.failure(); err == nil && why != "" {
			err = errors.New("salt-call ended with code 0 although " + why)
		}
	}
	return sum, err
}

func hints() map[int]string {
	return map[int]string{
		1: "the states do not compile, or salt-call could not start",
		2: "states failed",
		127: "salt-call was not found in the runner\n" +
			"Use an image that has Salt, or set provisioner.image to one that brings it in a volume such as /opt/saltstack",
	}
}
