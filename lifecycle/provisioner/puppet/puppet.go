// Package puppet applies manifests with `puppet apply`.
package puppet

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Puppet applies the manifests of an instance.
type Puppet struct{ converge.Base }

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
	f := p.Files()
	manifest := p.manifests(f)
	p.modules(f)
	h := p.hiera()
	p.hieraFiles(f, h)
	p.rest(f)
	return f.Sync(sb, p.script(sb, manifest, h), nil)
}

// manifests adds the manifests, and returns the path of what is to be applied.
func (p Puppet) manifests(f *converge.Files) string {
	k := p.Provisioner.Puppet
	dir := p.Usual(k.ManifestsPath, plugin, "manifests", true)
	if dir == "" {
		f.Fail(fmt.Errorf("there are no manifests for %s\nPut them into %s, or set provisioner.manifests_path",
			p.Name, filepath.Join(p.SuiteDir(p.Suite), "manifests")))
	}
	f.Carry("manifests_path", dir, "manifests/")
	name := path.Join("manifests", cmp.Or(k.Manifest, "site.pp"))
	switch {
	case f.Has(name):
		return name
	case k.Manifest != "":
		f.Fail(fmt.Errorf("provisioner.manifest: there is no %s in %s", k.Manifest, dir))
	}
	return "manifests"
}

// rest adds further files that the run wants.
func (p Puppet) rest(f *converge.Files) {
	k := p.Provisioner.Puppet
	f.Carry("files_path", p.Usual(k.FilesPath, plugin, "files", true), "files")
	f.Carry("facterlib", k.FacterLib, "facter")
	f.Carry("puppet_config_path", p.config(), "puppet.conf")
	if k.Environment != "" {
		f.Add(sandbox.File{Path: path.Join("environments", k.Environment, "environment.conf"),
			Data: []byte("# made by galley\n")})
	}
	if len(k.Facts) > 0 { // as external facts of a module, which may be of any type
		f.Plain("custom_facts", factsDir+"/galley_facts/facts.d/galley.json", k.Facts)
	}
}

// config is Puppet's own configuration, or "".
func (p Puppet) config() string {
	return p.Usual(p.Provisioner.Puppet.PuppetConfig, plugin, "puppet.conf", false)
}

// script is run_command.
func (p Puppet) script(sb sandbox.Dir, manifest string, h hiera) converge.Script {
	k := p.Provisioner.Puppet
	at := func(name string) string { return path.Join(sb.Remote, name) }
	var s converge.Script
	if k.FacterLib != "" {
		s.Default(map[string]string{"FACTERLIB": at("facter")})
	}
	s.In(sb.Remote)
	// Packages put it there; the volume /opt/puppetlabs has the first.
	s.Tool("puppet", p.Provisioner.Tool.Binary,
		[]string{"/opt/puppetlabs/bin/puppet", "/opt/puppetlabs/puppet/bin/puppet"}, "puppet")
	if len(h.data) > 0 {
		var from []string
		for _, d := range h.data {
			from = append(from, d.to)
		}
		// The defaults of kitchen-puppet with packages of the distribution and with those of Puppet.
		remote := []string{"/var/lib/hiera", "/etc/puppetlabs/code/environments/production/hieradata"}
		if k.HieraDataRemote != "" {
			remote = []string{k.HieraDataRemote}
		}
		for _, to := range remote {
			to = runner.Quote(to)
			s.Add("mkdir -p %s || exit", to)
			s.Add(`for data in %s; do if [ -d "$data" ]; then cp -R "$data/." %s || exit; fi; done`, runner.QuoteAll(from), to)
		}
	}
	words := runner.Words{`"$puppet"`, "apply", "--detailed-exitcodes", "--summarize", "--color=false",
		"--modulepath", runner.Quote(at(modulesDir) + ":" + at(factsDir) + ":$basemodulepath")}
	words.If(p.config() != "", "--config", runner.Quote(at("puppet.conf")))
	words.If(h.config != "", "--hiera_config", runner.Quote(at(hieraFile)))
	words.If(k.Environment != "", "--environmentpath", runner.Quote(at("environments")),
		"--environment", runner.Quote(k.Environment))
	words.If(k.Noop, "--noop")
	words.If(k.ShowDiff, "--show_diff")
	words.If(k.Verbose, "--verbose")
	words.If(k.Debug || p.Debug, "--debug")
	words.If(k.Options != "", k.Options)
	words.Add(runner.Quote(at(manifest)))
	s.Line(strings.Join(words, " "))
	return s
}

// Converge applies the manifests.
func (p Puppet) Converge(ctx context.Context, r runner.Run) (converge.Summary, error) {
	return p.Run(ctx, converge.Job{What: "puppet apply", Thing: "resource",
		Parser: func() converge.Parser { return &output{} },
		// The codes of --detailed-exitcodes.
		OK: append([]int{0, 2}, p.Provisioner.Puppet.OKCodes...),
		Hints: map[int]string{
			1: "the manifests do not compile, or another run is under way",
			4: "resources failed",
			6: "some resources changed and some failed",
			127: "puppet was not found in the runner\n" +
				"Use an image that has it, or set provisioner.image to one that brings it in a volume such as /opt/puppetlabs",
		}}, r)
}
