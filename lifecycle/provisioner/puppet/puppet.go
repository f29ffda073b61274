// Package puppet applies manifests with `puppet apply`.
package puppet

import (
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
type Puppet struct {
	converge.Options
	instance config.Instance
}

// New returns the provisioner of an instance.
func New(o converge.Options, i config.Instance) *Puppet { return &Puppet{o, i} }

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

// Tool is the image that kitchen.yml names; without one Puppet is the runner's own.
func (p *Puppet) Tool() *converge.Tool { return converge.ToolOf(p.instance.Provisioner.Tool) }

// Prepare carries manifests, modules, Hiera and facts, and writes the script.
func (p *Puppet) Prepare(_ context.Context, sb sandbox.Dir) error {
	manifest, files, err := p.manifests()
	if err != nil {
		return err
	}
	for _, list := range []func() ([]sandbox.File, error){p.modules, p.hiera, p.rest, p.facts} {
		more, err := list()
		if err != nil {
			return err
		}
		files = append(files, more...)
	}
	hiera := slices.ContainsFunc(files, func(f sandbox.File) bool { return f.Path == hieraFile })
	run := p.script(sb, manifest, hiera)
	files = append(files, run.File())
	return sandbox.Sync(sb.Local, files, nil)
}

// manifests are the manifests and the path of what is to be applied.
func (p *Puppet) manifests() (manifest string, files []sandbox.File, err error) {
	k := p.instance.Provisioner.Puppet
	dir := k.ManifestsPath
	if dir == "" {
		dir = p.FindFor(plugin, p.instance.Suite, "manifests", true)
	}
	if dir == "" {
		return "", nil, fmt.Errorf("there are no manifests for %s\nPut them into %s, or set provisioner.manifests_path",
			p.instance.Name, filepath.Join(p.SuiteDir(p.instance.Suite), "manifests"))
	}
	if files, err = converge.Carry(dir, "manifests/"); err != nil {
		return "", nil, fmt.Errorf("provisioner.manifests_path: %w", err)
	}
	manifest = "manifests"
	name := k.Manifest
	if name == "" {
		name = "site.pp"
	}
	if slices.ContainsFunc(files, func(f sandbox.File) bool { return f.Path == path.Join(manifest, name) }) {
		return path.Join(manifest, name), files, nil
	}
	if k.Manifest != "" {
		return "", nil, fmt.Errorf("provisioner.manifest: there is no %s in %s", name, dir)
	}
	return manifest, files, nil
}

// rest are further files that the run wants.
func (p *Puppet) rest() ([]sandbox.File, error) {
	k := p.instance.Provisioner.Puppet
	files, err := p.found(k.FilesPath, "files_path", "files", "files", true)
	if err != nil {
		return nil, err
	}
	for _, f := range []struct{ key, from, to string }{{"facterlib", k.FacterLib, "facter"}, {"puppet_config_path", p.config(), "puppet.conf"}} {
		if f.from == "" {
			continue
		}
		more, err := converge.Carry(f.from, f.to)
		if err != nil {
			return nil, fmt.Errorf("provisioner.%s: %w", f.key, err)
		}
		files = append(files, more...)
	}
	if k.Environment != "" {
		files = append(files, sandbox.File{Path: path.Join("environments", k.Environment, "environment.conf"), Data: []byte("# made by galley\n")})
	}
	return files, nil
}

// found carries what a key names, or what lies in the usual places, if anything.
func (p *Puppet) found(named, key, usual, to string, dir bool) ([]sandbox.File, error) {
	from := named
	if from == "" {
		if from = p.FindFor(plugin, p.instance.Suite, usual, dir); from == "" {
			return nil, nil
		}
	}
	files, err := converge.Carry(from, to)
	if err != nil {
		return nil, fmt.Errorf("provisioner.%s: %w", key, err)
	}
	return files, nil
}

// config is Puppet's own configuration, or "".
func (p *Puppet) config() string {
	if named := p.instance.Provisioner.Puppet.PuppetConfig; named != "" {
		return named
	}
	return p.FindFor(plugin, p.instance.Suite, "puppet.conf", false)
}

// facts are custom_facts as external facts of a module, which may be of any type.
func (p *Puppet) facts() ([]sandbox.File, error) {
	facts := p.instance.Provisioner.Puppet.Facts
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
func (p *Puppet) script(sb sandbox.Dir, manifest string, hiera bool) converge.Script {
	k, binary := p.instance.Provisioner.Puppet, p.instance.Provisioner.Tool.Binary
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
	if from := p.hieraDirs(); len(from) > 0 {
		for _, to := range p.hieraRemote() {
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
	if hiera {
		add("--hiera_config", runner.Quote(at(hieraFile)))
	}
	if k.Environment != "" {
		add("--environmentpath", runner.Quote(at("environments")), "--environment", runner.Quote(k.Environment))
	}
	if k.Noop {
		add("--noop")
	}
	if k.ShowDiff {
		add("--show_diff")
	}
	if k.Verbose {
		add("--verbose")
	}
	if k.Debug || p.Debug {
		add("--debug")
	}
	if k.Options != "" {
		add(k.Options)
	}
	add(runner.Quote(at(manifest)))
	s.Line(strings.Join(words, " "))
	return s
}

// Converge applies the manifests.
func (p *Puppet) Converge(ctx context.Context, r runner.Runner, sb sandbox.Dir, out runner.Output) (converge.Summary, error) {
	k := p.instance.Provisioner.Puppet
	newJob := func(bool) converge.Job {
		return converge.Job{What: "puppet apply", Parser: &output{}, Keys: p.instance.Provisioner, Env: p.Env(p.instance.Provisioner), Hint: hint,
			OK: func(code int) bool { return code == 0 || code == 2 || slices.Contains(k.OKCodes, code) }}
	}
	return converge.Run(ctx, newJob, p.Twice(p.instance.Provisioner), "resource", r, sb, out)
}

// hint explains the codes of --detailed-exitcodes.
func hint(code int) string {
	switch code {
	case 1:
		return "the manifests do not compile, or another run is under way"
	case 4:
		return "resources failed"
	case 6:
		return "some resources changed and some failed"
	case 127:
		return "puppet was not found in the runner\nUse an image that has it, or set provisioner.image to one that brings it in a volume such as /opt/puppetlabs"
	}
	return ""
}
