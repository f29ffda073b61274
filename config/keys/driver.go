package keys

import (
	"slices"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// driverKeys are the keys of `driver:`.
func driverKeys() []Key {
	return inSection(SectionDriver, slices.Concat(driverImageKeys(), driverProcessKeys(), driverRightsKeys(),
		driverResourceKeys(), driverStorageKeys(), driverNetworkKeys(), driverEngineKeys()))
}

func driverImageKeys() []Key {
	return []Key{
		{Name: "name", value: textField("", "Driver.Name")},
		{Name: "image", value: imageField("Driver.Image")},
		{Name: "platform", value: special{TypeString, platform, shownPlatform}},
		{
			Name:    "docker_platform",
			Aliases: "oci_platform",
			value:   further(parsed(TypeString, "Driver.OCIPlatform", platformName)),
		},
		{Name: "docker_registry", Aliases: "registry", value: textField("", "Driver.Registry")},
		{
			Name:  "pull",
			Enum:  []string{"missing", "always", "newer", "never"},
			value: special{form: TypeString, read: pullBoth},
		},
		{Name: "pull_platform_image", value: pullField("Driver.PullPlatform")},
		{Name: "pull_chef_image", value: pullField("Driver.PullTool")},
		{Name: "chef_image", value: imageField("Driver.ToolImage")},
		{Name: "chef_version", value: versionField("Driver.ToolVersion")},
		enumKey("tool_access", "Driver.ToolAccess", "", spec.ToolPrivate, spec.ToolShared, spec.ToolReadOnly),
		{Name: "creds_file", value: pathField("Driver.CredsFile")},
		{Name: "docker_config_creds", value: flagField(true, "Driver.DockerConfigCreds")},
		{Name: "client_proxies", value: flagField(true, "Driver.ClientProxies")},
		{
			Name:  "intermediate_instructions",
			value: joined(parsed(TypeStrings, "Driver.IntermediateInstructions", instructions)),
		},
		{
			Name:  "provision_command",
			value: further(joined(parsed(TypeStrings, "Driver.IntermediateInstructions", runInstructions))),
		},
		{Name: "build_context", value: parsed(TypePath, "Driver.BuildContext", buildContext)},
		{Name: "build_args", value: textMapField("Driver.BuildArgs")},
		{Name: "build_secrets", value: parsed(TypeHash, "Driver.BuildSecrets", buildSecrets)},
	}
}

func driverProcessKeys() []Key {
	return []Key{
		{Name: "pid_one_command", Aliases: "command", value: commandField("Driver.Command")},
		{Name: "run_command", value: special{form: TypeCommand, read: runCommand}},
		{Name: "entrypoint", value: commandField("Driver.Entrypoint")},
		enumKey("init_system", "Driver.InitSystem", config.InitAuto, config.InitSystemd, config.InitNone),
		{Name: "init", value: flagField(false, "Driver.Init")},
		{Name: "env", Aliases: "env_variables environment", value: envField("Driver.Env")},
		{Name: "user", value: textField("", "Driver.User")},
		{Name: "working_dir", Aliases: "workdir", value: textField("", "Driver.WorkingDir")},
		{Name: "stop_signal", value: textField("", "Driver.StopSignal")},
		{Name: "labels", Aliases: "label", value: merged(parsed(TypeStringMap, "Driver.Labels", labels))},
		{Name: "tty", value: flagField(false, "Driver.Tty")},
		{Name: "fault_image", value: imageField("Driver.FaultImage")},
		{Name: "ready", value: parsed(TypeHash, "Driver.Ready", ready)},
		{Name: "http_proxy", value: textField("", "Driver.Proxy.HTTP")},
		{Name: "https_proxy", value: textField("", "Driver.Proxy.HTTPS")},
		{Name: "ftp_proxy", value: textField("", "Driver.Proxy.FTP")},
		{Name: "no_proxy", value: textField("", "Driver.Proxy.No")},
		{Name: "sleep", For: []string{"dummy"}, value: secondsField(0, "Driver.Dummy.Sleep")},
		{Name: "random_failure", For: []string{"dummy"}, value: flagField(false, "Driver.Dummy.RandomFailure")},
		{Name: "fail_create", For: []string{"dummy"}, value: flagField(false, "Driver.Dummy.Fail")},
	}
}

func driverRightsKeys() []Key {
	return []Key{
		{Name: "privileged", value: flagField(false, "Driver.Privileged")},
		{Name: "cap_add", value: textsField("Driver.CapAdd")},
		{Name: "cap_drop", value: textsField("Driver.CapDrop")},
		{Name: "security_opt", value: parsed(TypeStrings, "Driver.Security", security)},
		{Name: "userns_mode", Aliases: "user_ns_mode userns", value: parsed(TypeString, "Driver.UserNS", userNS)},
		{Name: "userns_host", value: onField(spec.UserNS{Mode: spec.UserNSHost}, "Driver.UserNS")},
		{
			Name:    "cgroupns_mode",
			Aliases: "cgroupns",
			Enum:    []string{"host", "private"},
			value:   namespaceField("Driver.CgroupNS", spec.NamespaceHost, spec.NamespacePrivate),
		},
		{Name: "cgroupns_host", value: onField(spec.Namespace{Mode: spec.NamespaceHost}, "Driver.CgroupNS")},
		{
			Name:    "ipc",
			Aliases: "ipc_mode",
			value: namespaceField("Driver.IPC", spec.NamespaceNone, spec.NamespaceHost, spec.NamespacePrivate,
				spec.NamespaceShareable,
				spec.NamespaceContainer),
		},
		{
			Name:    "pid",
			Aliases: "pid_mode",
			value:   namespaceField("Driver.PID", spec.NamespaceHost, spec.NamespacePrivate, spec.NamespaceContainer),
		},
		{Name: "devices", Aliases: "device", value: joined(parsed(TypeDevices, "Driver.Devices", devices))},
		{Name: "gpus", value: parsed(TypeGPUs, "Driver.GPUs", gpus)},
		{Name: "group_add", value: textsField("Driver.GroupAdd")},
		{Name: "read_only", value: flagField(false, "Driver.ReadOnlyRootfs")},
	}
}

func driverResourceKeys() []Key {
	return []Key{
		{Name: "memory_limit", Aliases: "memory mem_limit", value: sizeField("Driver.Memory")},
		{Name: "memory_swap", value: parsed(TypeSize, "Driver.MemorySwap", bytesOrUnlimited)},
		{Name: "memory_reservation", value: sizeField("Driver.MemoryReservation")},
		{Name: "shm_size", value: sizeField("Driver.ShmSize")},
		{Name: "cpus", value: parsed(TypeFloat, "Driver.CPUs", decimal)},
		{Name: "cpu", Aliases: "cpu_shares", value: countField("Driver.CPUShares")},
		{Name: "cpuset", Aliases: "cpuset_cpus", value: textField("", "Driver.CPUSet")},
		{Name: "pids_limit", value: parsed(TypeInt, "Driver.PidsLimit", limit)},
		{Name: "ulimits", Aliases: "ulimit", value: joined(parsed(TypeUlimits, "Driver.Ulimits", ulimits))},
		{Name: "sysctls", Aliases: "sysctl", value: textMapField("Driver.Sysctls")},
	}
}

func driverStorageKeys() []Key {
	return []Key{
		{Name: "volumes", Aliases: "volume", value: mountsField(TypeMounts, volumes)},
		{Name: "binds", value: further(mountsField(TypeMounts, volumes))},
		{Name: "mounts", Aliases: "mount", value: further(mountsField(TypeMountOptions, mountTexts))},
		{Name: "tmpfs", value: further(mountsField(TypeTmpfs, tmpfs))},
		{Name: "volumes_from", value: joined(parsed(TypeVolumesFrom, "Driver.VolumesFrom", volumesFrom))},
	}
}

func driverNetworkKeys() []Key {
	return []Key{
		{Name: "hostname", value: withDefault("dokken", parsed(TypeString, "Driver.Hostname", hostname))},
		{Name: "hostname_aliases", value: joined(parsed(TypeStrings, "Driver.HostnameAliases", texts))},
		{
			Name:    "instance_name",
			Aliases: "container_name",
			value:   further(joined(parsed(TypeString, "Driver.HostnameAliases", texts))),
		},
		{Name: "domainname", value: parsed(TypeString, "Driver.Domainname", hostname)},
		{
			Name:    "network_mode",
			Aliases: "net",
			value: withDefault(spec.Network{Mode: spec.NetworkNamed, Name: "dokken"},
				parsed(TypeString, "Driver.Network", network)),
		},
		{Name: "ports", Aliases: "forward publish", value: joined(parsed(TypePorts, "Driver.Ports", ports))},
		{Name: "publish_all", value: flagField(false, "Driver.PublishAll")},
		{Name: "ipv6", value: flagField(false, "Driver.IPv6")},
		{Name: "ipv6_subnet", value: textField("", "Driver.IPv6Subnet")},
		{Name: "ip_address", Aliases: "ip", value: textField("", "Driver.IPAddress")},
		{Name: "ip6_address", Aliases: "ip6", value: textField("", "Driver.IP6Address")},
		{Name: "mac_address", value: textField("", "Driver.MacAddress")},
		{Name: "links", Aliases: "link", value: parsed(TypeStrings, "Driver.Links", links)},
		{Name: "dns", value: textsField("Driver.DNS")},
		{Name: "dns_search", value: textsField("Driver.DNSSearch")},
		{Name: "dns_options", Aliases: "dns_option dns_opt", value: textsField("Driver.DNSOptions")},
		{Name: "extra_hosts", Aliases: "add_host", value: joined(parsed(TypeHosts, "Driver.ExtraHosts", extraHosts))},
	}
}

func driverEngineKeys() []Key {
	return []Key{
		{Name: "docker_host_url", Aliases: "socket", value: parsed(TypeString, "Driver.Host", trimmed)},
		{Name: "binary", value: special{TypeString, engineBinary, shownEngine}},
		{Name: "run_options", value: special{form: TypeAny, read: runOptions}},
	}
}

// pullFlag is `pull_*_image`: a boolean in the file, a policy in the instance.
type pullFlag struct{ field[config.PullPolicy] }

func (pullFlag) standard() any { return false }

func pullField(path string) pullFlag {
	return pullFlag{withDefault(config.PullMissing, parsed(TypeBool, path,
		func(d *decoder, v *yaml11.Value) (config.PullPolicy, bool) {
			on, ok := boolean(d, v)
			if on {
				return config.PullNewer, ok
			}
			return config.PullMissing, ok
		}))}
}

// onField sets a value when the key is true.
func onField[T any](value T, path string) field[T] {
	return further(field[T]{form: TypeBool, at: at[T](path),
		parse: func(d *decoder, v *yaml11.Value) (T, bool) {
			on, ok := boolean(d, v)
			return value, ok && on
		}})
}
