// Package puppet applies manifests with `puppet apply`.
package puppet

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Puppet applies the manifests of an instance.
type Puppet struct{ converge.Base }

// places are where packages put puppet, the volume /opt/puppetlabs first.
func places() []string {
	return []string{"/opt/puppetlabs/bin/puppet", "/opt/puppetlabs/puppet/bin/puppet"}
}

// Places in the sandbox: the project's modules, a directory of modules that brings
// custom_facts, and Hiera's configuration.
const (
	modulesDir = "modules"
	factsDir   = "galley_modules"
	hieraFile  = "hiera.yaml"
)

// plugin is the name of the directory among a suite's tests that is Puppet's alone.
const plugin = "puppet"

// Prepare carries manifests, modules, Hiera and facts, and writes the script.
func (p Puppet) Prepare(_ context.Context, sb sandbox.Dir) error {
	manifest, files, err := p.manifests()
	if err != nil {
		return err
	}
	h := p.hiera()
	for _, list := range []func() ([]sandbox.File, error){p.modules,
		func() ([]sandbox.File, error) { return p.hieraFiles(h) }, p.rest, p.facts} {
		more, err := list()
		if err != nil {
			return err
		}
		files = append(files, more...)
	}
	files = append(files, p.script(sb, manifest, h).File())
	return sandbox.Sync(sb.Local, files, nil)
}

// manifests are the manifests and the path of what is to be applied.
func (p Puppet) manifests() (manifest string, files []sandbox.File, err error) {
	k := p.Provisioner.Puppet
	dir := p.Usual(k.ManifestsPath, plugin, "manifests", true)
	if dir == "" {
		return "", nil, fmt.Errorf("there are no manifests for %s\nPut them into %s, or set provisioner.manifests_path",
			p.Name, filepath.Join(p.SuiteDir(p.Suite), "manifests"))
	}
	if files, err = p.Carry("manifests_path", dir, "manifests/"); err != nil {
		return "", nil, err
	}
	name := path.Join("manifests", cmp.Or(k.Manifest, "site.pp"))
	switch {
	case slices.ContainsFunc(files, func(f sandbox.File) bool { return f.Path == name }):
		return name, files, nil
	case k.Manifest != "":
		return "", nil, fmt.Errorf("provisioner.manifest: there is no %s in %s", k.Manifest, dir)
	}
	return "manifests", files, nil
}

// rest are further files that the run wants.
func (p Puppet) rest() ([]sandbox.File, error) {
	k := p.Provisioner.Puppet
	var files []sandbox.File
	for _, f := range []struct{ key, from, to string }{
		{"files_path", p.Usual(k.FilesPath, plugin, "files", true), "files"},
		{"facterlib", k.FacterLib, "facter"},
		{"puppet_config_path", p.config(), "puppet.conf"},
	} {
		more, err := p.Carry(f.key, f.from, f.to)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	if k.Environment != "" {
		files = append(files, sandbox.File{Path: path.Join("environments", k.Environment, "environment.conf"),
			Data: []byte("# made by galley\n")})
	}
	return files, nil
}

// config is Puppet's own configuration, or "".
func (p Puppet) config() string {
	return p.Usual(p.Provisioner.Puppet.PuppetConfig, plugin, "puppet.conf", false)
}

// facts are custom_facts as external facts of a module, which may be of any type.
func (p Puppet) facts() ([]sandbox.File, error) {
	facts := p.Provisioner.Puppet.Facts
	if len(facts) == 0 {
		return nil, nil
	}
	data, err := config.MarshalPlain(facts)
	if err != nil {
		return nil, fmt.Errorf("provisioner.custom_facts: %w", err)
	}
	return []sandbox.File{{Path: factsDir + "/galley_facts/facts.d/galley.json", Data: data}}, nil
}

// script is run_command.
func (p Puppet) script(sb sandbox.Dir, manifest string, h hiera) converge.Script {
	k, binary := p.Provisioner.Puppet, p.Provisioner.Tool.Binary
	at := func(name string) string { return path.Join(sb.Remote, name) }
	var s converge.Script
	if k.FacterLib != "" {
		s.Default(map[string]string{"FACTERLIB": at("facter")})
	}
	s.Add("cd %s || exit", runner.Quote(sb.Remote))
	s.UTF8()
	if binary == "" {
		s.Locate("puppet", places(), "puppet")
	} else {
		s.Add("puppet=%s", runner.Quote(binary))
	}
	if len(h.data) > 0 {
		from := make([]string, len(h.data))
		for i, d := range h.data {
			from[i] = d.to
		}
		for _, to := range hieraRemote(k.HieraDataRemote) {
			to = runner.Quote(to)
			s.Add("mkdir -p %s || exit", to)
			s.Add(`for data in %s; do if [ -d "$data" ]; then cp -R "$data/." %s || exit; fi; done`, runner.QuoteAll(from), to)
		}
	}
	words := []string{`"$puppet"`, "apply", "--detailed-exitcodes", "--summarize", "--color=false",
		"--modulepath", runner.Quote(at(modulesDir) + ":" + at(factsDir) + ":$basemodulepath")}
	add := func(w ...string) { words = append(words, w...) }
	if p.config() != "" {
		add("--config", runner.Quote(at("puppet.conf")))
	}
	if h.config != "" {
		add("--hiera_config", runner.Quote(at(hieraFile)))
	}
	if k.Environment != "" {
		add("--environmentpath", runner.Quote(at("environments")), "--environment", runner.Quote(k.Environment))
	}
	for _, flag := range []struct {
		set  bool
		word string
	}{{k.Noop, "--noop"}, {k.ShowDiff, "--show_diff"}, {k.Verbose, "--verbose"}, {k.Debug || p.Debug, "--debug"}} {
		if flag.set {
			add(flag.word)
		}
	}
	if k.Options != "" {
		add(k.Options)
	}
	add(runner.Quote(at(manifest)))
	s.Line(strings.Join(words, " "))
	return s
}

// Converge applies the manifests.
func (p Puppet) Converge(ctx context.Context, r runner.Runner, sb sandbox.Dir,
	out runner.Output) (converge.Summary, error) {
	k := p.Provisioner.Puppet
	newJob := func(bool) converge.Job {
		return converge.Job{What: "puppet apply", Parser: &output{}, Keys: p.Provisioner, Env: p.Env(), Hints: hints(),
			OK: append([]int{0, 2}, k.OKCodes...)}
	}
	return converge.Run(ctx, newJob, p.Twice(), "resource", r, sb, out)
}

// hints explain the codes of --detailed-exitcodes.
func hints() map[int]string {
	return map[int]string{
		1: "the manifests do not compile, or another run is under way",
		4: "resources failed",
		6: "some resources changed and some failed",
		127: "puppet was not found in the runner\n" +
			"Use an image that has it, or set provisioner.image to one that brings it in a volume such as /opt/puppetlabs",
	}
}
