package kitchen

import (
	"github.com/galley-kitchen/galley/config/yaml11"
)

// section is the root of the data, a platform or a suite, while legacy forms in it are being converted.
type section struct {
	// name says in messages what it is: "", "platforms[0]", "suites[1]".
	name string
	pos  yaml11.Pos
	m    *yaml11.Mapping
}

func (s *section) path(key string) string {
	if s.name == "" {
		return key
	}
	return s.name + "." + key
}

// remove takes a key out and returns its value.
func (s *section) remove(key string) *yaml11.Value {
	v := s.m.Get(key)
	s.m = s.m.Without(key)
	return v
}

// set replaces the value of a key.
func (s *section) set(key string, v *yaml11.Value) { s.m.SetString(key, v.Pos, v) }

// legacy converts the forms that Test Kitchen still understands into those of
// today. The order matters: each step sees what the steps before it made.
type legacy struct {
	diags  *Diagnostics
	merger *merger
}

func (l legacy) convert(root *section, platforms, suites []*section) {
	all := append(append([]*section{root}, platforms...), suites...)
	for _, s := range all {
		l.driverConfig(s)
	}
	for _, s := range suites {
		for _, key := range []string{"data_path", "data_bags_path", "encrypted_data_bag_secret_key_path",
			"environments_path", "nodes_path", "roles_path"} {
			l.toProvisioner(s, key)
		}
	}
	for _, s := range all {
		l.requireChefOmnibus(s)
	}
	for _, s := range all {
		l.busser(s)
	}
	for _, s := range all {
		l.proxies(s)
	}
	for _, s := range append(append([]*section{}, suites...), platforms...) {
		for _, key := range provisionerShortcuts() {
			l.toProvisioner(s, key)
		}
	}
	for _, s := range all {
		l.preCreateCommand(s)
	}
}

// provisionerShortcuts are keys of the provisioner that may stand beside its block.
func provisionerShortcuts() []string {
	return []string{"attributes", "run_list", "named_run_list", "policy_group"}
}

// plugin returns the block of a plugin in long form: a string is its name, nothing and null are an empty block. Services
// and networks have a name each instead. It returns nil, and reports why, when the block is of another type.
func (ds *Diagnostics) plugin(s *section, key string) *yaml11.Value {
	v := s.m.Get(key)
	entries := map[string]string{"services": "{db: {image: postgres:17}}", "networks": "{back: {internal: true}}"}[key]
	switch {
	case v == nil:
		return emptyMap(s.pos)
	case v.Kind == yaml11.Null:
		return emptyMap(v.Pos)
	case v.Kind == yaml11.Map:
		return v
	case entries != "":
		ds.wrongKind(v, s.path(key), "a mapping such as "+entries)
		return nil
	case v.Kind == yaml11.String:
		return single("name", v)
	}
	ds.wrongKind(v, s.path(key), "a name or a mapping")
	return nil
}

func (ds *Diagnostics) wrongKind(v *yaml11.Value, path, wanted string) {
	ds.ErrorAt(v.Pos, path, path+" is "+aKind(v)+", expected "+wanted, "")
}

// driverConfig merges driver_config and driver_plugin into driver, which wins.
func (l legacy) driverConfig(s *section) {
	if v := s.m.Get("driver_config"); v != nil {
		block := l.diags.plugin(s, "driver")
		switch {
		case block == nil:
			return
		case v.Kind == yaml11.Null:
			v = emptyMap(v.Pos)
		case v.Kind != yaml11.Map:
			l.diags.wrongKind(v, s.path("driver_config"), "a mapping")
			return
		}
		s.remove("driver_config")
		s.set("driver", l.merger.rmerge(v, block, s.path("driver")))
	}
	if s.m.Get("driver_plugin") != nil {
		if block := l.diags.plugin(s, "driver"); block != nil {
			name := single("name", s.remove("driver_plugin"))
			s.set("driver", l.merger.rmerge(name, block, s.path("driver")))
		}
	}
}

// toProvisioner moves a key into provisioner, where it wins. An explicit null stays where it is.
func (l legacy) toProvisioner(s *section, key string) {
	v := s.m.Get(key)
	if v == nil || v.Kind == yaml11.Null {
		return
	}
	block := l.diags.plugin(s, "provisioner")
	if block == nil {
		return
	}
	moved := yaml11.NewMapping(1)
	moved.Set(*s.m.Entry(key))
	s.remove(key)
	s.set("provisioner", l.merger.rmerge(block, yaml11.NewMap(moved, block.Pos), s.path("provisioner")))
}

