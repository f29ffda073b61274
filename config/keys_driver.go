package config

import (
	"time"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// Where keys come from.
const (
	fromDokken    = "kitchen-dokken"
	fromDocker    = "kitchen-docker"
	fromDockerCLI = "kitchen-docker_cli"
	fromKitchen   = "test-kitchen"
	fromGalley    = "galley"
	fromChef      = "kitchen-omnibus-chef"
	fromInspec    = "kitchen-inspec"
	fromBusser    = "busser"
)

// driverKeys are the keys of `driver:`.
func driverKeys() []Key {
	var keys []Key
	for _, part := range [][]Key{
		driverImageKeys(), driverProcessKeys(), driverRightsKeys(), driverResourceKeys(),
		driverStorageKeys(), driverNetworkKeys(), driverEngineKeys(), driverInertKeys(),
	} {
		keys = append(keys, part...)
	}
	for i := range keys {
		keys[i].Section = SectionDriver
	}
	return keys
}

func driverImageKeys() []Key {
	return []Key{
		{Name: "name", Source: fromKitchen, DefaultDoc: "`dummy`", value: textField("", func(i *Instance) *string { return &i.Driver.Name }),
			Doc: "The driver: `dokken` takes whichever engine is there, `docker` and `podman` want that engine, `dummy` makes nothing."},
		{Name: "image", Source: fromDokken, DefaultDoc: "from the platform's name: `ubuntu-22.04` is `ubuntu:22.04`",
			value: imageField(func(i *Instance) *string { return &i.Driver.Image }),
			Doc:   "The platform's image: its name, or its ID of 64 digits."},
		{Name: "platform", Source: fromDokken, value: distribution{},
			Doc: "The platform of the image as os/architecture, such as `linux/arm64`. The family of a distribution (`rhel`, `ubuntu`), which kitchen-docker writes here, is not needed and passed over."},
		{Name: "docker_platform", Source: fromDocker, Aliases: []string{"oci_platform"},
			value: further(field[string]{form: TypeString, at: func(i *Instance) *string { return &i.Driver.OCIPlatform }, parse: platformName}),
			Doc:   "The platform of the image as os/architecture, such as `linux/arm64`."},
		{Name: "docker_registry", Source: fromDokken, Aliases: []string{"registry"}, value: textField("", func(i *Instance) *string { return &i.Driver.Registry }),
			Doc: "A registry, put in front of image names that have none."},
		{Name: "pull", Source: fromGalley, Enum: []string{"missing", "always", "newer", "never"}, DefaultDoc: "`missing`", value: pullBoth{},
			Doc: "When images are pulled: `missing` ones only, `always` once in each run, `newer` likewise yet going on with the local image when the registry does not answer, or `never`."},
		{Name: "pull_platform_image", Source: fromDokken, value: pullField(func(i *Instance) *PullPolicy { return &i.Driver.PullPlatform }),
			Doc: "`true` is `pull: newer` for the platform's image, `false` is `pull: missing`."},
		{Name: "pull_chef_image", Source: fromDokken, value: pullField(func(i *Instance) *PullPolicy { return &i.Driver.PullTool }),
			Doc: "`true` is `pull: newer` for the Chef image, `false` is `pull: missing`."},
		{Name: "chef_image", Source: fromDokken, DefaultDoc: "`chef/chef`, or `cincproject/cinc` for Cinc", value: imageField(func(i *Instance) *string { return &i.Driver.ToolImage }),
			Doc: "The image that brings Chef: its volume is mounted into the runner."},
		{Name: "chef_version", Source: fromDokken, DefaultDoc: "`latest`", value: versionField("", func(i *Instance) *string { return &i.Driver.ToolVersion }),
			Doc: "The tag of the Chef image, such as `18` or `18.5.0`. `stable` is `latest`."},
		{
			Name: "tool_access", Source: fromGalley, value: toolAccessField(),
			Enum:       []string{string(ToolAccessPrivate), string(ToolAccessShared), string(ToolAccessReadOnly)},
			DefaultDoc: "`private` where that costs no copying, elsewhere `shared`, with a notice",
			Doc: "Who sees what a runner writes below the tool's directory, such as `/opt/chef`: `private`, that runner " +
				"alone; `shared`, every runner with the same tool; `read_only`, nothing can be written.",
		},
		{Name: "creds_file", Source: fromDokken, value: pathField(func(i *Instance) *string { return &i.Driver.CredsFile }),
			Doc: "A JSON file with `username`, `password` and `serveraddress` of a registry."},
		{Name: "docker_config_creds", Source: fromDokken, value: flagField(true, func(i *Instance) *bool { return &i.Driver.DockerConfigCreds }),
			Doc: "Whether the registry logins of Docker's and Podman's own files are used."},
		{Name: "intermediate_instructions", Source: fromDokken, value: field[[]string]{form: TypeStrings, at: func(i *Instance) *[]string { return &i.Driver.IntermediateInstructions }, parse: instructions, join: appendTo[string]},
			Doc: "Lines of a Dockerfile that are built on top of the image, such as `RUN apt-get update`."},
		{Name: "provision_command", Source: fromDocker, value: builtCommands(),
			Doc: "Shell commands that are built on top of the image: each is a `RUN` of `intermediate_instructions`."},
		{Name: "build_context", Source: fromDocker, value: field[string]{form: TypePath, at: func(i *Instance) *string { return &i.Driver.BuildContext }, parse: buildContext},
			Doc: "A directory that `intermediate_instructions` may `COPY` from; `true` is the project."},
		{Name: "build_args", Source: fromGalley, value: textMapField(func(i *Instance) *map[string]string { return &i.Driver.BuildArgs }),
			Doc: "Build arguments of `intermediate_instructions`."},
	}
}

func driverProcessKeys() []Key {
	return []Key{
		{Name: "pid_one_command", Source: fromDokken, Aliases: []string{"command"}, DefaultDoc: "a process that waits",
			value: commandField(func(i *Instance) *[]string { return &i.Driver.Command }),
			Doc:   "PID 1 of the runner. The path of systemd or an init prepares the runner for systemd."},
		{Name: "run_command", Source: fromDocker, value: runCommandField(),
			Doc: "The same as `pid_one_command`. A command that starts sshd is passed over: galley needs none. For the driver `docker_cli` the same as `provision_command`."},
		{Name: "entrypoint", Source: fromDokken, value: commandField(func(i *Instance) *[]string { return &i.Driver.Entrypoint }),
			Doc: "Takes the place of the image's entrypoint."},
		{Name: "init_system", Source: fromGalley, Enum: []string{"auto", "systemd", "none"}, value: initField(),
			Doc: "What runs as PID 1: `systemd` prepares the runner for it, `none` does nothing, `auto` looks at `pid_one_command`."},
		{Name: "init", Source: fromGalley, value: flagField(false, func(i *Instance) *bool { return &i.Driver.Init }),
			Doc: "Puts the engine's small init in front of PID 1, which reaps orphans."},
		{Name: "env", Source: fromDokken, Aliases: []string{"env_variables", "environment"}, value: envField(func(i *Instance) *map[string]string { return &i.Driver.Env }),
			Doc: "Environment variables: a hash, or a list of `NAME=value`. A `NAME` alone takes the value that it has on the client."},
		{Name: "user", Source: fromGalley, value: textField("", func(i *Instance) *string { return &i.Driver.User }),
			Doc: "The user that commands run as, as `name` or `uid[:gid]`."},
		{Name: "working_dir", Source: fromGalley, Aliases: []string{"workdir"}, value: textField("", func(i *Instance) *string { return &i.Driver.WorkingDir }),
			Doc: "The working directory inside the runner."},
		{Name: "stop_signal", Source: fromGalley, value: textField("", func(i *Instance) *string { return &i.Driver.StopSignal }),
			Doc: "The signal that stops PID 1."},
		{Name: "labels", Source: fromGalley, Aliases: []string{"label"}, value: field[map[string]string]{form: TypeStringMap, at: func(i *Instance) *map[string]string { return &i.Driver.Labels }, parse: labels, join: mergeInto[string]},
			Doc: "Labels of the runner. Names that begin with `dev.galley.` are galley's own."},
		{Name: "tty", Source: fromDocker, value: flagField(false, func(i *Instance) *bool { return &i.Driver.Tty }),
			Doc: "Gives PID 1 a terminal."},
		{Name: "http_proxy", Source: fromDocker, value: textField("", func(i *Instance) *string { return &i.Driver.Proxy.HTTP }),
			Doc: "The proxy for http; set in the runner's environment. Provisioner and verifier take it over."},
		{Name: "https_proxy", Source: fromDocker, value: textField("", func(i *Instance) *string { return &i.Driver.Proxy.HTTPS }),
			Doc: "The proxy for https."},
		{Name: "ftp_proxy", Source: fromDocker, value: textField("", func(i *Instance) *string { return &i.Driver.Proxy.FTP }),
			Doc: "The proxy for ftp."},
		{Name: "no_proxy", Source: fromDocker, value: textField("", func(i *Instance) *string { return &i.Driver.Proxy.No }),
			Doc: "Hosts that need no proxy, with commas between."},
		{Name: "sleep", For: []string{"dummy"}, Source: fromKitchen, value: secondsField(0, func(i *Instance) *time.Duration { return &i.Driver.Dummy.Sleep }),
			Doc: "How long the dummy driver takes."},
		{Name: "random_failure", For: []string{"dummy"}, Source: fromKitchen, value: flagField(false, func(i *Instance) *bool { return &i.Driver.Dummy.RandomFailure }),
			Doc: "Makes the dummy driver fail now and then."},
		{Name: "fail_create", For: []string{"dummy"}, Source: fromKitchen, value: flagField(false, func(i *Instance) *bool { return &i.Driver.Dummy.Fail }),
			Doc: "Makes the dummy driver fail."},
	}
}

func driverRightsKeys() []Key {
	return []Key{
		{Name: "privileged", Source: fromDokken, value: flagField(false, func(i *Instance) *bool { return &i.Driver.Privileged }),
			Doc: "Gives the runner as much as the engine may give."},
		{Name: "cap_add", Source: fromDokken, value: textsField(func(i *Instance) *[]string { return &i.Driver.CapAdd }),
			Doc: "Capabilities to add, such as `SYS_ADMIN`."},
		{Name: "cap_drop", Source: fromDokken, value: textsField(func(i *Instance) *[]string { return &i.Driver.CapDrop }),
			Doc: "Capabilities to drop."},
		{Name: "security_opt", Source: fromDokken, value: field[Security]{form: TypeStrings, at: func(i *Instance) *Security { return &i.Driver.Security }, parse: security},
			Doc: "Security options such as `seccomp=unconfined` or `label=disable`."},
		{Name: "userns_mode", Source: fromGalley, Aliases: []string{"user_ns_mode", "userns"}, value: field[UserNS]{form: TypeString, at: func(i *Instance) *UserNS { return &i.Driver.UserNS }, parse: userNS},
			Doc: "The user namespace: `host`, `private`, and on Podman `keep-id`, `auto` and `nomap`."},
		{Name: "userns_host", Source: fromDokken, value: onField(UserNS{Mode: UserNSHost}, func(i *Instance) *UserNS { return &i.Driver.UserNS }),
			Doc: "`true` is `userns_mode: host`."},
		{Name: "cgroupns_mode", Source: fromGalley, Aliases: []string{"cgroupns"}, Enum: []string{"host", "private"}, value: namespaceField(func(i *Instance) *Namespace { return &i.Driver.CgroupNS }, NamespaceHost, NamespacePrivate),
			Doc: "The cgroup namespace: `host` or `private`."},
		{Name: "cgroupns_host", Source: fromDokken, value: onField(Namespace{Mode: NamespaceHost}, func(i *Instance) *Namespace { return &i.Driver.CgroupNS }),
			Doc: "`true` is `cgroupns_mode: host`."},
		{Name: "ipc", Source: fromGalley, Aliases: []string{"ipc_mode"}, value: namespaceField(func(i *Instance) *Namespace { return &i.Driver.IPC }, NamespaceNone, NamespaceHost, NamespacePrivate, NamespaceShareable, NamespaceContainer),
			Doc: "The IPC namespace: `host`, `private`, `shareable`, `none` or `container:NAME`."},
		{Name: "pid", Source: fromGalley, Aliases: []string{"pid_mode"}, value: namespaceField(func(i *Instance) *Namespace { return &i.Driver.PID }, NamespaceHost, NamespacePrivate, NamespaceContainer),
			Doc: "The PID namespace: `host`, `private` or `container:NAME`."},
		{Name: "devices", Source: fromDocker, Aliases: []string{"device"}, value: field[[]Device]{form: TypeDevices, at: func(i *Instance) *[]Device { return &i.Driver.Devices }, parse: devices, join: appendTo[Device]},
			Doc: "Devices: `/dev/host[:/dev/inside][:rwm]`."},
		{Name: "gpus", Source: fromDocker, value: field[int]{form: TypeGPUs, at: func(i *Instance) *int { return &i.Driver.GPUs }, parse: gpus},
			Doc: "`all`, or how many GPUs the runner gets."},
		{Name: "group_add", Source: fromGalley, value: textsField(func(i *Instance) *[]string { return &i.Driver.GroupAdd }),
			Doc: "Further groups of the user."},
		{Name: "read_only", Source: fromGalley, value: flagField(false, func(i *Instance) *bool { return &i.Driver.ReadOnlyRootfs }),
			Doc: "Mounts the root file system read-only."},
	}
}

func driverResourceKeys() []Key {
	return []Key{
		{Name: "memory_limit", Source: fromDokken, Aliases: []string{"memory", "mem_limit"}, value: sizeField(func(i *Instance) *int64 { return &i.Driver.Memory }),
			Doc: "The most memory: bytes, or a number with a unit, such as `512m`; 0 is no limit."},
		{Name: "memory_swap", Source: fromGalley, value: field[int64]{form: TypeSize, at: func(i *Instance) *int64 { return &i.Driver.MemorySwap }, parse: bytesOrUnlimited},
			Doc: "The most memory and swap together; `-1` is no limit."},
		{Name: "memory_reservation", Source: fromGalley, value: sizeField(func(i *Instance) *int64 { return &i.Driver.MemoryReservation }),
			Doc: "The memory that stays the runner's own when memory is short."},
		{Name: "shm_size", Source: fromGalley, value: sizeField(func(i *Instance) *int64 { return &i.Driver.ShmSize }),
			Doc: "The size of /dev/shm."},
		{Name: "cpus", Source: fromGalley, value: field[float64]{form: TypeFloat, at: func(i *Instance) *float64 { return &i.Driver.CPUs }, parse: decimal},
			Doc: "How many processors the runner may use, such as `1.5`."},
		{Name: "cpu", Source: fromDocker, Aliases: []string{"cpu_shares"}, value: countField(func(i *Instance) *int64 { return &i.Driver.CPUShares }),
			Doc: "The runner's share of the processors; 1024 is normal."},
		{Name: "cpuset", Source: fromGalley, Aliases: []string{"cpuset_cpus"}, value: textField("", func(i *Instance) *string { return &i.Driver.CPUSet }),
			Doc: "Which processors the runner may use, such as `0-2,4`."},
		{Name: "pids_limit", Source: fromGalley, value: field[int64]{form: TypeInt, at: func(i *Instance) *int64 { return &i.Driver.PidsLimit }, parse: limit},
			Doc: "The most processes in the runner; `-1` is no limit."},
		{Name: "ulimits", Source: fromGalley, Aliases: []string{"ulimit"}, value: field[[]Ulimit]{form: TypeUlimits, at: func(i *Instance) *[]Ulimit { return &i.Driver.Ulimits }, parse: ulimits, join: appendTo[Ulimit]},
			Doc: "Limits such as `nofile=1024:2048` or `{nofile: {soft: 1024, hard: 2048}}`."},
		{Name: "sysctls", Source: fromGalley, Aliases: []string{"sysctl"}, value: textMapField(func(i *Instance) *map[string]string { return &i.Driver.Sysctls }),
			Doc: "Kernel parameters of the runner's namespaces: a hash, or a list of `name=value`."},
	}
}

func driverStorageKeys() []Key {
	return []Key{
		{Name: "volumes", Source: fromDokken, Aliases: []string{"volume"}, value: mountsField(TypeMounts, volumes),
			Doc: "Volumes and directories: `/data`, `name:/data`, `./dir:/data:ro`. Relative paths are the project's; `~` is the home directory."},
		{Name: "binds", Source: fromDokken, value: further(mountsField(TypeMounts, volumes)),
			Doc: "The same as `volumes`."},
		{Name: "mounts", Source: fromDocker, Aliases: []string{"mount"}, value: further(mountsField(TypeMountOptions, mountTexts)),
			Doc: "Mounts in the long form: `type=bind,source=./dir,target=/data,readonly`, or the same as a hash."},
		{Name: "tmpfs", Source: fromDokken, value: further(mountsField(TypeTmpfs, tmpfs)),
			Doc: "File systems in memory: a list of `path[:options]`, or a hash of path to options."},
		{Name: "volumes_from", Source: fromDocker, value: field[[]VolumesFrom]{form: TypeVolumesFrom, at: func(i *Instance) *[]VolumesFrom { return &i.Driver.VolumesFrom }, parse: volumesFrom, join: appendTo[VolumesFrom]},
			Doc: "Containers whose volumes the runner mounts as well: `name[:ro]`."},
	}
}

func driverNetworkKeys() []Key {
	return []Key{
		{Name: "hostname", Source: fromDokken, value: field[string]{
			form: TypeString, def: "dokken", at: func(i *Instance) *string { return &i.Driver.Hostname }, parse: hostname,
		},
			Doc: "The runner's host name, by which others on its network reach it."},
		{Name: "hostname_aliases", Source: fromDokken, value: field[[]string]{form: TypeStrings, at: func(i *Instance) *[]string { return &i.Driver.HostnameAliases }, parse: texts, join: appendTo[string]},
			Doc: "Further names on the network."},
		{Name: "instance_name", Aliases: []string{"container_name"}, Source: fromDocker, value: further(field[[]string]{form: TypeString, at: func(i *Instance) *[]string { return &i.Driver.HostnameAliases }, parse: texts, join: appendTo[string]}),
			Doc: "A further name on the network. Containers are named by galley itself."},
		{Name: "domainname", Source: fromGalley, value: field[string]{
			form: TypeString, at: func(i *Instance) *string { return &i.Driver.Domainname }, parse: hostname,
		},
			Doc: "The part of the host name behind the first dot."},
		{Name: "network_mode", Source: fromDokken, Aliases: []string{"net"}, value: field[Network]{form: TypeString, def: Network{NetworkNamed, "dokken"}, at: func(i *Instance) *Network { return &i.Driver.Network }, parse: network},
			Doc: "`none`, `host`, `bridge`, `container:NAME`, or the name of a network."},
		{Name: "ports", Source: fromDokken, Aliases: []string{"forward", "publish"}, value: field[[]Port]{form: TypePorts, at: func(i *Instance) *[]Port { return &i.Driver.Ports }, parse: ports, join: appendTo[Port]},
			Doc: "Published ports: `80`, `8080:80`, `127.0.0.1:5353:53/udp`, `[::1]:8080:80`, `8000-8002:9000-9002`."},
		{Name: "publish_all", Source: fromDocker, value: flagField(false, func(i *Instance) *bool { return &i.Driver.PublishAll }),
			Doc: "Publishes every port that the image exposes."},
		{Name: "ipv6", Source: fromDokken, value: flagField(false, func(i *Instance) *bool { return &i.Driver.IPv6 }),
			Doc: "Gives the network IPv6."},
		{Name: "ipv6_subnet", Source: fromDokken, DefaultDoc: "a private one, made from the network's name", value: textField("", func(i *Instance) *string { return &i.Driver.IPv6Subnet }),
			Doc: "The network's IPv6 subnet."},
		{Name: "ip_address", Source: fromGalley, Aliases: []string{"ip"}, value: textField("", func(i *Instance) *string { return &i.Driver.IPAddress }),
			Doc: "The runner's IPv4 address."},
		{Name: "ip6_address", Source: fromGalley, Aliases: []string{"ip6"}, value: textField("", func(i *Instance) *string { return &i.Driver.IP6Address }),
			Doc: "The runner's IPv6 address."},
		{Name: "mac_address", Source: fromGalley, value: textField("", func(i *Instance) *string { return &i.Driver.MacAddress }),
			Doc: "The runner's MAC address."},
		{Name: "links", Aliases: []string{"link"}, Source: fromDokken, value: field[[]Link]{form: TypeStrings, at: func(i *Instance) *[]Link { return &i.Driver.Links }, parse: links},
			Doc: "Containers to reach by name: `container[:alias]`."},
		{Name: "dns", Source: fromDokken, value: textsField(func(i *Instance) *[]string { return &i.Driver.DNS }),
			Doc: "Name servers."},
		{Name: "dns_search", Source: fromDokken, value: textsField(func(i *Instance) *[]string { return &i.Driver.DNSSearch }),
			Doc: "Search domains."},
		{Name: "dns_options", Source: fromGalley, Aliases: []string{"dns_option", "dns_opt"}, value: textsField(func(i *Instance) *[]string { return &i.Driver.DNSOptions }),
			Doc: "Options of the resolver, such as `ndots:1`."},
		{Name: "extra_hosts", Source: fromGalley, Aliases: []string{"add_host"}, value: field[[]ExtraHost]{form: TypeHosts, at: func(i *Instance) *[]ExtraHost { return &i.Driver.ExtraHosts }, parse: extraHosts, join: appendTo[ExtraHost]},
			Doc: "Lines of /etc/hosts: `name:address`, where the address `host-gateway` is the host."},
	}
}

func driverEngineKeys() []Key {
	return []Key{
		{Name: "docker_host_url", Source: fromDokken, Aliases: []string{"socket"}, DefaultDoc: "the first engine that answers; see `galley engines`",
			value: field[string]{form: TypeString, at: func(i *Instance) *string { return &i.Driver.Host }, parse: trimmed},
			Doc:   "The engine's address, such as `unix:///run/podman/podman.sock` or `ssh://user@host`."},
		{Name: "binary", Source: fromDocker, value: engineBinary{},
			Doc: "The command line client that kitchen-docker runs. galley runs none; the name `podman` asks for Podman."},
		{Name: "run_options", Source: fromDocker, value: runOptions{},
			Doc: "Flags of `docker run`: a string, a list or a hash. Those that have a key here, such as `--cap-add` or `--tmpfs`, mean that key; others are warned about."},
	}
}

// inertDriver are the driver's keys that galley accepts and has no use for.
func driverInertKeys() []Key {
	type inert struct {
		name, source, why string
		form              Type
		loud              bool
	}
	const (
		engineWorks = "galley talks to the engine's API, without a command line client"
		noData      = "galley uploads through the engine, without a data container"
	)
	var keys []Key
	for _, k := range []inert{
		{"api_retries", fromDokken, "galley repeats the calls that may be repeated by itself", TypeInt, false},
		{"read_timeout", fromDokken, "galley waits as long as the engine is at work", TypeSeconds, false},
		{"write_timeout", fromDokken, "galley waits as long as the engine is at work", TypeSeconds, false},
		{"data_image", fromDokken, noData, TypeString, false},
		{"data_ssh_port", fromDokken, noData, TypeInt, false},
		{"docker_info", fromDokken, "galley asks the engine itself", TypeAny, false},
		{"image_prefix", fromDokken, "galley names its images by their content", TypeString, false},
		{"pre_create_command", fromKitchen, "it becomes a `pre_create` hook of `lifecycle:`", TypeString, false},
		{"use_sudo", fromDocker, engineWorks, TypeBool, false},
		{"use_cache", fromDocker, "work images are named by their content, and made anew when it changes", TypeBool, false},
		{"no_cache", fromDockerCLI, "work images are named by their content, and made anew when it changes", TypeBool, false},
		{"dockerfile_vars", fromDockerCLI, "galley does not build from a Dockerfile of yours: write `build_args` beside `intermediate_instructions`", TypeAny, true},
		{"skip_preparation", fromDockerCLI, "galley changes nothing in the image", TypeBool, false},
		{"instance_host_name", fromDockerCLI, "write `hostname`", TypeBool, false},
		{"instance_container_name", fromDockerCLI, "galley names its containers itself", TypeBool, false},
		{"destroy_container_name", fromDockerCLI, "galley names its containers itself", TypeBool, false},
		{"remove_images", fromDocker, "`galley prune` removes what is no longer used", TypeBool, false},
		{"disable_upstart", fromDocker, "galley changes nothing in the image", TypeBool, false},
		{"build_tempdir", fromDocker, engineWorks, TypePath, false},
		{"build_options", fromDocker, "write `build_args` instead", TypeAny, true},
		{"dockerfile", fromDocker, "galley does not build from a Dockerfile of yours: build the image first and name it in `image`, or write `intermediate_instructions`", TypePath, true},
		{"isolation", fromDocker, "galley runs Linux containers", TypeString, false},
		{"interactive", fromDocker, "galley attaches nothing to PID 1", TypeBool, false},
		{"tls", fromDocker, "set DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, or use a Docker context", TypeBool, true},
		{"tls_verify", fromDocker, "set DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, or use a Docker context", TypeBool, true},
		{"tls_cacert", fromDocker, "set DOCKER_CERT_PATH, or use a Docker context", TypePath, true},
		{"tls_cert", fromDocker, "set DOCKER_CERT_PATH, or use a Docker context", TypePath, true},
		{"tls_key", fromDocker, "set DOCKER_CERT_PATH, or use a Docker context", TypePath, true},
		{"username", fromDocker, withoutSSH, TypeString, false},
		{"public_key", fromDocker, withoutSSH, TypePath, false},
		{"private_key", fromDocker, withoutSSH, TypePath, false},
		{"use_internal_docker_network", fromDocker, withoutSSH, TypeBool, false},
		{"wait_for_transport", fromDocker, withoutSSH, TypeBool, false},
		{"wait_for_sshd", fromDocker, withoutSSH, TypeBool, false},
		{"sudo_command", fromDocker, engineWorks, TypeString, false},
		{"package_name", fromDocker, "galley makes no images of runners", TypeString, false},
		{"require_chef_omnibus", fromKitchen, "Chef comes from the Chef image: write `chef_version`", TypeAny, false},
		{"ssl_verify_mode", fromKitchen, "it belongs into `provisioner.client_rb`", TypeString, false},
	} {
		keys = append(keys, Key{Name: k.name, Source: k.source, Inert: k.why, Loud: k.loud, form: k.form})
	}
	return keys
}

// pullFlag is `pull_*_image`: a boolean in the file, a policy in the instance.
type pullFlag struct{ field[PullPolicy] }

func (pullFlag) standard() any { return false }

func pullField(at func(*Instance) *PullPolicy) pullFlag {
	return pullFlag{field[PullPolicy]{form: TypeBool, at: at, def: PullMissing, parse: func(d *decoder, v *yaml11.Value) (PullPolicy, bool) {
		on, ok := boolean(d, v)
		if on {
			return PullNewer, ok
		}
		return PullMissing, ok
	}}}
}

// onField sets a value when the key is true.
func onField[T any](value T, at func(*Instance) *T) field[T] {
	return further(field[T]{form: TypeBool, at: at,
		parse: func(d *decoder, v *yaml11.Value) (T, bool) {
			on, ok := boolean(d, v)
			return value, ok && on
		}})
}

func toolAccessField() field[ToolAccess] {
	return field[ToolAccess]{
		form: TypeString, at: func(i *Instance) *ToolAccess { return &i.Driver.ToolAccess },
		parse: func(d *decoder, v *yaml11.Value) (ToolAccess, bool) {
			s, ok := word(d, v)
			return ToolAccess(s), ok
		},
	}
}

func initField() field[InitSystem] {
	return field[InitSystem]{form: TypeString, def: InitAuto, at: func(i *Instance) *InitSystem { return &i.Driver.InitSystem },
		parse: func(d *decoder, v *yaml11.Value) (InitSystem, bool) {
			s, ok := word(d, v)
			return InitSystem(s), ok
		}}
}
