package keys

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// isFault reports whether a key of a hook or a step is one of a fault.
func isFault(name string) bool {
	return slices.Contains([]string{"network", "heal", "pause", "kill", "restart"}, name)
}

// fault reads the key of a fault; nil is a fault that is not made.
func (d *decoder) fault(v *yaml11.Value) (*config.Fault, bool) {
	var f config.Fault
	inner := *d
	inner.into, inner.failed = &f, false
	d.key.read(&inner, v)
	if d.key.Name == "heal" && !f.Heal {
		return nil, !inner.failed
	}
	return &f, !inner.failed
}

func networkFault(d *decoder, v *yaml11.Value) (*config.NetworkFault, bool) {
	if v.Kind != yaml11.Map || v.Map.Len() == 0 {
		return nil, d.expected(v, "a hash such as {cut: [db]} or {delay: 100ms}")
	}
	f := &config.NetworkFault{}
	good := d.fields(SectionFault, v, f)
	if good && f.Jitter > 0 && f.Delay == 0 {
		good = d.errorAt(v, "add `delay: …`, which it is a change of", "jitter without a delay")
	}
	return f, good
}

// percentage reads a part of all packets, with or without a percent sign.
func percentage(d *decoder, v *yaml11.Value) (float64, bool) {
	word, ok := text(d, v)
	p, err := strconv.ParseFloat(strings.TrimSuffix(word, "%"), 64)
	if ok && (err != nil || !(p > 0 && p <= 100)) {
		return 0, d.expected(v, "a part of all packets such as 5%")
	}
	return p, ok
}

// tcRate is how tc writes a rate.
var tcRate = lazyregexp.New(`^[0-9]+(\.[0-9]+)?[kmgt]?bit$`)

// rate reads a rate as tc has it.
func rate(d *decoder, v *yaml11.Value) (string, bool) {
	word, ok := text(d, v)
	if ok && !tcRate().MatchString(word) {
		return "", d.expected(v, "a rate such as 1mbit or 500kbit")
	}
	return word, ok
}

// checkFaults refuses faults of services that an instance, or its group, does not have.
func (r *resolver) checkFaults(i config.Instance, raw kitchen.RawInstance) {
	has := i
	if i.Node != nil {
		has = *i.Node.Group
	}
	services := map[string]bool{}
	for _, s := range has.Services {
		services[s.Name] = true
	}
	reachable := maps.Clone(services)
	for _, name := range has.Nodes {
		reachable[name] = true
	}
	check := func(entry *yaml11.Value) {
		if entry.Kind != yaml11.Map {
			return
		}
		for _, key := range []string{"pause", "kill", "restart", "network"} {
			list, names := either(entry, key), services
			what := "service"
			if key == "network" {
				if list.Kind != yaml11.Map {
					continue // networkFault refuses it
				}
				list, names = either(list, "cut"), reachable
				key, what = "network.cut", "service or other node"
			}
			for _, it := range items(list) {
				name, ok := it.Text()
				if isShared := func(s config.Service) bool { return s.Name == name }; slices.ContainsFunc(has.Shared, isShared) {
					r.diags.ErrorAt(it.Pos, key, key+": "+strconv.Quote(name)+" is shared, and a shared service has no faults",
						"remove its `shared`")
					continue
				}
				if ok && name != "" && !names[name] {
					known := slices.Sorted(maps.Keys(names))
					hint := cmp.Or(suggestion(name, known), "there is "+strings.Join(known, ", "))
					if len(known) == 0 {
						hint = "there are none; add `services: {" + name + ": {image: …}}`"
					}
					r.diags.ErrorAt(it.Pos, key, key+": "+i.Name+" has no "+what+" "+strconv.Quote(name), hint)
				}
			}
		}
	}
	for _, e := range entries(raw.Lifecycle) {
		for _, hook := range items(e.Value) {
			check(hook)
		}
	}
	for _, s := range raw.Steps {
		check(s.Entry)
		for _, hook := range items(either(s.Entry, "commands")) {
			check(hook)
		}
	}
}
