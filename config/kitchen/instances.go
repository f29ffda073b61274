package kitchen

import (
	"fmt"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
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
	block := func(plugin string) *yaml11.Value { return m.block(plugin, s, p) }
	inst := RawInstance{
		Name:         instanceName(s.text, p.text),
		Suite:        s.text,
		Platform:     p.text,
		SuiteName:    s.name,
		PlatformName: p.name,
		SuitePos:     s.name.Pos,
		PlatformPos:  p.name.Pos,
		OSType:       p.osType,
		ShellType:    p.shellType,
		Driver:       block("driver"),
		Provisioner:  block("provisioner"),
		Verifier:     block("verifier"),
		Transport:    block("transport"),
		Lifecycle:    block("lifecycle"),
		Publish:      own(block("publish")),
		Compare:      own(block("compare")),
		Services:     own(block("services")),
		Networks:     own(block("networks")),
		From:         s.data.m.Get("from"),
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
		name := m.nameOf(sec)
		if name == nil {
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

// nameOf is the name of a suite or platform; without one it reports that and returns nil.
func (m *munger) nameOf(sec *section) *yaml11.Value {
	name := sec.m.Get("name")
	if name == nil {
		m.diags.ErrorAt(sec.pos, sec.path("name"), sec.name+" has no name", "add `name: …`")
	}
	return name
}

// firstOfName finds the first section of a name; names are equal when they are of one type and text.
type firstOfName map[string]*section

// of returns the first section that has the name, which is sec if none had it.
func (f firstOfName) of(name *yaml11.Value, sec *section) *section {
	text, _ := name.Text()
	key := name.Kind.String() + " " + text
	if _, ok := f[key]; !ok {
		f[key] = sec
	}
	return f[key]
}

func (m *munger) readPlatforms() []platform {
	out := make([]platform, 0, len(m.platforms))
	first := firstOfName{}
	for _, sec := range m.platforms {
		name := m.nameOf(sec)
		if name == nil {
			continue
		}
		if name.Kind != yaml11.String && name.Kind != yaml11.Symbol {
			m.diags.ErrorAt(name.Pos, sec.path("name"),
				fmt.Sprintf("%s is %s, expected a text", sec.path("name"), aKind(name)), "put the name in quotes")
			continue
		}
		p := platform{name: name, text: name.Str, data: first.of(name, sec), windows: windowsName().MatchString(name.Str)}
		p.osType, p.shellType = m.readOS(sec, p.windows)
		out = append(out, p)
	}
	return out
}

// readOS finds a platform's operating system and shell: as written, else by
// the name or a winrm transport of the platform.
func (m *munger) readOS(sec *section, windows bool) (osType, shellType string) {
	osType, shellType = "unix", "bourne"
	if (sec.m.Get("os_type") == nil || sec.m.Get("shell_type") == nil) && (windows || m.overWinRM(sec)) {
		osType, shellType = "windows", "powershell"
	}
	return m.textOr(sec, "os_type", osType), m.textOr(sec, "shell_type", shellType)
}

// textOr is the text of a key, or the given one without the key.
func (m *munger) textOr(s *section, key, text string) string {
	v := s.m.Get(key)
	if v == nil {
		return text
	}
	text, ok := v.Text()
	if !ok {
		m.diags.wrongKind(v, s.path(key), "a text")
	}
	return text
}

func (m *munger) overWinRM(s *section) bool {
	name, v := PluginName(m.diags.plugin(s, "transport"))
	return v != nil && v.Kind == yaml11.String && name == defaultPlugin("transport", true)
}

// instanceName joins the names of a suite and a platform as Test Kitchen does:
// `_`, `,` and `/` become `-`, dots are dropped. Case is kept.
func instanceName(suite, platform string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '_', ',', '/':
			return '-'
		case '.':
			return -1
		}
		return r
	}, suite+"-"+platform)
}

// windowsName matches platform names that mean Windows.
var windowsName = lazyregexp.New(`(?mi)^win`)

// steps reads a suite's `steps:`, for an instance. Test Kitchen does not know them.
func (m *munger) steps(suite *section, inst RawInstance) []RawStep {
	list := suite.m.Get("steps")
	switch {
	case list == nil || list.Kind == yaml11.Null:
		return nil
	case list.Kind != yaml11.Seq:
		m.diags.wrongKind(list, suite.path("steps"), "a list")
		return nil
	}
	var steps []RawStep
	for n, it := range list.Seq {
		s := &section{name: fmt.Sprintf("%s[%d]", suite.path("steps"), n), pos: it.Pos}
		if it.Kind != yaml11.Map {
			m.diags.wrongKind(it, s.name, "a mapping such as {name: upgrade}")
			continue
		}
		s.m = it.Map.Copy()
		for _, key := range provisionerShortcuts() {
			m.toProvisioner(s, key)
		}
		step := RawStep{Entry: it, Provisioner: inst.Provisioner, Verifier: inst.Verifier}
		if own := m.diags.plugin(s, "provisioner"); own != nil {
			step.Provisioner = m.merger.rmerge(inst.Provisioner, own, "provisioner")
		}
		if v := s.m.Get("verify"); v != nil && v.Kind == yaml11.Map {
			step.Verifier = m.merger.rmerge(inst.Verifier, v, "verifier")
		}
		steps = append(steps, step)
	}
	return steps
}
