package kitchen

import (
	"fmt"

	"github.com/galley-kitchen/galley/config/yaml11"
)

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
			legacy{m.diags, m.merger}.toProvisioner(s, key)
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
