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

// remove takes a key out.
func (s *section) remove(key string) { s.m = s.m.Without(key) }

// set replaces the value of a key.
func (s *section) set(key string, v *yaml11.Value) { s.m.SetString(key, v.Pos, v) }

// convert turns the forms that Test Kitchen still understands into those of today, in the root, a platform or a suite.
// The order matters: each step sees what the steps before it made. paths and shortcuts are the keys of the provisioner
// that may stand beside its block.
func (m *munger) convert(s *section, paths, shortcuts []string) {
	m.driverConfig(s)
	for _, key := range paths {
		m.toProvisioner(s, key)
	}
	m.requireChefOmnibus(s)
	m.busser(s)
	m.proxies(s)
	for _, key := range shortcuts {
		m.toProvisioner(s, key)
	}
	m.preCreateCommand(s)
}

// convertSuite converts a suite, or a node of one.
func (m *munger) convertSuite(s *section) {
	m.convert(s, []string{"data_path", "data_bags_path", "encrypted_data_bag_secret_key_path", "environments_path",
		"nodes_path", "roles_path"}, provisionerShortcuts())
}

// provisionerShortcuts are keys that may stand in a platform, a suite or a step.
func provisionerShortcuts() []string {
	return []string{"attributes", "run_list", "named_run_list", "policy_group"}
}

// plugin returns the block of a plugin in long form: a string is its name, nothing and null are an empty block.
// Services and networks have a name each instead. It returns nil, and reports why, when the block is of another type.
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

// beneath merges a mapping into a plugin's block, where the block wins. It returns false when the block is of the wrong
// type.
func (m *munger) beneath(s *section, plugin string, v *yaml11.Value) bool {
	block := m.diags.plugin(s, plugin)
	if block == nil {
		return false
	}
	s.set(plugin, m.merger.rmerge(v, block, s.path(plugin)))
	return true
}

// driverConfig merges driver_config and driver_plugin into driver, which wins.
func (m *munger) driverConfig(s *section) {
	if v := s.m.Get("driver_config"); v != nil {
		switch v.Kind {
		case yaml11.Map:
		case yaml11.Null:
			v = emptyMap(v.Pos)
		default:
			m.diags.wrongKind(v, s.path("driver_config"), "a mapping")
			return
		}
		if m.beneath(s, "driver", v) {
			s.remove("driver_config")
		}
	}
	if v := s.m.Get("driver_plugin"); v != nil && m.beneath(s, "driver", single("name", v)) {
		s.remove("driver_plugin")
	}
}

// toProvisioner moves a key into provisioner, where it wins. An explicit null stays where it is.
func (m *munger) toProvisioner(s *section, key string) {
	v := s.m.Get(key)
	if v == nil || v.Kind == yaml11.Null {
		return
	}
	block := m.diags.plugin(s, "provisioner")
	if block == nil {
		return
	}
	moved := yaml11.NewMapping(1)
	moved.Set(*s.m.Entry(key))
	s.remove(key)
	s.set("provisioner", m.merger.rmerge(block, yaml11.NewMap(moved, block.Pos), s.path("provisioner")))
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

// requireChefOmnibus moves driver.require_chef_omnibus to provisioner.
func (m *munger) requireChefOmnibus(s *section) {
	const key = "require_chef_omnibus"
	if v := driverKey(s, key); v != nil && m.beneath(s, "provisioner", single(key, v)) {
		dropDriverKey(s, key)
	}
}

// busser turns busser into a verifier of that name; verifier wins.
func (m *munger) busser(s *section) {
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
		m.diags.wrongKind(v, s.path("busser"), "a version or a mapping")
		return
	}
	if name := v.Map.Get("name"); name == nil || name.Kind == yaml11.Null {
		named := v.Map.Copy()
		named.SetString("name", v.Pos, yaml11.NewString("busser", v.Pos))
		v = yaml11.NewMap(named, v.Pos)
	}
	if m.beneath(s, "verifier", v) {
		s.remove("busser")
	}
}

// proxies copies the driver's proxies to provisioner and verifier.
func (m *munger) proxies(s *section) {
	for _, key := range []string{"http_proxy", "https_proxy"} {
		if v := driverKey(s, key); v != nil {
			m.beneath(s, "provisioner", single(key, v))
			m.beneath(s, "verifier", single(key, v))
		}
	}
}

// preCreateCommand turns driver.pre_create_command into a local pre_create hook.
func (m *munger) preCreateCommand(s *section) {
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
		m.diags.wrongKind(hooks, s.path("lifecycle"), "a mapping")
		return
	}
	list := m.hookList(s, hooks.Map.Get("pre_create"))
	list = append(list, single("local", command))
	with := hooks.Map.Copy()
	with.SetString("pre_create", command.Pos, yaml11.NewSeq(list, command.Pos))
	s.set("lifecycle", yaml11.NewMap(with, hooks.Pos))
	dropDriverKey(s, key)
}

// hookList is Ruby's Array(v). Of a mapping it makes a list of its keys and
// values, which is hardly meant: there is a warning.
func (m *munger) hookList(s *section, v *yaml11.Value) []*yaml11.Value {
	switch {
	case v == nil || falsy(v):
		return nil
	case v.Kind == yaml11.Seq:
		return append([]*yaml11.Value{}, v.Seq...)
	case v.Kind == yaml11.Map:
		m.diags.WarnAt(v.Pos, s.path("lifecycle.pre_create"),
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
