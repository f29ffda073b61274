package keys

import (
	"reflect"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// stepKeys are the keys of an entry of `steps:`.
func stepKeys() []Key {
	return inSection(SectionStep, slices.Concat(chefShortcuts(), keysOf(TypeString, "name"),
		keysOf(TypeBlock, "provisioner"), keysOf(TypeBoolOrBlock, "verify"), keysOf(TypeBool, "reboot"),
		keysOf(TypeHooks, "commands")))
}

// steps decodes the steps of an instance, whose own blocks are decoded.
func (r *resolver) steps(i config.Instance, raw kitchen.RawInstance) []config.Step {
	var list []config.Step
	seen := map[string]bool{}
	for _, rs := range raw.Steps {
		d := r.decoder()
		d.spelt = "steps"
		s := config.Step{Verify: true, Provisioner: once(r, rs.Provisioner, r.provisioner),
			Verifier: once(r, rs.Verifier, r.verifier)}
		deriveInspec(&s.Verifier.Inspec, s.Provisioner.Chef)
		s.Name, _ = either(rs.Entry, "name").Text()
		switch {
		case s.Name == "" || strings.ContainsAny(s.Name, "\n\r"):
			d.errorAt(rs.Entry, "add `name: …`, in one line", "a step without a name")
			continue
		case seen[s.Name]:
			d.errorAt(either(rs.Entry, "name"), "rename one of them", "two steps are named %q", s.Name)
			continue
		}
		seen[s.Name] = true
		other := false // whether it does anything but converge
		for _, e := range entries(rs.Entry) {
			if d.key = d.schema.find(SectionStep, e.Key); d.key == nil || e.Value.Kind == yaml11.Null {
				continue // checkTree tells
			}
			d.spelt = "steps." + s.Name + "." + e.Key
			if d.stepField(&s, e) {
				other = true
			}
		}
		s.Converge = s.Converge || !other
		d.spelt = "steps." + s.Name
		d.checkStep(rs.Entry, i, s)
		list = append(list, s)
	}
	return list
}

// stepField reads a key of a step. It reports whether that does something besides a converge.
func (d *decoder) stepField(s *config.Step, e yaml11.Entry) bool {
	v := e.Value
	switch e.Key {
	case "provisioner", "run_list", "attributes", "named_run_list", "policy_group":
		s.Converge = true
	case "verify":
		if v.Kind != yaml11.Map {
			if v.Kind != yaml11.Bool {
				d.wrongType(v)
			}
			s.Verify = v.Bool
		}
	case "reboot":
		s.Reboot, _ = boolean(d, v)
		return s.Reboot
	case "commands":
		for _, it := range items(v) {
			if h, ok := d.hook(it); ok {
				s.Commands = append(s.Commands, h)
			}
		}
		return len(s.Commands) > 0
	default:
		if !isFault(e.Key) {
			return false
		}
		f, ok := d.fault(v)
		if ok && f != nil {
			s.Commands = append(s.Commands, config.Hook{Fault: f})
		}
		return ok && f != nil
	}
	return false
}

// checkStep refuses what a step would need another runner for: that is made once, with the tools of the instance.
func (d *decoder) checkStep(at *yaml11.Value, i config.Instance, s config.Step) {
	tool := func(t config.ToolProvisioner) any { return []any{t.Image, t.Instructions, t.BuildContext, t.Volumes} }
	for _, c := range []struct {
		what      string
		suite, of any
	}{
		{"provisioner.name", i.Provisioner.Name, s.Provisioner.Name},
		{"provisioner.root_path", i.Provisioner.RootPath, s.Provisioner.RootPath},
		{"provisioner.product_name", i.Provisioner.Chef.ProductName, s.Provisioner.Chef.ProductName},
		{"provisioner.product_version", i.Provisioner.Chef.ProductVersion, s.Provisioner.Chef.ProductVersion},
		{"the provisioner's tool", tool(i.Provisioner.Tool), tool(s.Provisioner.Tool)},
		{"verifier.name", i.Verifier.Name, s.Verifier.Name},
		{"verifier.root_path", i.Verifier.RootPath, s.Verifier.RootPath},
		{"verifier.image", i.Verifier.Tool.Image, s.Verifier.Tool.Image},
	} {
		if !reflect.DeepEqual(c.suite, c.of) {
			d.errorAt(at, "write it in the suite, for all its steps", "%s cannot be another one in a step", c.what)
		}
	}
}
