package config

import (
	"strings"

	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// ResolveOptions say which instances Resolve makes, and for whom.
type ResolveOptions struct {
	// Select chooses instances; nil takes all. Problems of the others are not
	// reported, so that one broken instance does not stop the rest.
	Select func(RawInstance) bool
	// Home is the user's home directory, for paths that begin with ~.
	Home string
	// Env looks up the client's environment, for variables without a value; nil is an empty environment.
	Env func(string) (string, bool)

	// lint also reports what is fine yet has no effect.
	lint bool
}

// Resolve makes typed instances of what was loaded: defaults are applied, values checked. It returns every problem that
// it found. An instance with an error holds what could be read, and must not be run.
//
// Blocks that instances share are decoded once, and the slices and maps in the
// result are shared as well: they must not be changed.
func (c *Config) Resolve(o ResolveOptions) ([]Instance, []Diagnostic) {
	if o.Env == nil {
		o.Env = func(string) (string, bool) { return "", false }
	}
	r := &resolver{
		c: c, o: o,
		source:       newSources(c.Files),
		drivers:      map[*yaml11.Value]Driver{},
		provisioners: map[*yaml11.Value]Provisioner{},
		verifiers:    map[*yaml11.Value]Verifier{},
		transports:   map[*yaml11.Value]Transport{},
		hooks:        map[*yaml11.Value]Hooks{},
		filters:      map[string]kitchen.Filter{},
		secrets:      c.Secrets(nil),
	}
	out := make([]Instance, 0, len(c.Instances))
	for i, raw := range c.Instances {
		if o.Select != nil && !o.Select(raw) {
			continue
		}
		out = append(out, r.instance(i, raw))
	}
	r.c.checkTree(&r.diags, o.lint)
	list := r.diags.List
	for i := range list {
		list[i] = c.Annotate(list[i])
		list[i].Excerpt = maskExcerpt(list[i].Excerpt)
	}
	return out, list
}

// Summary is what `galley list` shows of an instance.
type Summary struct {
	Name, Suite, Platform                    string
	Driver, Provisioner, Verifier, Transport string
}

// Summaries names the instances and their plugins, without decoding anything else.
func (c *Config) Summaries() []Summary {
	out := make([]Summary, len(c.Instances))
	for i, raw := range c.Instances {
		out[i] = Summary{
			Name: raw.Name, Suite: raw.Suite, Platform: raw.Platform,
			Driver: pluginName(raw.Driver), Provisioner: pluginName(raw.Provisioner),
			Verifier: pluginName(raw.Verifier), Transport: pluginName(raw.Transport),
		}
	}
	return out
}

// resolver decodes the blocks of a configuration, each once.
type resolver struct {
	c      *Config
	o      ResolveOptions
	source *sources
	diags  kitchen.Diagnostics

	drivers      map[*yaml11.Value]Driver
	provisioners map[*yaml11.Value]Provisioner
	verifiers    map[*yaml11.Value]Verifier
	transports   map[*yaml11.Value]Transport
	hooks        map[*yaml11.Value]Hooks
	filters      map[string]kitchen.Filter
	secrets      []string
}

// instance resolves one instance.
func (r *resolver) instance(index int, raw RawInstance) Instance {
	i := Instance{
		Name: raw.Name, Suite: raw.Suite, Platform: raw.Platform,
		OSType: raw.OSType, ShellType: raw.ShellType, Index: index, secrets: &r.secrets,
	}
	i.Driver = once(r.drivers, raw.Driver, r.driver)
	if i.Driver.Kind == DriverUnserved {
		// What the other blocks say was written for a driver that galley does not serve: one error is enough.
		i.Provisioner.Name, i.Verifier.Name, i.Transport.Name = pluginName(raw.Provisioner), pluginName(raw.Verifier),
			pluginName(raw.Transport)
		return i
	}
	i.Provisioner = once(r.provisioners, raw.Provisioner, r.provisioner)
	i.Verifier = once(r.verifiers, raw.Verifier, r.verifier)
	i.Verifier.Inspec.derive(i.Provisioner.Chef)
	i.Transport = once(r.transports, raw.Transport, r.transport)
	i.Hooks = once(r.hooks, raw.Lifecycle, r.lifecycle).forPlatform(func(h Hook) bool {
		return r.hookRunsOn(h, raw.Platform)
	})
	i.Driver.derive(i.Platform, i.Provisioner)
	r.checkPlatform(i, raw)
	r.checkSandboxes(i, raw)
	return i
}

// once decodes a block unless that was done before.
func once[T any](done map[*yaml11.Value]T, block *yaml11.Value, decode func(*yaml11.Value) T) T {
	if got, ok := done[block]; ok {
		return got
	}
	got := decode(block)
	done[block] = got
	return got
}

// decoder starts decoding a block, from the defaults.
func (r *resolver) decoder() *decoder {
	blank := theSchema().blank
	return &decoder{
		root: r.c.Root, home: r.o.Home, env: r.o.Env, source: r.source.text, report: r.diags.Add,
		lint: r.o.lint, inst: &blank, set: map[string]*yaml11.Value{},
	}
}

// pluginName is the name in a plugin's block.
func pluginName(block *yaml11.Value) string {
	name, _ := nameIn(block)
	return name
}

// nameIn is the name in a plugin's block, and its value; the value is nil when the name is Test Kitchen's default.
func nameIn(block *yaml11.Value) (string, *yaml11.Value) {
	if block == nil || block.Kind != yaml11.Map {
		return "", nil
	}
	v := block.Map.Get("name")
	if v == nil {
		return "", nil
	}
	name, _ := v.Text()
	if v.Pos.IsZero() {
		return name, nil
	}
	return name, v
}

// driver decodes a driver's block.
func (r *resolver) driver(block *yaml11.Value) Driver {
	d := r.decoder()
	name, at := nameIn(block)
	dr := &d.inst.Driver
	dr.Name = name
	served, ok := driverNames()[name]
	if !ok {
		r.unservedDriver(name, at, block)
		return Driver{Name: name, Kind: DriverUnserved}
	}
	dr.Kind, dr.Engine = served.kind, served.engine
	if at == nil {
		r.diags.WarnAt(r.c.start(), "driver.name",
			"no driver is named: Test Kitchen's default, dummy, makes no containers, and galley makes them with this machine's engine",
			"add the lines\n      driver:\n        name: dokken")
	}
	d.block(SectionDriver, name, block)
	_, dr.HostnameSet = d.set["hostname"]
	if d.pull != "" {
		dr.PullPlatform, dr.PullTool = d.pull, d.pull
	}
	dr.Env = withProxy(dr.Env, dr.Proxy)
	d.checkMounts(block)
	d.checkPorts(block)
	return *dr
}

// unservedDriver reports a driver that makes no containers.
func (r *resolver) unservedDriver(name string, at, block *yaml11.Value) {
	pos := block.Pos
	if at != nil {
		pos = at.Pos
	}
	msg := "driver.name: galley has no driver \"" + name + "\""
	hint := "to run these suites in containers, put two lines into kitchen.local.yml:\n      driver:\n        name: dokken"
	near := nearest(name, keysOf(driverNames()))
	for _, f := range foreignDrivers() {
		if f == name {
			near = ""
			msg += ", for it makes containers only"
		}
	}
	if near != "" {
		hint = "did you mean \"" + near + "\"? galley has " + strings.Join(keysOf(driverNames()), ", ")
	}
	r.diags.ErrorAt(pos, "driver.name", msg, hint)
}

// provisioner decodes a provisioner's block.
func (r *resolver) provisioner(block *yaml11.Value) Provisioner {
	d := r.decoder()
	name, at := nameIn(block)
	p := &d.inst.Provisioner
	p.Name = name
	kind, ok := provisionerNames()[name]
	if !ok {
		r.unknownPlugin(SectionProvisioner, name, at, block, keysOf(provisionerNames()))
		return *p
	}
	p.Kind = kind
	if list := block.Map.Get("run_list"); at == nil && list != nil && len(items(list)) > 0 {
		// Test Kitchen's default was Chef for many years, and files still rely on it.
		r.diags.WarnAt(r.c.start(), "provisioner.name",
			"no provisioner is named, so the shell provisioner is used, which does not apply the run_list",
			"add the lines\n      provisioner:\n        name: dokken")
	}
	d.block(SectionProvisioner, string(kind), block)
	if kind == ProvisionerAnsible {
		d.ansibleAttributes(block)
	}
	p.Shell.DataPath, p.Ansible.RolesPath = p.Chef.Paths["data"], p.Chef.Paths["roles"]
	p.Ansible.ModulesPaths = p.Puppet.ModulesPaths
	if d.set["retry_on_exit_code"] == nil && kind == ProvisionerChef {
		p.RetryOnExitCode = []int{35, 213}
	}
	if d.logLevel != "" {
		p.Chef.LogLevel = d.logLevel
	}
	p.Chef.ProductName = productOf(name, p.Chef.ProductName)
	r.license(&p.Chef.License, &p.Chef.LicenseKey, &p.Chef.LicenseServer)
	return *p
}

// productOf is "chef" or "cinc".
func productOf(provisioner, product string) string {
	if strings.HasPrefix(product, "cinc") || product == "" && strings.HasPrefix(provisioner, "cinc") {
		return productCinc
	}
	return productChef
}

// verifier decodes a verifier's block.
func (r *resolver) verifier(block *yaml11.Value) Verifier {
	d := r.decoder()
	name, at := nameIn(block)
	v := &d.inst.Verifier
	v.Name, v.NameSet = name, at != nil
	kind, ok := verifierNames()[name]
	if !ok {
		r.unknownPlugin(SectionVerifier, name, at, block, keysOf(verifierNames()))
		return *v
	}
	v.Kind = kind
	d.block(SectionVerifier, string(kind), block)
	v.Dummy.Sleep = v.Shell.Sleep
	r.license(&v.Inspec.License, &v.Inspec.LicenseKey, &v.Inspec.LicenseServer)
	v.Raw, _ = block.Any().(map[string]any)
	return *v
}

// license takes from the environment what kitchen.yml does not say of Chef's licence.
func (r *resolver) license(license, key, server *string) {
	for name, to := range map[string]*string{"CHEF_LICENSE": license, "CHEF_LICENSE_KEY": key,
		"CHEF_LICENSE_SERVER": server} {
		if s, ok := r.o.Env(name); ok && *to == "" {
			*to = s
		}
	}
}

// transport decodes a transport's block.
func (r *resolver) transport(block *yaml11.Value) Transport {
	d := r.decoder()
	d.inst.Transport.Name = pluginName(block)
	d.block(SectionTransport, d.inst.Transport.Name, block)
	return d.inst.Transport
}

// lifecycle decodes the hooks.
func (r *resolver) lifecycle(block *yaml11.Value) Hooks {
	return r.decoder().hooks(block)
}

// unknownPlugin reports a plugin that galley does not have.
func (r *resolver) unknownPlugin(in Section, name string, at, block *yaml11.Value, have []string) {
	pos := block.Pos
	if at != nil {
		pos = at.Pos
	}
	key := string(in) + ".name"
	msg, hint := unknownPlugin(in, name, have)
	r.diags.ErrorAt(pos, key, key+": "+msg, hint)
}
