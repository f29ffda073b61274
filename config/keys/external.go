package keys

import (
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// externalKeys are the keys of the external provisioner. All others of its block are its provider's.
func externalKeys() []Key {
	keys := []Key{
		{Name: "provider", value: textField("", "Provisioner.External.Provider")},
		{Name: "pass_env", value: textsField("Provisioner.External.PassEnv")},
	}
	return inSection(SectionProvisioner, keys, string(config.ProvisionerExternal))
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
