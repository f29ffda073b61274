package kitchen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// Group is a suite of several machines on a platform. The raw instances of its nodes share it.
type Group struct {
	// Name is what the instance would be called if the suite had no nodes.
	Name            string
	Suite, Platform string
	// Nodes are the names of its nodes, in the order of the file.
	Nodes []string
	// Services and Networks are those of all its nodes, nil for none.
	Services, Networks *yaml11.Value
	// Verifier tests the group as a whole, nil where the suite has none of its own.
	Verifier *yaml11.Value
}

// node is an entry of a suite's `nodes:`.
type node struct {
	text     string
	pos      yaml11.Pos
	after    []string
	afterPos yaml11.Pos
	// platform is the one that it names, empty for that of the group.
	platform string
	// networks are those of the group that it is on, nil where it does not say.
	networks *yaml11.Value
	// data is what the suite and the node say.
	data *section
}

// IsHostName reports whether a node or a service may have a name: it is another host's name, and a word of the command
// line.
func IsHostName(name string) bool {
	return hostName().MatchString(name) && !strings.EqualFold(name, "localhost")
}

// HostNameHint says how to write such a name.
const HostNameHint = "write letters and digits, with dashes between, but not localhost"

var hostName = lazyregexp.New(`^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$`)

// readNodes reads `nodes:` of a suite.
func (m *munger) readNodes(suite *section) []node {
	v := suite.m.Get("nodes")
	switch {
	case v == nil, v.Kind == yaml11.Null:
		return nil
	case v.Kind != yaml11.Map || v.Map.Len() == 0:
		m.diags.ErrorAt(v.Pos, suite.path("nodes"), suite.path("nodes")+" is "+aKind(v)+", expected a mapping of nodes",
			"write `web: {}` for a node that is called web")
		return nil
	}
	if from := suite.m.Get("from"); from != nil {
		m.diags.ErrorAt(from.Pos, suite.path("from"), suite.path("from")+": a suite with nodes starts from no other",
			"remove `from`, or `nodes`")
	}
	var list []node
	for _, e := range v.Map.Entries() {
		path := suite.path("nodes." + e.Key)
		same := slices.IndexFunc(list, func(n node) bool { return variable(n.text) == variable(e.Key) })
		switch {
		case !IsHostName(e.Key):
			m.diags.ErrorAt(e.KeyPos, path, fmt.Sprintf("%s: %q cannot be the name of a host", suite.path("nodes"), e.Key),
				HostNameHint)
			continue
		case same >= 0:
			m.diags.ErrorAt(e.KeyPos, path, fmt.Sprintf("%s: %q and %q are one name as a host or in the environment",
				suite.path("nodes"), list[same].text, e.Key), "rename one of them")
			continue
		case e.Value.Kind == yaml11.Null:
			e.Value = emptyMap(e.KeyPos)
		case e.Value.Kind != yaml11.Map:
			m.diags.wrongKind(e.Value, path, "a mapping such as {run_list: [...]}")
			continue
		}
		list = append(list, m.readNode(suite, path, e))
	}
	done := map[string]bool{}
	for _, n := range list {
		if !m.comeAfter(list, n, nil, done) {
			break
		}
	}
	return list
}

