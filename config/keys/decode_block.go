package keys

import (
	"cmp"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/suggest"
)

// isSetting reports whether a key is one that Test Kitchen itself puts into every
// plugin's block. Only the provisioner has a log level of its own.
func isSetting(in Section, name string) bool {
	switch name {
	case "kitchen_root", "test_base_path", "debug":
		return true
	case "log_level":
		return in != SectionProvisioner
	}
	return false
}

// block decodes all keys of one plugin's block, in the order of the file.
func (d *decoder) block(in Section, kind string, block *yaml11.Value) {
	for _, e := range entries(block) {
		if isSetting(in, e.Key) || e.Key == "name" {
			continue
		}
		k := d.schema.find(in, e.Key)
		d.spelt = cmp.Or(d.at, string(in)) + "." + e.Key
		switch {
		case isProviders(in, kind, k):
			d.providersKey(e)
			continue
		case k == nil:
			d.unknownKey(in, kind, e)
			continue
		case e.Value.Kind == yaml11.Null:
			// A null in Test Kitchen overrules a default; that is of no use here.
			continue
		case k.Inert != "":
			if d.lint || k.Loud && k.forKind(kind) && (e.Value.Kind != yaml11.Bool || e.Value.Bool) {
				d.diags.WarnAt(e.KeyPos, d.spelt, d.spelt+" has no effect in galley", k.Inert)
			}
			continue
		case !k.forKind(kind):
			// The key is of another plugin of the section, which other instances of the file may well use.
			if d.lint {
				d.diags.WarnAt(e.KeyPos, d.spelt, d.spelt+" has no effect on the "+string(in)+" "+kind,
					"it is a key of "+strings.Join(k.For, ", "))
			}
			continue
		case d.set[k.Name] != nil && !k.joins:
			d.warnAt(e.Value, "remove one of the two", "it is set already, by another spelling of the same key; this one counts")
		}
		d.key = k
		d.set[k.Name] = e.Value
		k.read(d, e.Value)
	}
}

// unknownKey warns of a key that galley does not know, unless it is of a driver
// or provisioner that galley does not serve.
func (d *decoder) unknownKey(in Section, kind string, e yaml11.Entry) {
	if isForeign(in, kind, e.Key) || in == SectionTransport || strings.HasPrefix(e.Key, "x-") {
		return
	}
	s := d.schema
	hint := ""
	switch other := s.elsewhere(in, e.Key); {
	case e.Key == "driver_config" || e.Key == string(in) || e.Key == string(in)+"_config":
		hint = "remove this line, and put the keys below it directly under `" + string(in) + ":`"
	case suggest.Nearest(e.Key, s.names(in, kind)) != "":
		hint = suggestion(e.Key, s.names(in, kind))
	case s.find(SectionRoot, e.Key) != nil:
		hint = "`" + e.Key + ":` is a block of its own: move it out of `" + string(in) +
			":`, to the margin, a platform or a suite"
	case other == SectionSuite || other == SectionPlatform:
		hint = "`" + e.Key + "` is a key of a " + string(other) + ": write it beside `" + string(in) + ":`, not below it"
	case other != "":
		hint = "`" + e.Key + "` is a key of the " + string(other) + ": move it below `" + string(other) + ":`"
	default:
		hint = s.nearestElsewhere(in, e.Key)
	}
	d.diags.WarnAt(e.KeyPos, d.spelt, d.spelt+": unknown key, it has no effect", hint)
}

// fields reads the keys of a hash that has a section of its own into what the pointer points to. It reports whether all
// were good.
func (d *decoder) fields(in Section, v *yaml11.Value, into any) bool {
	outer := *d
	d.into, d.failed = into, false
	for _, e := range entries(v) {
		d.key = d.schema.find(in, e.Key)
		d.spelt = outer.spelt + "." + e.Key
		switch {
		case d.key == nil:
			d.failed = !d.errorAt(e.Value, suggestion(e.Key, d.schema.names(in, "")), "unknown key")
		case e.Value.Kind != yaml11.Null:
			d.key.read(d, e.Value)
		}
	}
	good := !d.failed
	*d = outer
	return good
}

// isProviders reports whether a key of a block is for the provider of the external provisioner.
func isProviders(in Section, kind string, k *Key) bool {
	return in == SectionProvisioner && kind == string(config.ProvisionerExternal) &&
		(k == nil || k.Inert != "" || !k.forKind(kind))
}

// providersKey keeps a key that is for a provider.
func (d *decoder) providersKey(e yaml11.Entry) {
	value := ordered(e.Value, func(name string) string { return name })
	c := &d.inst.Provisioner.External.Config
	*c = c.With(e.Key, value)
}
