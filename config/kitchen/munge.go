package kitchen

import (
	"fmt"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// munger cuts merged data into the blocks of each instance: defaults < root < platform < suite.
type munger struct {
	diags     *Diagnostics
	merger    *merger
	root      *section
	platforms []*section
	suites    []*section

	// kitchen are the keys of the root's `kitchen`.
	kitchen *yaml11.Mapping
	// blocks are the plugins' blocks of each section in long form, merged those of a pair. Both are shared by all
	// instances that are alike.
	blocks map[blockKey]*yaml11.Value
	merged map[pairKey]*yaml11.Value
	// duplicates are instances that share a name. They do not hinder listing.
	duplicates []Diagnostic
}

type blockKey struct {
	section *section
	plugin  string
}

// pairKey names merged blocks. A section without a block of its own is nil, so that all of these share.
type pairKey struct {
	plugin          string
	suite, platform *section
	windows         bool
}

// kitchenKeys are, for each plugin, the keys that galley itself sets. A plugin's
// own values for them are dropped; those of the root's `kitchen` are taken.
func kitchenKeys(plugin string) []string {
	switch plugin {
	case "publish", "compare", "services", "networks":
		return nil
	case "provisioner":
		return []string{"kitchen_root", "test_base_path", "debug"}
	case "verifier", "lifecycle":
		return []string{"kitchen_root", "test_base_path", "log_level", "debug"}
	}
	return []string{"kitchen_root", "test_base_path", "log_level"}
}

// newMunger converts the legacy forms of data, whose keys must be strings. It returns nil when there are errors.
func newMunger(data *yaml11.Value, diags *Diagnostics) *munger {
	m := &munger{
		diags:  diags,
		merger: &merger{diags: diags},
		root:   &section{pos: data.Pos, m: data.Map.Copy()},
		blocks: map[blockKey]*yaml11.Value{},
		merged: map[pairKey]*yaml11.Value{},
	}
	m.platforms, m.suites, m.kitchen = m.sections("platforms"), m.sections("suites"), m.kitchenSection()
	if diags.HasErrors() {
		return nil
	}
	m.convert(m.root, nil, nil)
	for _, s := range m.platforms {
		m.convert(s, nil, provisionerShortcuts())
	}
	for _, s := range m.suites {
		m.convertSuite(s)
	}
	return m
}

// sections reads the root's list of platforms or suites.
func (m *munger) sections(key string) []*section {
	v := m.root.m.Get(key)
	switch {
	case v == nil, v.Kind == yaml11.Map && v.Map.Len() == 0:
		return nil
	case v.Kind != yaml11.Seq:
		m.diags.ErrorAt(v.Pos, key, fmt.Sprintf("%s is %s, expected a list", key, aKind(v)),
			fmt.Sprintf("write `- name: …` for each of them, or `%s: []` for none", key))
		return nil
	}
	out := make([]*section, 0, len(v.Seq))
	for i, it := range v.Seq {
		path := fmt.Sprintf("%s[%d]", key, i)
		if it.Kind != yaml11.Map {
			m.diags.ErrorAt(it.Pos, path, fmt.Sprintf("%s is %s, expected a mapping", path, aKind(it)), "write `- name: …`")
			continue
		}
		out = append(out, &section{name: path, pos: it.Pos, m: it.Map.Copy()})
	}
	return out
}

// kitchenSection are the entries of the root's `kitchen`.
func (m *munger) kitchenSection() *yaml11.Mapping {
	v := m.root.m.Get("kitchen")
	switch {
	case v == nil || v.Kind == yaml11.Null:
		return yaml11.NewMapping(0)
	case v.Kind != yaml11.Map:
		m.diags.wrongKind(v, "kitchen", "a mapping")
	}
	return v.Map
}

// block merges the blocks of a plugin for a suite on a platform. The result is
// shared, and an empty mapping when a block is of the wrong type.
func (m *munger) block(plugin string, s suite, p platform) *yaml11.Value {
	common, ofPlatform := m.longForm(m.root, plugin, "common"), m.longForm(p.data, plugin, "platform")
	ofSuite := m.longForm(s.data, plugin, "suite")
	if common == nil || ofPlatform == nil || ofSuite == nil {
		return emptyMap(yaml11.Pos{})
	}
	key := pairKey{plugin: plugin, windows: p.windows}
	if ofSuite.Map.Len() > 0 {
		key.suite = s.data
	}
	if ofPlatform.Map.Len() > 0 {
		key.platform = p.data
	}
	if done, ok := m.merged[key]; ok {
		return done
	}
	v := m.merger.rmerge(ofPlatform, ofSuite, plugin)
	v = m.merger.rmerge(common, v, plugin)
	v = m.finish(plugin, v, p.windows)
	m.merged[key] = v
	return v
}

// longForm is a section's block of a plugin, nil when it is of the wrong type. What is to be concatenated later is put
// under the layer's name: {run_list: {suite: […]}}.
func (m *munger) longForm(s *section, plugin, layer string) *yaml11.Value {
	key := blockKey{s, plugin}
	if v, ok := m.blocks[key]; ok {
		return v
	}
	v := m.diags.plugin(s, plugin)
	if v != nil && (plugin == "lifecycle" || plugin == "provisioner" && layer != "common") {
		out := v.Map.Copy()
		for _, e := range v.Map.Entries() {
			if plugin == "lifecycle" || e.Key == "run_list" {
				e.Value = single(layer, e.Value)
				out.Set(e)
			}
		}
		v = yaml11.NewMap(out, v.Pos)
	}
	m.blocks[key] = v
	return v
}

// finish gives a merged block the default name, joins lists and sets the keys that galley itself owns.
func (m *munger) finish(plugin string, v *yaml11.Value, windows bool) *yaml11.Value {
	out := v.Map.Without(kitchenKeys(plugin)...)
	switch plugin {
	case "lifecycle":
		for _, e := range out.Entries() {
			e.Value = concat(e.Value, "common", "platform", "suite")
			out.Set(e)
		}
	case "provisioner":
		if e := out.Entry("run_list"); e != nil {
			e.Value = m.joinRunList(e.Value)
		}
	}
	if name := defaultPlugin(plugin, windows); name != "" && out.Get("name") == nil {
		out.SetString("name", yaml11.Pos{}, yaml11.NewString(name, yaml11.Pos{}))
	}
	for _, key := range kitchenKeys(plugin) {
		if e := m.kitchen.Entry(key); e != nil {
			out.Set(*e)
		}
	}
	return yaml11.NewMap(out, v.Pos)
}

// defaultPlugin is the name of the plugin of a kind that is used when kitchen.yml names none, or "" for blocks that are
// no plugin's.
func defaultPlugin(kind string, windows bool) string {
	if windows && kind == "transport" {
		return "winrm"
	}
	return map[string]string{"driver": "dummy", "provisioner": "shell", "verifier": "busser", "transport": "ssh"}[kind]
}

// joinRunList joins the platform's and the suite's run list. One of the root counts only when neither has any.
func (m *munger) joinRunList(v *yaml11.Value) *yaml11.Value {
	if v.Kind != yaml11.Map {
		return yaml11.NewSeq(flatten(nil, v), v.Pos)
	}
	if p := m.root.m.Get("provisioner"); p != nil && p.Kind == yaml11.Map {
		if list := p.Map.Get("run_list"); list != nil && list.Kind != yaml11.Map {
			m.diags.WarnAt(list.Pos, "provisioner.run_list",
				"the root's provisioner.run_list is ignored where a platform or suite has a run_list",
				"move it to the suites, or to the platforms")
		}
	}
	return concat(v, "platform", "suite")
}

// concat joins what the layers have into one flat list without nulls.
func concat(v *yaml11.Value, layers ...string) *yaml11.Value {
	var items []*yaml11.Value
	for _, layer := range layers {
		if part := v.Map.Get(layer); part != nil {
			items = flatten(items, part)
		}
	}
	return yaml11.NewSeq(items, v.Pos)
}

// flatten appends v, or the items of the list v at any depth, to items; nulls are left out.
func flatten(items []*yaml11.Value, v *yaml11.Value) []*yaml11.Value {
	switch v.Kind {
	case yaml11.Null:
	case yaml11.Seq:
		for _, it := range v.Seq {
			items = flatten(items, it)
		}
	default:
		items = append(items, v)
	}
	return items
}