// driverKey returns the value of a key of driver, when driver is a mapping that has it.
func driverKey(s *section, key string) *yaml11.Value {
	if d := s.m.Get("driver"); d != nil && d.Kind == yaml11.Map {
		return d.Map.Get(key)
	}
	return nil
}

func dropDriverKey(s *section, key string) {
	d := s.m.Get("driver")
	s.set("driver", yaml11.NewMap(d.Map.Without(key), d.Pos))
}

// beneath puts key with value v into a plugin's block, unless the block has it.
func (l legacy) beneath(s *section, plugin, key string, v *yaml11.Value) bool {
	block := l.diags.plugin(s, plugin)
	if block == nil {
		return false
	}
	s.set(plugin, l.merger.rmerge(single(key, v), block, s.path(plugin)))
	return true
}

// requireChefOmnibus moves driver.require_chef_omnibus to provisioner.
func (l legacy) requireChefOmnibus(s *section) {
	const key = "require_chef_omnibus"
	if v := driverKey(s, key); v != nil && l.beneath(s, "provisioner", key, v) {
		dropDriverKey(s, key)
	}
}

// busser turns busser into a verifier of that name; verifier wins.
func (l legacy) busser(s *section) {
	v := s.m.Get("busser")
	if v == nil {
		return
	}
	switch v.Kind {
	case yaml11.Map:
	case yaml11.Null:
		v = emptyMap(v.Pos)
	case yaml11.String:
		v = single("version", v)
	default:
		l.diags.wrongKind(v, s.path("busser"), "a version or a mapping")
		return
	}
	block := l.diags.plugin(s, "verifier")
	if block == nil {
		return
	}
	if name := v.Map.Get("name"); name == nil || name.Kind == yaml11.Null {
		named := v.Map.Copy()
		named.SetString("name", v.Pos, yaml11.NewString("busser", v.Pos))
		v = yaml11.NewMap(named, v.Pos)
	}
	s.remove("busser")
	s.set("verifier", l.merger.rmerge(v, block, s.path("verifier")))
}

// proxies copies the driver's proxies to provisioner and verifier.
func (l legacy) proxies(s *section) {
	for _, key := range []string{"http_proxy", "https_proxy"} {
		if v := driverKey(s, key); v != nil {
			l.beneath(s, "provisioner", key, v)
			l.beneath(s, "verifier", key, v)
		}
	}
}

// preCreateCommand turns driver.pre_create_command into a local pre_create hook.
func (l legacy) preCreateCommand(s *section) {
	const key = "pre_create_command"
	command := driverKey(s, key)
	if command == nil {
		return
	}
	hooks := s.m.Get("lifecycle")
	switch {
	case hooks == nil || falsy(hooks):
		hooks = emptyMap(command.Pos)
	case hooks.Kind != yaml11.Map:
		l.diags.wrongKind(hooks, s.path("lifecycle"), "a mapping")
		return
	}
	list := l.hookList(s, hooks.Map.Get("pre_create"))
	list = append(list, single("local", command))
	with := hooks.Map.Copy()
	with.SetString("pre_create", command.Pos, yaml11.NewSeq(list, command.Pos))
	s.set("lifecycle", yaml11.NewMap(with, hooks.Pos))
	dropDriverKey(s, key)
}

// hookList is Ruby's Array(v). Of a mapping it makes a list of its keys and
// values, which is hardly meant: there is a warning.
func (l legacy) hookList(s *section, v *yaml11.Value) []*yaml11.Value {
	switch {
	case v == nil || falsy(v):
		return nil
	case v.Kind == yaml11.Seq:
		return append([]*yaml11.Value{}, v.Seq...)
	case v.Kind == yaml11.Map:
		l.diags.WarnAt(v.Pos, s.path("lifecycle.pre_create"),
			"lifecycle.pre_create is a mapping beside driver.pre_create_command; its keys and values become "+
				"hooks of their own, as in Test Kitchen",
			"write it as a list: `- local: …`")
		var list []*yaml11.Value
		for _, e := range v.Map.Entries() {
			list = append(list, yaml11.NewString(e.Key, e.KeyPos), e.Value)
		}
		return list
	}
	return []*yaml11.Value{v}
}

// falsy reports what Ruby holds for false: null and false.
func falsy(v *yaml11.Value) bool {
	return v.Kind == yaml11.Null || v.Kind == yaml11.Bool && !v.Bool
}
