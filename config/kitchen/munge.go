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
	// blocks are the plugins' blocks of each section in long form, merged those
	// of a pair. Both are shared by all instances that are alike.
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

// newMunger converts the legacy forms of data, whose keys must be strings. It
// returns nil when platforms or suites are of the wrong type.
func newMunger(data *yaml11.Value, diags *Diagnostics) *munger {
	m := &munger{
		diags:  diags,
		merger: &merger{diags: diags},
		root:   &section{pos: data.Pos, m: data.Map.Copy()},
		blocks: map[blockKey]*yaml11.Value{},
		merged: map[pairKey]*yaml11.Value{},
	}
	var ok1, ok2, ok3 bool
	m.platforms, ok1 = m.sections("platforms")
	m.suites, ok2 = m.sections("suites")
	m.kitchen, ok3 = m.kitchenSection()
	if !ok1 || !ok2 || !ok3 {
		return nil
	}
	legacy{diags, m.merger}.convert(m.root, m.platforms, m.suites)
	return m
}

// sections reads the root's list of platforms or suites.
func (m *munger) sections(key string) ([]*section, bool) {
	v := m.root.m.Get(key)
	switch {
	case v == nil, v.Kind == yaml11.Map && v.Map.Len() == 0:
		return nil, true
	case v.Kind != yaml11.Seq:
		m.diags.ErrorAt(v.Pos, key, fmt.Sprintf("%s is %s, expected a list", key, aKind(v)),
			fmt.Sprintf("write `- name: …` for each of them, or `%s: []` for none", key))
		return nil, false
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
	return out, len(out) == len(v.Seq)
}

func (m *munger) kitchenSection() (*yaml11.Mapping, bool) {
	v := m.root.m.Get("kitchen")
	switch {
	case v == nil || v.Kind == yaml11.Null:
		return yaml11.NewMapping(0), true
	case v.Kind != yaml11.Map:
		m.diags.wrongKind(v, "kitchen", "a mapping")
		return nil, false
	}
	return v.Map, true
}

// block merges the blocks of a plugin for a suite on a platform. The result is
// shared, and an empty mapping when a block is of the wrong type.
func (m *munger) block(plugin string, suite, platform *section, windows bool) *yaml11.Value {
	common := m.longForm(m.root, plugin, "common")
	ofPlatform := m.longForm(platform, plugin, "platform")
	ofSuite := m.longForm(suite, plugin, "suite")
	if common == nil || ofPlatform == nil || ofSuite == nil {
		return emptyMap(yaml11.Pos{})
	}
	key := pairKey{plugin: plugin, suite: suite, platform: platform, windows: windows}
	if ofSuite.Map.Len() == 0 {
		key.suite = nil
	}
	if ofPlatform.Map.Len() == 0 {
		key.platform = nil
	}
	if done, ok := m.merged[key]; ok {
		return done
	}
	v := m.merger.rmerge(ofPlatform, ofSuite, plugin)
	v = m.merger.rmerge(common, v, plugin)
	v = m.finish(plugin, v, windows)
	m.merged[key] = v
	return v
}

// longForm is a section's block of a plugin. What is to be concatenated later is
// put under the layer's name: {run_list: {suite: […]}}.
func (m *munger) longForm(s *section, plugin, layer string) *yaml11.Value {
	key := blockKey{s, plugin}
	if v, ok := m.blocks[key]; ok {
		return v
	}
	v := m.diags.plugin(s, plugin)
	switch {
	case v == nil:
	case plugin == "lifecycle":
		out := yaml11.NewMapping(v.Map.Len())
		for _, e := range v.Map.Entries() {
			e.Value = single(layer, e.Value)
			out.Set(e)
		}
		v = yaml11.NewMap(out, v.Pos)
	case plugin == "provisioner" && layer != "common":
		if e := v.Map.Entry("run_list"); e != nil {
			out := v.Map.Copy()
			out.SetString("run_list", e.KeyPos, single(layer, e.Value))
			v = yaml11.NewMap(out, v.Pos)
		}
	}
	m.blocks[key] = v
	return v
}

// finish gives a merged block the default name, joins lists and sets the keys
// that galley itself owns. A block that needs nothing of it stays shared.
func (m *munger) finish(plugin string, v *yaml11.Value, windows bool) *yaml11.Value {
	out := v.Map
	for _, key := range kitchenKeys(plugin) {
		if out.Get(key) != nil {
			out = out.Without(kitchenKeys(plugin)...)
			break
		}
	}
	var set []yaml11.Entry
	switch plugin {
	case "lifecycle":
		for _, e := range out.Entries() {
			e.Value = concat(e.Value, "common", "platform", "suite")
			set = append(set, e)
		}
	case "provisioner":
		if e := out.Entry("run_list"); e != nil {
			set = append(set, m.joinRunList(*e))
		}
	}
	if name := defaultPlugin(plugin, windows); name != "" && out.Get("name") == nil {
		set = append(set, yaml11.Entry{Key: "name", KeyKind: yaml11.String, Value: yaml11.NewString(name, yaml11.Pos{})})
	}
	for _, key := range kitchenKeys(plugin) {
		if e := m.kitchen.Entry(key); e != nil {
			set = append(set, *e)
		}
	}
	if out == v.Map {
		if set == nil {
			return v
		}
		out = out.Copy()
	}
	for _, e := range set {
		out.Set(e)
	}
	return yaml11.NewMap(out, v.Pos)
}

// joinRunList joins the platform's and the suite's run list. One of the root counts only when neither has any.
func (m *munger) joinRunList(e yaml11.Entry) yaml11.Entry {
	if e.Value.Kind != yaml11.Map {
		e.Value = yaml11.NewSeq(flatten(nil, e.Value), e.Value.Pos)
		return e
	}
	e.Value = concat(e.Value, "platform", "suite")
	if list := m.rootRunList(); list != nil && list.Kind != yaml11.Map {
		m.diags.WarnAt(list.Pos, "provisioner.run_list",
			"the root's provisioner.run_list is ignored where a platform or suite has a run_list",
			"move it to the suites, or to the platforms")
	}
	return e
}

func (m *munger) rootRunList() *yaml11.Value {
	if v := m.root.m.Get("provisioner"); v != nil && v.Kind == yaml11.Map {
		return v.Map.Get("run_list")
	}
	return nil
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
