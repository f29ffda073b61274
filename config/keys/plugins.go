package keys

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// The names of drivers and engines that decide something.
const (
	driverDokken = "dokken"
	enginePodman = "podman"
)

// servedDriver is what galley does for a driver's name.
type servedDriver struct {
	kind config.DriverKind
	// engine is the engine that the name asks for, or "".
	engine string
}

// driverNames says for every driver that galley serves what it does for it.
func driverNames() map[string]servedDriver {
	return map[string]servedDriver{
		driverDokken: {config.DriverContainer, ""},
		"docker":     {config.DriverContainer, "docker"},
		"docker_cli": {config.DriverContainer, "docker"},
		"podman":     {config.DriverContainer, enginePodman},
		"dummy":      {config.DriverDummy, ""},
	}
}

// provisionerNames says for every provisioner's name what galley runs for it.
func provisionerNames() map[string]config.ProvisionerKind {
	return map[string]config.ProvisionerKind{
		"dokken":      config.ProvisionerChef,
		"chef_infra":  config.ProvisionerChef,
		"chef_zero":   config.ProvisionerChef,
		"chef_solo":   config.ProvisionerChef,
		"cinc":        config.ProvisionerChef,
		"cinc_infra":  config.ProvisionerChef,
		"cinc_zero":   config.ProvisionerChef,
		"cinc_solo":   config.ProvisionerChef,
		"cinc_client": config.ProvisionerChef,
		"shell":       config.ProvisionerShell,
		"tool":        config.ProvisionerTool,
		"puppet":      config.ProvisionerPuppet,
		"dummy":       config.ProvisionerDummy,
		"ansible":     config.ProvisionerAnsible,
		"external":    config.ProvisionerExternal,
		"salt":        config.ProvisionerSalt,
		"salt_solo":   config.ProvisionerSalt,

		"puppet_apply":     config.ProvisionerPuppet,
		"ansible_playbook": config.ProvisionerAnsible,
	}
}

// verifierNames says for every verifier's name what galley runs for it.
func verifierNames() map[string]config.VerifierKind {
	return map[string]config.VerifierKind{
		"inspec":       config.VerifierInspec,
		"cinc_auditor": config.VerifierCincAuditor,
		"cinc-auditor": config.VerifierCincAuditor,
		"shell":        config.VerifierShell,
		"busser":       config.VerifierBusser,
		"bats":         config.VerifierBats,
		"serverspec":   config.VerifierServerspec,
		"goss":         config.VerifierGoss,
		"testinfra":    config.VerifierTestinfra,
		"dummy":        config.VerifierDummy,
	}
}

// foreignDrivers are drivers of Test Kitchen that make machines, not containers.
func foreignDrivers() []string {
	return []string{
		"vagrant", "ec2", "azurerm", "google", "gce", "digitalocean", "openstack", "vcenter", "vsphere", "vra", "vro",
		"hyperv", "proxy", "exec", "ssh", "localhost", "lxc", "lxd", "rackspace", "joyent", "scaleway", "linode", "oci",
		"terraform", "cloudstack", "sshgw", "wpar", "zone", "bluebox", "binarylane", "dsc", "pulumi", "qemu", "libvirt",
	}
}

// namesIn are the sorted keys of a map.
func namesIn[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// unknownPlugin reports that galley has no plugin of a name, which it has, and what serves in its place.
func (r *resolver) unknownPlugin(in Section, name string, at *yaml11.Value, have []string) {
	list, near := strings.Join(have, ", "), suggestion(name, have)
	msg := fmt.Sprintf("%s.name: galley has no %s %q", in, in, name)
	foreign := in == SectionDriver && slices.Contains(foreignDrivers(), name)
	if foreign {
		msg += ", for it makes containers only"
	}
	var hint string
	switch {
	case foreign, in == SectionDriver && near == "":
		hint = "to run these suites in containers, put two lines into kitchen.local.yml:\n      driver:\n        name: dokken"
	case in == SectionDriver:
		hint = near + " galley has " + list
	case near != "":
		hint = near + " it has " + list
	default:
		hint = "it has " + list + map[Section]string{
			SectionProvisioner: "; `tool` runs any other one, see docs/provisioners.md",
			SectionVerifier:    "; `shell` runs any other one, see docs/verifiers.md",
		}[in]
	}
	r.diags.ErrorAt(at.Pos, string(in)+".name", msg, hint)
}
