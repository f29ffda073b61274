package keys

import (
	"cmp"
	"reflect"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/mask"
)

// ResolveOptions say which instances Resolve makes, and for whom.
type ResolveOptions struct {
	// Select chooses instances; nil takes all. Problems of the others are not
	// reported, so that one broken instance does not stop the rest.
	Select func(kitchen.RawInstance) bool
	// Home is the user's home directory, for paths that begin with ~.
	Home string
	// Env looks up the client's environment, for variables without a value; nil is an empty environment.
	Env func(string) (string, bool)

	// lint also reports what is fine yet has no effect.
	lint bool
}

// Resolve makes typed instances of what kitchen.Load found: defaults are applied, values checked. It returns every
// problem that there is. An instance with an error holds what could be read, and must not be run.
//
// Blocks that instances share are decoded once, and the slices and maps in the
// result are shared as well: they must not be changed.
func Resolve(c *kitchen.Config, o ResolveOptions) ([]config.Instance, []kitchen.Diagnostic) {
	if o.Env == nil {
		o.Env = func(string) (string, bool) { return "", false }
	}
	r := &resolver{
		c: c, o: o,
		decoded:   map[decoded]any{},
		filters:   map[string]kitchen.Filter{},
		secrets:   c.Secrets(nil),
		instances: map[int]*config.Instance{},
		groups:    map[*kitchen.Group]*config.Instance{},
		shared:    map[string]config.Service{},
		places:    places(c),
	}
	out := make([]config.Instance, 0, len(c.Instances))
	for i, raw := range c.Instances {
		if o.Select != nil && !o.Select(raw) {
			continue
		}
		out = append(out, *r.instance(i))
	}
	checkTree(c, &r.diags, o.lint)
	list := r.diags.List
	for i := range list {
		list[i] = c.Annotate(list[i])
		list[i].Excerpt = maskExcerpt(list[i].Excerpt)
	}
	return out, list
}

// maskExcerpt masks an excerpt of a file: after ERB it may hold what was only in the environment.
func maskExcerpt(excerpt string) string {
	line, caret, ok := strings.Cut(excerpt, "\n")
	if !ok {
		return excerpt
	}
	return mask.Line(line) + "\n" + caret
}

// resolver decodes the blocks of a configuration, each once.
type resolver struct {
	c     *kitchen.Config
	o     ResolveOptions
	diags kitchen.Diagnostics

	decoded   map[decoded]any
	filters   map[string]kitchen.Filter
	secrets   []string
	instances map[int]*config.Instance
	groups    map[*kitchen.Group]*config.Instance
	shared    map[string]config.Service
	places    map[place]int
}

// instance resolves one instance, and those from which it starts, each once.
func (r *resolver) instance(index int) *config.Instance {
	if done := r.instances[index]; done != nil {
		return done
	}
	i := r.resolve(index, r.c.Instances[index])
	if parent, ok := r.parent(index); ok {
		i.From = r.instance(parent)
	}
	if on := r.c.Instances[index].On; on != "" {
		i.On, i.Driver.Recorded = on, true
		i.From = onSameEngine(i.From, on)
		if i.Node != nil {
			n := *i.Node
			n.Group = onSameEngine(n.Group, on)
			i.Node = &n
		}
	}
	r.instances[index] = &i
	return &i
}

// onSameEngine is the instance from which one starts, or the group of one, that --on has put on an engine: itself on
// that engine.
func onSameEngine(from *config.Instance, on string) *config.Instance {
	if from == nil {
		return nil
	}
	i := *from
	i.Name, i.On, i.Driver.Recorded = i.Name+"@"+on, on, true
	i.From = onSameEngine(i.From, on)
	return &i
}

// resolve resolves an instance by itself.
func (r *resolver) resolve(index int, raw kitchen.RawInstance) config.Instance {
	i := config.Instance{
		Name: raw.Name, Suite: raw.Suite, Platform: raw.Platform,
		OSType: raw.OSType, ShellType: raw.ShellType, Index: index, Secrets: r.secrets,
	}
	i.Driver = once(r, raw.Driver, r.driver)
	if i.Driver.Kind == config.DriverUnserved {
		// What the other blocks say was written for a driver that galley does not serve: one error is enough.
		_, i.Provisioner.Name, i.Verifier.Name, i.Transport.Name = raw.Plugins()
		return i
	}
	i.Provisioner = once(r, raw.Provisioner, r.provisioner)
	i.Verifier = once(r, raw.Verifier, r.verifier)
	deriveInspec(&i.Verifier.Inspec, i.Provisioner.Chef)
	i.Transport = once(r, raw.Transport, r.transport)
	i.Publish = once(r, raw.Publish, r.publish)
	i.Compare = once(r, raw.Compare, r.compare)
	i.Services, i.Shared = r.splitShared(once(r, raw.Services, r.serviceList), raw.Services)
	i.Hooks = r.hooksOn(once(r, raw.Lifecycle, r.hooks), raw.Platform)
	deriveDriver(&i.Driver, i.Platform, i.Provisioner)
	if raw.Group != nil {
		r.node(&i, raw)
	}
	if raw.Group == nil {
		i.Networks = once(r, raw.Networks, r.networkList)
		r.checkNetworks(i, raw)
	}
	i.Steps = r.steps(i, raw)
	r.checkFaults(i, raw)
	r.checkPlatform(i, raw)
	r.checkSandboxes(i, raw)
	r.checkServices(i, raw)
	return i
}