// variable is a name as part of an environment variable's.
func variable(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// readNode reads a node, whose keys are those of a suite besides its own.
func (m *munger) readNode(suite *section, path string, e yaml11.Entry) node {
	own := &section{name: path, pos: e.Value.Pos, m: e.Value.Map.Without("platform", "after", "networks")}
	m.convertSuite(own)
	n := node{text: e.Key, pos: e.KeyPos, data: m.over(suite, own), networks: e.Value.Map.Get("networks")}
	if v := e.Value.Map.Get("platform"); v != nil && v.Kind != yaml11.Null {
		var ok bool
		if n.platform, ok = v.Text(); !ok {
			m.diags.wrongKind(v, path+".platform", "the name of a platform")
		} else if names := m.platformNames(); !slices.Contains(names, n.platform) {
			m.diags.ErrorAt(v.Pos, path+".platform", fmt.Sprintf("%s.platform: there is no platform %q", path, n.platform),
				"the platforms are "+strings.Join(names, ", "))
		}
	}
	if v := e.Value.Map.Get("after"); v != nil {
		n.afterPos = v.Pos
		for _, it := range flatten(nil, v) {
			name, ok := it.Text()
			if !ok {
				m.diags.wrongKind(it, path+".after", "the name of a node")
			}
			n.after = append(n.after, name)
		}
	}
	return n
}

func (m *munger) platformNames() []string {
	var names []string
	for _, p := range m.platforms {
		if name := p.m.Get("name"); name != nil {
			names = append(names, name.Str)
		}
	}
	return names
}

// over puts what a node says over what its suite says, but for what is about the suite as a whole. Run lists and hooks
// follow those of the suite.
func (m *munger) over(suite, own *section) *section {
	out := &section{name: own.name, pos: own.pos,
		m: suite.m.Without("name", "includes", "excludes", "from", "nodes", "services", "networks", "verifier")}
	for _, e := range own.m.Entries() {
		if e.Value.Kind == yaml11.Seq { // no key of a node that is a block
			continue
		}
		weak, strong := m.diags.plugin(out, e.Key), m.diags.plugin(own, e.Key)
		if weak == nil || strong == nil {
			continue
		}
		v := m.merger.rmerge(weak, strong, own.path(e.Key))
		joined := v.Map.Copy()
		for _, sub := range strong.Map.Entries() {
			first := weak.Map.Get(sub.Key)
			if first != nil && (e.Key == "lifecycle" || e.Key == "provisioner" && sub.Key == "run_list") {
				joined.SetString(sub.Key, sub.KeyPos, yaml11.NewSeq(flatten(flatten(nil, first), sub.Value), sub.Value.Pos))
			}
		}
		out.set(e.Key, yaml11.NewMap(joined, v.Pos))
	}
	return out
}

// comeAfter walks from a node to those that it comes after, behind a chain of nodes. It reports one that there is not,
// or a circle, and returns false then.
func (m *munger) comeAfter(list []node, n node, chain []string, done map[string]bool) bool {
	path := n.data.path("after")
	if first := slices.Index(chain, n.text); first >= 0 {
		m.diags.ErrorAt(n.afterPos, path, fmt.Sprintf("%s: a circle: %s", path,
			strings.Join(append(chain[first:], n.text), " after ")), "one of them has to come first")
		return false
	}
	if done[n.text] {
		return true
	}
	for _, name := range n.after {
		i := slices.IndexFunc(list, func(n node) bool { return n.text == name })
		if i < 0 {
			m.diags.ErrorAt(n.afterPos, path, fmt.Sprintf("%s: there is no node %q", path, name),
				"the nodes are "+strings.Join(nodeNames(list), ", "))
			return false
		}
		if !m.comeAfter(list, list[i], append(chain, n.text), done) {
			return false
		}
	}
	done[n.text] = true
	return true
}

func nodeNames(list []node) []string {
	names := make([]string, len(list))
	for i, n := range list {
		names[i] = n.text
	}
	return names
}

// group makes the raw instances of a suite with nodes on a platform.
func (m *munger) group(s suite, p platform, platforms []platform) []RawInstance {
	g := &Group{Name: instanceName(s.text, p.text), Suite: s.text, Platform: p.text, Nodes: nodeNames(s.nodes),
		Services: own(m.block("services", s, p)),
		Networks: own(m.block("networks", s, p))}
	if v := s.data.m.Get("verifier"); v != nil && v.Kind != yaml11.Null {
		g.Verifier = m.block("verifier", s, p)
	}
	if g.Services != nil {
		for _, e := range g.Services.Map.Entries() {
			if slices.ContainsFunc(s.nodes, func(n node) bool { return variable(n.text) == variable(e.Key) }) {
				m.diags.ErrorAt(e.KeyPos, "services", fmt.Sprintf("services.%s: a node of the suite %s has that name too",
					e.Key, s.text), "rename one of them: both are found by their names")
			}
		}
	}
	var list []RawInstance
	for _, n := range s.nodes {
		on := p
		if at := slices.IndexFunc(platforms, func(p platform) bool { return p.text == n.platform }); at >= 0 {
			on = platforms[at]
		}
		inst := m.instance(suite{name: s.name, text: s.text + "/" + n.text, data: n.data}, on)
		inst.Name, inst.PlatformPos, inst.Services, inst.Networks = g.Name+"/"+n.text, p.name.Pos, nil, n.networks
		inst.Group, inst.Node, inst.After, inst.NodePos = g, n.text, n.after, n.pos
		list = append(list, inst)
	}
	return list
}
