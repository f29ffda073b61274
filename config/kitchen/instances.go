package kitchen

import (
	"fmt"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// maxInstances bounds suites × platforms, maxCopied the entries that merging their blocks may copy.
const (
	maxInstances = 100_000
	maxCopied    = 4_000_000
)

// suite is a suite with its platform filters.
type suite struct {
	name               *yaml11.Value
	text               string
	includes, excludes []Filter
	// data is the first suite of the same name: Test Kitchen takes the data of both from there.
	data *section
	// nodes are its machines, none for one that stands for itself.
	nodes []node
}

// platform is a platform with what its name tells.
type platform struct {
	section           *section
	name              *yaml11.Value
	text              string
	osType, shellType string
	windows           bool // by the name alone
	data              *section
}

// instances makes the instances of all suites on all platforms that pass the
// suite's filters. Problems go to the diagnostics.
func (m *munger) instances() []RawInstance {
	suites, platforms := m.readSuites(), m.readPlatforms()
	if n := len(suites) * len(platforms); n > maxInstances {
		m.diags.ErrorAt(m.root.pos, "suites",
			fmt.Sprintf("the suites and platforms make %d instances, more than the %d allowed", n, maxInstances),
			"split the project")
		return nil
	}
	if m.diags.HasErrors() {
		return nil
	}
	var out []RawInstance
	first := map[string]int{}
	for _, s := range suites {
		for _, p := range platforms {
			if !m.runsOn(s, p) {
				continue
			}
			name, list := instanceName(s.text, p.text), []RawInstance(nil)
			if len(s.nodes) > 0 {
				list = m.group(s, p, platforms)
			} else {
				list = []RawInstance{m.instance(s, p)}
			}
			if m.merger.copied > maxCopied || len(out) > maxInstances {
				m.diags.ErrorAt(m.root.pos, "", "the blocks of the instances have too many keys in all", "split the project")
				return nil
			}
			if i, ok := first[name]; ok {
				m.duplicates = append(m.duplicates, duplicate(name, out[i], list[0]))
			} else {
				first[name] = len(out)
			}
			out = append(out, list...)
		}
	}
	return out
}

func (m *munger) instance(s suite, p platform) RawInstance {
	block := func(plugin string) *yaml11.Value { return m.block(plugin, s.data, p.data, p.windows) }
	inst := RawInstance{
		Name:        instanceName(s.text, p.text),
		Suite:       s.text,
		Platform:    p.text,
		SuitePos:    s.name.Pos,
		PlatformPos: p.name.Pos,
		OSType:      p.osType,
		ShellType:   p.shellType,
		Driver:      block("driver"),
		Provisioner: block("provisioner"),
		Verifier:    block("verifier"),
		Transport:   block("transport"),
		Lifecycle:   block("lifecycle"),
		Publish:     own(block("publish")),
		Compare:     own(block("compare")),
		Services:    own(block("services")),
		Networks:    own(block("networks")),
		From:        s.data.m.Get("from"),

		suiteName:    s.name,
		platformName: p.name,
	}
	inst.Steps = m.steps(s.data, inst)
	return inst
}

// own is a block of galley's own, which Test Kitchen does not know; nil where there is none.
func own(block *yaml11.Value) *yaml11.Value {
	if block.Map.Len() > 0 {
		return block
	}
	return nil
}

// duplicate describes two instances of one name, at the pair of names that differ or else repeat.
func duplicate(name string, a, b RawInstance) Diagnostic {
	first, second, key := a.SuitePos, b.SuitePos, "suites"
	if first == second {
		first, second, key = a.PlatformPos, b.PlatformPos, "platforms"
	}
	return Diagnostic{Severity: SeverityError, Pos: second, Key: key,
		Msg: fmt.Sprintf("two instances are named %q: suite %q on platform %q, and suite %q on platform %q "+
			"(the first is named at %s)",
			name, a.Suite, a.Platform, b.Suite, b.Platform, first),
		Hint: "rename one of them; `_`, `,` and `/` count as `-` in instance names, and dots do not count"}
}

func (m *munger) readSuites() []suite {
	out := make([]suite, 0, len(m.suites))
	first := firstOfName{}
	for _, sec := range m.suites {
		name := sec.m.Get("name")
		if name == nil {
			m.missingName(sec)
			continue
		}
		text, ok := name.Text()
		if !ok {
			m.diags.wrongKind(name, sec.path("name"), "a text")
			continue
		}
		s := suite{name: name, text: text}
		s.data = first.of(name, sec)
		s.includes = m.filters(sec, "includes")
		s.excludes = m.filters(sec, "excludes")
		s.nodes = m.readNodes(s.data)
		out = append(out, s)
	}
	return out
}

func (m *munger) missingName(sec *section) {
	m.diags.ErrorAt(sec.pos, sec.path("name"), sec.name+" has no name", "add `name: …`")
}

// firstOfName finds the first section of a name; names are equal when they are of one type and text.
type firstOfName map[nameKey]*section

type nameKey struct {
	kind yaml11.Kind
	text string
}

// of returns the first section that has the name, which is sec if none had it.
func (f firstOfName) of(name *yaml11.Value, sec *section) *section {
	text, _ := name.Text()
	key := nameKey{name.Kind, text}
	if _, ok := f[key]; !ok {
		f[key] = sec
	}
	return f[key]
}

func (m *munger) readPlatforms() []platform {
	out := make([]platform, 0, len(m.platforms))
	first := firstOfName{}
	for _, sec := range m.platforms {
		name := sec.m.Get("name")
		if name == nil {
			m.missingName(sec)
			continue
		}
		if name.Kind != yaml11.String && name.Kind != yaml11.Symbol {
			m.diags.ErrorAt(name.Pos, sec.path("name"),
				fmt.Sprintf("%s is %s, expected a text", sec.path("name"), aKind(name)), "put the name in quotes")
			continue
		}
		p := platform{section: sec, name: name, text: name.Str, data: first.of(name, sec),
			windows: windowsName().MatchString(name.Str)}
		m.readOS(&p)
		out = append(out, p)
	}
	return out
}

// readOS finds the platform's operating system and shell: as written, else by
// the name or a winrm transport of the platform.
func (m *munger) readOS(p *platform) {
	osType, shellType := p.section.m.Get("os_type"), p.section.m.Get("shell_type")
	p.osType, p.shellType = "unix", "bourne"
	if (osType == nil || shellType == nil) && (p.windows || m.overWinRM(p.section)) {
		p.osType, p.shellType = "windows", "powershell"
	}
	for _, given := range []struct {
		value *yaml11.Value
		key   string
		to    *string
	}{{osType, "os_type", &p.osType}, {shellType, "shell_type", &p.shellType}} {
		if given.value == nil {
			continue
		}
		text, ok := given.value.Text()
		if !ok {
			m.diags.wrongKind(given.value, p.section.path(given.key), "a text")
		}
		*given.to = text
	}
}

func (m *munger) overWinRM(s *section) bool {
	v := m.diags.plugin(s, "transport")
	if v == nil {
		return false
	}
	name := v.Map.Get("name")
	return name != nil && name.Kind == yaml11.String && name.Str == defaultWindowsTransport
}
