package config

import (
	"fmt"
	"slices"
	"strings"
)

// The names of drivers and engines that decide something.
const (
	driverDokken = "dokken"
	engineDocker = "docker"
	enginePodman = "podman"
)

// servedDriver is what galley does for a driver's name.
type servedDriver struct {
	kind DriverKind
	// engine is the engine that the name asks for, or "".
	engine string
}

// driverNames says for every driver that galley serves what it does for it.
func driverNames() map[string]servedDriver {
	return map[string]servedDriver{
		driverDokken: {DriverContainer, ""},
		"docker":     {DriverContainer, engineDocker},
		"docker_cli": {DriverContainer, engineDocker},
		"podman":     {DriverContainer, enginePodman},
		"dummy":      {DriverDummy, ""},
	}
}

// provisionerNames says for every provisioner's name what galley runs for it.
func provisionerNames() map[string]ProvisionerKind {
	return map[string]ProvisionerKind{
		"dokken":      ProvisionerChef,
		"chef_infra":  ProvisionerChef,
		"chef_zero":   ProvisionerChef,
		"chef_solo":   ProvisionerChef,
		"cinc":        ProvisionerChef,
		"cinc_infra":  ProvisionerChef,
		"cinc_zero":   ProvisionerChef,
		"cinc_solo":   ProvisionerChef,
		"cinc_client": ProvisionerChef,
		"shell":       ProvisionerShell,
		"tool":        ProvisionerTool,
		"puppet":      ProvisionerPuppet,
		"dummy":       ProvisionerDummy,
		"ansible":     ProvisionerAnsible,

		"puppet_apply":     ProvisionerPuppet,
		"ansible_playbook": ProvisionerAnsible,
	}
}

// verifierNames says for every verifier's name what galley runs for it.
func verifierNames() map[string]VerifierKind {
	return map[string]VerifierKind{
		"inspec":       VerifierInspec,
		"cinc_auditor": VerifierCincAuditor,
		"cinc-auditor": VerifierCincAuditor,
		"shell":        VerifierShell,
		"busser":       VerifierBusser,
		"bats":         VerifierBats,
		"serverspec":   VerifierServerspec,
		"goss":         VerifierGoss,
		"testinfra":    VerifierTestinfra,
		"dummy":        VerifierDummy,
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

// keysOf are the sorted keys of a map.
func keysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// wayOut says what serves in place of a plugin that galley does not have.
func wayOut(in Section) string {
	switch in {
	case SectionProvisioner:
		return "; `tool` runs any other one, see docs/provisioners.md"
	case SectionVerifier:
		return "; `shell` runs any other one, see docs/verifiers.md"
	}
	return ""
}

// unknownPlugin says that galley has no plugin of a name, and which it has.
func unknownPlugin(in Section, name string, have []string) (msg, hint string) {
	msg = fmt.Sprintf("galley has no %s %q", in, name)
	hint = "it has " + strings.Join(have, ", ")
	if s := suggestion(name, have); s != "" {
		return msg, s + " " + hint
	}
	return msg, hint + wayOut(in)
}