// decoded is a block, and what was made of it: with an anchor, two plugins may have the same one.
type decoded struct {
	block *yaml11.Value
	as    reflect.Type
}

// once decodes a block unless that was done before.
func once[T any](r *resolver, block *yaml11.Value, decode func(*yaml11.Value) T) T {
	key := decoded{block, reflect.TypeFor[T]()}
	if got, ok := r.decoded[key]; ok {
		return got.(T)
	}
	got := decode(block)
	r.decoded[key] = got
	return got
}

// decoder starts decoding a block, from the defaults.
func (r *resolver) decoder() *decoder {
	s := theSchema()
	blank := s.blank
	return &decoder{
		root: r.c.Root, home: r.o.Home, env: r.o.Env, diags: &r.diags,
		lint: r.o.lint, schema: s, inst: &blank, into: &blank, set: map[string]*yaml11.Value{},
	}
}

// driver decodes a driver's block.
func (r *resolver) driver(block *yaml11.Value) config.Driver {
	d := r.decoder()
	name, at := kitchen.PluginName(block)
	dr := &d.inst.Driver
	dr.Name = name
	served, ok := driverNames()[name]
	if !ok {
		r.unknownPlugin(SectionDriver, name, cmp.Or(at, block), namesIn(driverNames()))
		return config.Driver{Name: name, Kind: config.DriverUnserved}
	}
	dr.Kind, dr.Engine = served.kind, served.engine
	if at == nil {
		r.diags.WarnAt(start(r.c), "driver.name",
			"no driver is named: Test Kitchen's default, dummy, makes no containers, and galley makes them with this machine's "+
				"engine",
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

// provisioner decodes a provisioner's block.
func (r *resolver) provisioner(block *yaml11.Value) config.Provisioner {
	d := r.decoder()
	name, at := kitchen.PluginName(block)
	p := &d.inst.Provisioner
	p.Name = name
	kind, ok := provisionerNames()[name]
	if !ok {
		r.unknownPlugin(SectionProvisioner, name, cmp.Or(at, block), namesIn(provisionerNames()))
		return *p
	}
	p.Kind = kind
	if list := block.Map.Get("run_list"); at == nil && list != nil && len(items(list)) > 0 {
		// Test Kitchen's default was Chef for many years, and files still rely on it.
		r.diags.WarnAt(start(r.c), "provisioner.name",
			"no provisioner is named, so the shell provisioner is used, which does not apply the run_list",
			"add the lines\n      provisioner:\n        name: dokken")
	}
	d.block(SectionProvisioner, string(kind), block)
	if kind == config.ProvisionerAnsible {
		d.ansibleAttributes(block)
	}
	p.Shell.DataPath, p.Ansible.RolesPath = p.Chef.Paths["data"], p.Chef.Paths["roles"]
	p.Ansible.ModulesPaths = p.Puppet.ModulesPaths
	if d.set["retry_on_exit_code"] == nil && kind == config.ProvisionerChef {
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
func (r *resolver) verifier(block *yaml11.Value) config.Verifier {
	d := r.decoder()
	name, at := kitchen.PluginName(block)
	v := &d.inst.Verifier
	v.Name, v.NameSet = name, at != nil
	kind, ok := verifierNames()[name]
	if !ok {
		r.unknownPlugin(SectionVerifier, name, cmp.Or(at, block), namesIn(verifierNames()))
		return *v
	}
	v.Kind = kind
	d.block(SectionVerifier, string(kind), block)
	v.Dummy.Sleep = v.Shell.Sleep
	r.license(&v.Inspec.License, &v.Inspec.LicenseKey, &v.Inspec.LicenseServer)
	_, v.Inspec.ColorSet = d.set["color"]
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
func (r *resolver) transport(block *yaml11.Value) config.Transport {
	d := r.decoder()
	d.inst.Transport.Name, _ = kitchen.PluginName(block)
	d.block(SectionTransport, d.inst.Transport.Name, block)
	return d.inst.Transport
}
