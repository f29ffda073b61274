package keys

import (
	"cmp"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// hookNames are the names of all lifecycle hooks: "<stage>_<phase>".
func hookNames() []string {
	var out []string
	for _, phase := range []string{"create", "converge", "setup", "verify", "destroy"} {
		for _, stage := range []string{"pre", "post", "finally"} {
			out = append(out, stage+"_"+phase)
		}
	}
	return out
}

// lifecycleKeys are the hooks of `lifecycle:`.
func lifecycleKeys() []Key {
	return inSection(SectionLifecycle, keysOf(TypeHooks, hookNames()...))
}

// hooks decodes the block `lifecycle:`.
func (r *resolver) hooks(block *yaml11.Value) config.Hooks {
	d := r.decoder()
	var out config.Hooks
	names := hookNames()
	for _, e := range entries(block) {
		if isSetting(SectionLifecycle, e.Key) {
			continue
		}
		d.spelt = "lifecycle." + e.Key
		if !slices.Contains(names, e.Key) {
			hint := cmp.Or(suggestion(e.Key, names), "the hooks are "+strings.Join(names, ", "))
			d.diags.ErrorAt(e.KeyPos, d.spelt, d.spelt+": there is no such hook, so it would never run", hint)
			continue
		}
		d.key = d.schema.find(SectionLifecycle, e.Key)
		for _, it := range items(e.Value) {
			if h, ok := d.hook(it); ok {
				if out == nil {
					out = config.Hooks{}
				}
				out[e.Key] = append(out[e.Key], h)
			}
		}
	}
	return out
}

// hook reads a command of the client, or a hash with `local` or `remote`.
func (d *decoder) hook(v *yaml11.Value) (config.Hook, bool) {
	if v.Kind == yaml11.String {
		return config.Hook{Local: v.Str}, true
	}
	if v.Kind != yaml11.Map {
		return config.Hook{}, d.wrongType(v)
	}
	var h config.Hook
	outer := *d
	d.into, d.failed = &h, false
	for _, e := range entries(v) {
		d.key = d.schema.find(SectionHook, e.Key)
		d.spelt = outer.spelt + "." + e.Key
		switch {
		case d.key == nil:
			d.diags.WarnAt(e.KeyPos, d.spelt, d.spelt+": unknown key", suggestion(e.Key, d.schema.names(SectionHook, "")))
		case e.Value.Kind == yaml11.Null:
		case isFault(e.Key) && h.Fault != nil:
			d.failed = !d.errorAt(e.Value, "make two entries of it, each with a dash", "a hook has one fault")
		case isFault(e.Key):
			var ok bool
			h.Fault, ok = d.fault(e.Value)
			d.failed = d.failed || !ok
		default:
			d.key.read(d, e.Value)
		}
	}
	failed := d.failed
	*d = outer
	switch {
	case failed:
		return config.Hook{}, false
	case h.Fault != nil && h.Local+h.Remote == "":
		return h, true
	case h.Fault != nil:
		return config.Hook{}, d.errorAt(v, "make two entries of it, each with a dash",
			"a hook has either a command or a fault")
	case h.Local == "" && h.Remote == "":
		return config.Hook{}, d.errorAt(v, `write "local: command" or "remote: command"`, "a hook without a command")
	case h.Local != "" && h.Remote != "":
		return config.Hook{}, d.errorAt(v, "make two entries of it, each with a dash",
			"a hook has either local or remote, not both")
	}
	return h, true
}

// hookCommand reads a shell line, or a list of the words of one.
func hookCommand(d *decoder, v *yaml11.Value) (string, bool) {
	if v.Kind != yaml11.Seq {
		return text(d, v)
	}
	words, ok := texts(d, v)
	return joinWords(words), ok
}

// filterTexts reads names of platforms and /regular expressions/.
func filterTexts(d *decoder, v *yaml11.Value) ([]string, bool) {
	good := true
	for _, it := range items(v) {
		_, ok := kitchen.NewFilter(d.diags, d.spelt, it)
		good = good && ok
	}
	if !good {
		return nil, false
	}
	return texts(d, v)
}

// hookRunsOn reports whether a hook's filters let a platform pass: includes decide when there are any, else excludes.
func (r *resolver) hookRunsOn(h config.Hook, platform string) bool {
	if len(h.Includes) > 0 {
		return r.anyFilter(h.Includes, platform)
	}
	return !r.anyFilter(h.Excludes, platform)
}

// anyFilter reports whether one of the filters, which decoding has checked, matches.
func (r *resolver) anyFilter(filters []string, name string) bool {
	for _, text := range filters {
		f, ok := r.filters[text]
		if !ok {
			f, _ = kitchen.NewFilter(&r.diags, "lifecycle", yaml11.NewString(text, yaml11.Pos{}))
			r.filters[text] = f
		}
		matches, err := f.Match(name)
		if err != nil {
			r.diags.ErrorAt(yaml11.Pos{}, "lifecycle", "the expression "+text+" takes too long: "+err.Error(), "simplify it")
		}
		if matches {
			return true
		}
	}
	return false
}

// hooksOn are the hooks that run on a platform. Those without filters are shared, not copied.
func (r *resolver) hooksOn(h config.Hooks, platform string) config.Hooks {
	filtered := false
	for _, list := range h {
		for _, one := range list {
			filtered = filtered || len(one.Includes)+len(one.Excludes) > 0
		}
	}
	if !filtered {
		return h
	}
	out := config.Hooks{}
	for name, list := range h {
		for _, one := range list {
			if r.hookRunsOn(one, platform) {
				out[name] = append(out[name], one)
			}
		}
	}
	return out
}
