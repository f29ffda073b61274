package config

import (
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend/spec"
)

// Instance is one suite on one platform, fully resolved: layers merged, defaults
// applied, values typed and checked. It is never changed after it was made.
type Instance struct {
	// Name is "<suite>-<platform>", as Test Kitchen builds it.
	Name string
	// On is what people call the engine that `--on` has put the instance on, empty without that. The name ends in it.
	On string
	// Suite and Platform are the names in kitchen.yml.
	Suite, Platform string
	// OSType is "unix" or "windows"; ShellType "bourne" or "powershell".
	OSType, ShellType string
	// Index is the instance's place in the file, from 0.
	Index int
	// Node is the instance's place in a suite of several machines, nil where it stands for itself.
	Node *Node
	// Nodes are the names of its nodes, when this is not an instance with a runner but a group of them as a whole.
	Nodes []string
	// From is the instance from whose converged state this one starts, nil for the platform's image.
	From *Instance

	Driver      Driver
	Provisioner Provisioner
	Verifier    Verifier
	Transport   Transport
	Hooks       Hooks
	Publish     Publish
	Compare     Compare
	// Services are started before the runner, in this order: each after those that it depends on.
	Services []Service
	// Shared are services that other instances have too, of which there is one. They are there before Services.
	Shared []Service
	// Networks are those of the instance's own on which the runner is besides the driver's, in the order of the file.
	Networks []Network
	// Steps are converged and verified one after another; empty for one converge of what the instance itself says.
	Steps []Step

	// Secrets are the values of secrets in all files of the project. Its instances share the list.
	Secrets []string
}

// PlainName is the name that the instance has in kitchen.yml.
func (i Instance) PlainName() string {
	if i.On == "" {
		return i.Name
	}
	return strings.TrimSuffix(i.Name, "@"+i.On)
}

// Node is a machine of a suite that has several: an entry of kitchen.yml's `nodes:`.
type Node struct {
	// Name is what the other nodes find it by.
	Name string
	// After are the nodes that are converged before it.
	After []string
	// Networks are those of the group that it is on besides that of all nodes.
	Networks []Endpoint
	// Group is the suite on its platform as a whole: the services, the networks, and the verifier that tests it, of no
	// Kind for none. Its driver and what is not about the whole are those of the first node.
	Group *Instance
}

// Driver says what the runner is like: kitchen.yml's `driver:`. Keys that
// kitchen-dokken knows keep its meaning; see docs/kitchen-yml.md.
type Driver struct {
	// Name is the driver's name in kitchen.yml.
	Name string `key:"name"`
	// Kind is what galley does for the name.
	Kind DriverKind
	// Engine is "docker" or "podman" when the driver's name asks for one (`driver: podman`), and empty otherwise.
	Engine string `key:"binary" as:"engine"`
	// Host is the engine of this instance.
	Host string `key:"docker_host_url socket" as:"trimmed"`
	// Recorded is set when the engine is the one that the instance's record names: `--on` had put it there.
	Recorded bool

	// Image is the platform image; without the key it is made from the platform's name.
	Image string `key:"image" as:"image"`
	// Registry is put in front of unqualified image names.
	Registry string `key:"docker_registry registry"`
	// OCIPlatform is os/arch[/variant], or empty.
	OCIPlatform string `key:"platform" as:"platform or family"`
	// PullPlatform and PullTool say when the platform's and the tool's image are pulled; `pull` overrules both.
	PullPlatform      PullPolicy `key:"pull_platform_image" as:"pull" default:"false"`
	PullTool          PullPolicy `key:"pull_chef_image" as:"pull" default:"false"`
	CredsFile         string     `key:"creds_file" as:"path"`
	DockerConfigCreds bool       `key:"docker_config_creds" default:"true"`
	ClientProxies     bool       `key:"client_proxies" default:"true"`
	// IntermediateInstructions are Dockerfile lines for a work image.
	IntermediateInstructions []string `key:"intermediate_instructions" as:"instructions" joins:"true"`
	// BuildContext is a directory that intermediate instructions may COPY from.
	BuildContext string            `key:"build_context" as:"build context"`
	BuildArgs    map[string]string `key:"build_args"`
	// BuildSecrets are by id.
	BuildSecrets map[string]BuildSecret `key:"build_secrets"`

	// ToolImage is the image that brings the tool, with its tag. ToolVersion is as it was written.
	ToolImage   string `key:"chef_image" as:"image"`
	ToolVersion string `key:"chef_version" as:"version"`
	// ToolAccess is what the runner may do to the tool's files.
	ToolAccess spec.ToolAccess `key:"tool_access" enum:"private shared read_only"`

	// Entrypoint is nil when it was not set. Of a Command that is nil, galley has its own PID 1.
	Entrypoint []string `key:"entrypoint" as:"command"`
	Command    []string `key:"pid_one_command command" as:"command"`
	// InitSystem is how PID 1 is to be treated.
	InitSystem InitSystem `key:"init_system" enum:"auto systemd none" default:"auto"`
	// Init puts the engine's small init in front of the command.
	Init bool `key:"init"`

	Hostname string `key:"hostname" as:"hostname" default:"dokken"`
	// HostnameSet reports whether kitchen.yml named the host, rather than the default.
	HostnameSet     bool
	HostnameAliases []string          `key:"hostname_aliases" joins:"true"`
	Domainname      string            `key:"domainname" as:"hostname"`
	Env             map[string]string `key:"env env_variables environment" as:"env"`
	User            string            `key:"user"`
	WorkingDir      string            `key:"working_dir workdir"`
	StopSignal      string            `key:"stop_signal"`
	Labels          map[string]string `key:"labels label" as:"labels"`
	Tty             bool              `key:"tty"`
	// Ready says when the runner is ready to be converged, nil for as soon as it runs.
	Ready *Ready `key:"ready"`

	Privileged     bool              `key:"privileged"`
	UserNS         spec.UserNS       `key:"userns_mode user_ns_mode userns"`
	CgroupNS       spec.Namespace    `key:"cgroupns_mode cgroupns" as:"cgroupns" enum:"host private"`
	IPC            spec.Namespace    `key:"ipc ipc_mode" as:"ipc"`
	PID            spec.Namespace    `key:"pid pid_mode" as:"pid"`
	CapAdd         []string          `key:"cap_add"`
	CapDrop        []string          `key:"cap_drop"`
	Security       spec.Security     `key:"security_opt"`
	Devices        []spec.Device     `key:"devices device" joins:"true"`
	GPUs           int               `key:"gpus" as:"gpus"` // -1 for all
	GroupAdd       []string          `key:"group_add"`
	Ulimits        []spec.Ulimit     `key:"ulimits ulimit" joins:"true"`
	Sysctls        map[string]string `key:"sysctls sysctl"`
	ReadOnlyRootfs bool              `key:"read_only"`

	// Memory, MemorySwap (-1 unlimited), MemoryReservation, ShmSize are bytes; 0 is no limit.
	Memory            int64   `key:"memory_limit memory mem_limit" as:"size"`
	MemorySwap        int64   `key:"memory_swap" as:"size or -1"`
	MemoryReservation int64   `key:"memory_reservation" as:"size"`
	ShmSize           int64   `key:"shm_size" as:"size"`
	CPUs              float64 `key:"cpus"`
	CPUShares         int64   `key:"cpu cpu_shares"`
	CPUSet            string  `key:"cpuset cpuset_cpus"`
	PidsLimit         int64   `key:"pids_limit" as:"count or -1"`

	// Mounts are volumes, binds, tmpfs and mounts, in kitchen.yml's order.
	Mounts      []spec.Mount       `key:"volumes volume" joins:"true"`
	VolumesFrom []spec.VolumesFrom `key:"volumes_from" joins:"true"`
	Ports       []spec.PortMapping `key:"ports forward publish" joins:"true"`
	PublishAll  bool               `key:"publish_all"`

	Network    spec.Network     `key:"network_mode net" default:"dokken"`
	IPv6       bool             `key:"ipv6"`
	IPv6Subnet string           `key:"ipv6_subnet"`
	IPAddress  string           `key:"ip_address ip"`
	IP6Address string           `key:"ip6_address ip6"`
	MacAddress string           `key:"mac_address"`
	Links      []spec.Link      `key:"links link"`
	DNS        []string         `key:"dns"`
	DNSSearch  []string         `key:"dns_search"`
	DNSOptions []string         `key:"dns_options dns_option dns_opt"`
	ExtraHosts []spec.HostEntry `key:"extra_hosts add_host" joins:"true"`

	// FaultImage has the programs that make network faults, empty for the runner's own image.
	FaultImage string `key:"fault_image" as:"image"`
	// Proxy are the driver's proxies. They are in Env already.
	Proxy Proxy
	// Dummy are the keys of the dummy driver.
	Dummy Dummy
}

// TaggedImage joins chef_image and chef_version. A tag or digest that is a part of the image wins.
func TaggedImage(image, version string) string {
	if strings.ContainsAny(image[strings.LastIndexByte(image, '/')+1:], ":@") {
		return image
	}
	if version == "stable" {
		version = "latest"
	}
	return image + ":" + version
}

// DriverKind is an implementation of a driver.
type DriverKind string

// The drivers.
const (
	// DriverContainer makes containers: dokken, docker, docker_cli and podman.
	DriverContainer DriverKind = "container"
	// DriverDummy is Test Kitchen's default; galley makes containers for it too.
	DriverDummy DriverKind = "dummy"
	// DriverUnserved is a driver that galley cannot serve, such as vagrant. Such
	// an instance comes with an Error diagnostic, and must not be run.
	DriverUnserved DriverKind = "unserved"
)

// Dummy are the keys of the dummy driver, provisioner and verifier, which do nothing, slowly or in vain.
type Dummy struct {
	// Sleep is how long the action takes.
	Sleep time.Duration
	// Fail makes it fail; RandomFailure makes it fail now and then.
	Fail, RandomFailure bool
}

// PullPolicy says when an image is pulled.
type PullPolicy string

// The pull policies.
const (
	// PullMissing pulls what is not there: the default.
	PullMissing PullPolicy = "missing"
	// PullAlways pulls once in every run and fails when that fails.
	PullAlways PullPolicy = "always"
	// PullNewer pulls once in every run and goes on with the local image, saying so, when the registry does not answer.
	// It is what `pull_platform_image: true` means.
	PullNewer PullPolicy = "newer"
	// PullNever never asks a registry.
	PullNever PullPolicy = "never"
)

// InitSystem says what runs as PID 1.
type InitSystem string

// The init systems.
const (
	// InitAuto looks at pid_one_command: a path of systemd or init means systemd.
	InitAuto InitSystem = "auto"
	// InitSystemd prepares the runner for systemd.
	InitSystemd InitSystem = "systemd"
	// InitNone does nothing special.
	InitNone InitSystem = "none"
)

// Provisioner says how the runner is brought to its desired state: kitchen.yml's `provisioner:`.
type Provisioner struct {
	// Name is the provisioner's name in kitchen.yml, Kind what galley runs for it.
	Name string `key:"name"`
	Kind ProvisionerKind

	// RootPath is where the sandbox is in the runner.
	RootPath      string `key:"root_path" default:"/opt/kitchen"`
	CommandPrefix string `key:"command_prefix"`
	Proxy         Proxy
	// RetryOnExitCode, MaxRetries and WaitForRetry repeat a converge.
	RetryOnExitCode []int         `key:"retry_on_exit_code"`
	MaxRetries      int           `key:"max_retries" default:"1"`
	WaitForRetry    time.Duration `key:"wait_for_retry" default:"30"`
	// Uploads are local → remote before, Downloads remote → local after.
	Uploads   map[string]string `key:"uploads"`
	Downloads map[string]string `key:"downloads"`
	Env       map[string]string `key:"env environment env_variables env_vars" as:"env"`
	// Idempotence runs the tool a second time and fails when that changes anything.
	Idempotence bool `key:"idempotence idempotency_test"`

	Chef  Chef             `for:"chef"`
	Shell ShellProvisioner `for:"shell"`
	// Tool is where the tool comes from, for provisioners other than Chef's.
	Tool    ToolProvisioner    `for:"tool shell puppet_apply ansible salt"`
	Puppet  PuppetProvisioner  `for:"puppet_apply"`
	Ansible AnsibleProvisioner `for:"ansible"`
	Salt    SaltProvisioner    `for:"salt"`
	// External has its command in Shell.Command.
	External ExternalProvisioner `for:"external"`
	Dummy    Dummy
}

// ProvisionerKind is an implementation of a provisioner.
type ProvisionerKind string

// The provisioners.
const (
	// ProvisionerChef is Chef Infra or Cinc from a tool volume: dokken and the
	// names chef_infra, chef_zero, chef_solo and cinc.
	ProvisionerChef ProvisionerKind = "chef"
	// ProvisionerShell runs a script or command.
	ProvisionerShell ProvisionerKind = "shell"
	// ProvisionerTool runs any command, with a tool from a volume.
	ProvisionerTool ProvisionerKind = "tool"
	// ProvisionerPuppet is `puppet apply`.
	ProvisionerPuppet ProvisionerKind = "puppet_apply"
	// ProvisionerAnsible is `ansible-playbook`.
	ProvisionerAnsible ProvisionerKind = "ansible"
	// ProvisionerSalt is `salt-call --local`.
	ProvisionerSalt ProvisionerKind = "salt"
	// ProvisionerExternal is a program of the client that speaks Test Kitchen's protocol for external providers.
	ProvisionerExternal ProvisionerKind = "external"
	// ProvisionerDummy does nothing, or fails on request.
	ProvisionerDummy ProvisionerKind = "dummy"
)

// Proxy are proxy settings; empty ones are not set.
type Proxy struct {
	HTTP  string `key:"http_proxy"`
	HTTPS string `key:"https_proxy"`
	FTP   string `key:"ftp_proxy"`
	No    string `key:"no_proxy"`
}

// Chef are the keys of the dokken provisioner.
type Chef struct {
	// ProductName is "chef" or "cinc".
	ProductName    string   `key:"product_name"`
	ProductVersion string   `key:"product_version" as:"version"`
	RunList        []string `key:"run_list"`
	// Attributes is what goes into dna.json.
	Attributes   Hash   `key:"attributes" for:"chef ansible"`
	PolicyGroup  string `key:"policy_group"`
	NamedRunList string `key:"named_run_list" as:"run list name"`
	Binary       string `key:"chef_binary"`                  // empty: found by the tool's volume
	Options      string `key:"chef_options" default:"' -z'"` // raw
	OutputFormat string `key:"chef_output_format" default:"doc"`
	LogLevel     string `key:"log_level" for:"chef salt" default:"auto"` // chef_log_level overrules it
	LogFile      string `key:"log_file"`
	ProfileRuby  bool   `key:"profile_ruby"`
	FastBoot     bool   `key:"fast_boot" default:"true"`              // the client's own start is made faster
	SlowReport   string `key:"slow_resource_report" as:"slow report"` // "" off, "true", or a number
	ClientRB     Hash   `key:"client_rb" as:"ruby hash"`
	JSONAttrs    bool   `key:"json_attributes" default:"true"`
	ZeroHost     string `key:"chef_zero_host"`
	ZeroPort     int    `key:"chef_zero_port" default:"8889"`
	License      string `key:"chef_license"`
	// LicenseKey and LicenseServer are for Chef 19 and later; of several servers there are commas between.
	LicenseKey    string `key:"chef_license_key" secret:"true"`
	LicenseServer string `key:"chef_license_server" as:"servers"`
	CleanSandbox  bool   `key:"clean_dokken_sandbox" default:"true"`
	Deprecations  bool   `key:"deprecations_as_errors"`
	Converges     int    `key:"multiple_converge" default:"1"`
	Idempotency   bool   `key:"enforce_idempotency"`
	// Policyfile and Berksfile are absolute; empty means Policyfile.rb and Berksfile of the project, if they exist.
	Policyfile    string   `key:"policyfile policyfile_path" as:"path"`
	Berksfile     string   `key:"berksfile_path berksfile" as:"path"`
	AlwaysUpdate  bool     `key:"always_update_cookbooks" default:"true"`
	CookbookGlobs []string `key:"cookbook_files_glob" as:"globs"`
	// Resolver says where Policyfile and Berksfile are resolved; ResolverImage is
	// the image for a container, empty for that of the product.
	Resolver      Resolver `key:"resolver" enum:"auto host container" default:"auto"`
	ResolverImage string   `key:"resolver_image" as:"image"`
	// Paths are the directories and files that go into the sandbox when they exist, by the sandbox's name for them
	// (data_bags, roles …). A path set in kitchen.yml is absolute; unset ones are looked up as Test Kitchen does.
	Paths map[string]string
}

// Resolver says where cookbooks are resolved.
type Resolver string

// The places.
const (
	// ResolverAuto is the client where its commands are there, else a container.
	ResolverAuto Resolver = "auto"
	// ResolverHost is the client.
	ResolverHost Resolver = "host"
	// ResolverContainer is a container of a Workstation image.
	ResolverContainer Resolver = "container"
)

// BuildSecret says where the value of a build secret is: in a file, or in a variable of the environment.
type BuildSecret struct {
	File        string `json:",omitempty"`
	Environment string `json:",omitempty"`
}

// ToolProvisioner says where a tool comes from, and what the tool provisioner does.
type ToolProvisioner struct {
	// Image brings the tool in Volumes; Instructions are Dockerfile lines to build such an image from, BuildContext is
	// what they may COPY from. Without either the tool is the runner's own.
	Image        string   `key:"image salt_image" as:"image"`
	Instructions []string `key:"instructions" as:"instructions"`
	BuildContext string   `key:"build_context" as:"path"`
	// Volumes are paths of the image that are mounted into the runner, besides those that it declares itself.
	Volumes []string `key:"volume volumes"`
	// Binary is the tool's command in the runner; empty ones are to be found.
	Binary string `key:"binary puppet_binary salt_call_command"`

	// Files go into the sandbox: from the client, to a path below root_path.
	Files map[string]string `key:"files" for:"tool"`
	// ChangedExitCodes mean that all went well and something changed; SuccessExitCodes that all went well besides.
	ChangedExitCodes []int `key:"changed_exit_codes" for:"tool"`
	SuccessExitCodes []int `key:"success_exit_codes" for:"tool"`
	// ChangedPattern finds in the output what changed: its first group is a number
	// to add up, or names one thing. SummaryPattern finds the summary line.
	ChangedPattern string `key:"changed_pattern" as:"pattern" for:"tool"`
	SummaryPattern string `key:"summary_pattern" as:"pattern" for:"tool"`
}

// PuppetProvisioner are the keys of puppet_apply. Paths are absolute, or empty for the places where Test Kitchen looks.
type PuppetProvisioner struct {
	ManifestsPath string `key:"manifests_path" as:"path"`
	// Manifest is a file below ManifestsPath; empty means site.pp or all of them.
	Manifest string `key:"manifest"`
	// ModulesPaths are directories of modules; a module in a later one wins.
	ModulesPaths []string `key:"modules_path" as:"search path" for:"puppet_apply ansible"`
	FilesPath    string   `key:"files_path" as:"path"`
	HieraConfig  string   `key:"hiera_config_path" as:"path"`
	HieraData    string   `key:"hiera_data_path" as:"path"`
	// HieraDataRemote is where the runner wants the data besides.
	HieraDataRemote string `key:"hiera_data_remote_path"`
	FacterLib       string `key:"facterlib" as:"path"`
	PuppetConfig    string `key:"puppet_config_path" as:"path"`
	Facts           Hash   `key:"custom_facts facts"`
	Environment     string `key:"puppet_environment"`
	Noop            bool   `key:"puppet_noop"`
	Debug           bool   `key:"puppet_debug"`
	Verbose         bool   `key:"puppet_verbose"`
	ShowDiff        bool   `key:"puppet_show_diff"`
	// OKCodes are exit codes that are fine besides 0 and 2.
	OKCodes []int `key:"puppet_whitelist_exit_code puppet_success_exit_codes"`
	// Options are raw words of the command line.
	Options string `key:"custom_options" as:"flags"`
}

// AnsibleProvisioner are the keys of ansible_playbook. Paths are absolute.
type AnsibleProvisioner struct {
	// From says where ansible-playbook runs: on the client it has a connection through galley.
	From Place `key:"ansible_from" enum:"auto runner host" default:"auto"`
	// Playbook is empty for the places where Test Kitchen looks.
	Playbook string `key:"playbook" as:"path"`
	// Hosts are the groups of the generated inventory; Inventory takes its place.
	Hosts     []string `key:"hosts"`
	Inventory string   `key:"ansible_inventory inventory ansible_inventory_file" as:"path"`
	// RolesPath is a role, or a directory of roles; RoleName names the role that it, or the project, is.
	RolesPath       string
	RoleName        string   `key:"role_name"`
	MoreRoles       []string `key:"additional_copy_role_path" as:"paths"`
	GroupVars       string   `key:"group_vars_path" as:"path"`
	HostVars        string   `key:"host_vars_path" as:"path"`
	LibraryPath     string   `key:"library_plugins_path" as:"path"`
	FilterPlugins   string   `key:"filter_plugins_path" as:"path"`
	CallbackPlugins string   `key:"callback_plugins_path" as:"path"`
	LookupPlugins   string   `key:"lookup_plugins_path" as:"path"`
	// ModulesPaths are directories of modules (`modules_path`).
	ModulesPaths []string
	ConfigFile   string `key:"ansible_cfg_path ansible_config" as:"path"`
	// IgnoreConfig leaves the project's ansible.cfg out; OverwriteConfig lets ours take
	// the place of one that the runner has.
	IgnoreConfig    bool   `key:"ignore_ansible_cfg"`
	OverwriteConfig bool   `key:"ansible_cfg_overwrite" default:"true"`
	Requirements    string `key:"requirements_path" as:"path"`
	// CollectionRequirements is a file of collections only.
	CollectionRequirements string `key:"requirements_collection_path" as:"path"`
	// KeepPlaybookPath keeps the directories of the playbook in the sandbox.
	KeepPlaybookPath   bool     `key:"keep_playbook_path"`
	IgnoreCerts        bool     `key:"galaxy_ignore_certs"`
	ExtraVars          Hash     `key:"extra_vars"`
	ExtraVarsFiles     []string `key:"extra_vars_file extra_vars_files" as:"paths"`
	VaultPasswordFiles []string `key:"ansible_vault_password_file" as:"paths"`
	Tags               []string `key:"tags"`
	SkipTags           []string `key:"skip_tags"`
	// IdempotencyTags and IdempotencySkipTags are for the second run alone.
	IdempotencyTags     []string `key:"idempotency_tags"`
	IdempotencySkipTags []string `key:"idempotency_skip_tags"`
	Limit               string   `key:"ansible_limit"`
	Verbosity           int      `key:"ansible_verbosity" as:"verbosity" default:"1"`
	Verbose             bool     `key:"ansible_verbose"`
	Diff                bool     `key:"ansible_diff"`
	Check               bool     `key:"ansible_check"`
	ExtraFlags          string   `key:"ansible_extra_flags" as:"flags"`
	BinaryPath          string   `key:"ansible_binary_path"`
	Interpreter         string   `key:"ansible_python_interpreter python_path"`
	Copy                []string `key:"additional_copy_path" as:"paths" joins:"true"`
	IgnorePaths         []string `key:"ignore_paths_from_root"`
	IgnoreExtension     []string `key:"ignore_extensions_from_root"`
}

// SaltProvisioner are the keys of salt. Its log level is Chef.LogLevel.
type SaltProvisioner struct {
	// Formulas are directories of the project; VendorPath is one of further formulas.
	Formulas   []string `key:"formula formulas"`
	VendorPath string   `key:"vendor_path" as:"path"`
	// IsFileRoot makes the whole project the file root. Collection does so too when it is "true", or names a directory;
	// CollectionName is where that goes in the file root.
	IsFileRoot     bool   `key:"is_file_root"`
	Collection     string `key:"state_collection"`
	CollectionName string `key:"collection_name"`
	// LocalRoot is a directory with salt and pillar in it.
	LocalRoot string `key:"local_salt_root" as:"path"`
	// CopyFilter are names of files and directories that are left out.
	CopyFilter []string `key:"salt_copy_filter"`
	// States are applied unless there is a Top, the content of the top file; TopFromFile is for the project's own.
	States      []string `key:"states"`
	Top         Hash     `key:"state_top"`
	TopFromFile bool     `key:"state_top_from_file"`
	// Pillars are the pillar's files by their names, PillarFiles are files of the project by the pillar's names for
	// them.
	Pillars     Hash              `key:"pillars"`
	PillarFiles map[string]string `key:"pillars_from_files pillars-from-files"`
	PillarDirs  []string          `key:"pillars_from_directories"`
	Grains      Hash              `key:"grains"`
	// Env is Salt's environment, MinionID the minion's name, Extra goes into its configuration.
	Env      string `key:"salt_env" default:"base"`
	MinionID string `key:"salt_minion_id"`
	Extra    Hash   `key:"salt_minion_extra_config"`
	// DryRun only tells what would change.
	DryRun bool `key:"dry_run"`
}

// ExternalProvisioner are the keys of external.
type ExternalProvisioner struct {
	// Provider is the provider's name, empty for that of its command.
	Provider string `key:"provider"`
	// PassEnv are names of variables whose values are secrets for the provider.
	PassEnv []string `key:"pass_env"`
	// Config is what kitchen.yml has for the provider.
	Config Hash
}

// Place is where a tool runs.
type Place string

// The places.
const (
	// PlaceAuto is the runner where it has the tool, else the client.
	PlaceAuto Place = "auto"
	// PlaceRunner is the runner.
	PlaceRunner Place = "runner"
	// PlaceHost is the client.
	PlaceHost Place = "host"
)

// ShellProvisioner are the keys of the shell provisioner.
type ShellProvisioner struct {
	// Script is the path of a script on the client; Command a shell line that
	// takes its place; Arguments are appended to either.
	Script    string   `key:"script" as:"path"`
	Command   string   `key:"command" for:"shell tool external"`
	Arguments []string `key:"arguments" as:"command"`
	// DataPath is a directory that is copied beside the script.
	DataPath string
}

// Verifier says how the runner is tested: kitchen.yml's `verifier:`.
type Verifier struct {
	// Name is the verifier's name in kitchen.yml; NameSet reports whether kitchen.yml
	// named it rather than Test Kitchen's default.
	Name    string `key:"name"`
	NameSet bool
	Kind    VerifierKind

	RootPath      string `key:"root_path" default:"/opt/verifier"`
	CommandPrefix string `key:"command_prefix"`
	Sudo          bool   `key:"sudo"`
	SudoCommand   string `key:"sudo_command" default:"sudo -E"`
	Proxy         Proxy
	Downloads     map[string]string `key:"downloads"`
	Env           map[string]string `key:"env environment env_variables env_vars" as:"env"`

	Shell  ShellVerifier  `for:"shell"`
	Inspec InspecVerifier `for:"inspec cinc_auditor"`
	Busser BusserVerifier `for:"busser serverspec"`
	// Tool are the keys of bats, serverspec, goss and testinfra; inspec and
	// cinc_auditor have image, binary and options from here.
	Tool  ToolVerifier `for:"bats serverspec goss testinfra inspec cinc_auditor"`
	Dummy Dummy
}

// VerifierKind is an implementation of a verifier.
type VerifierKind string

// The verifiers.
const (
	// VerifierShell runs a command, on the client or in the runner.
	VerifierShell VerifierKind = "shell"
	// VerifierInspec is Chef InSpec, VerifierCincAuditor its free build.
	VerifierInspec      VerifierKind = "inspec"
	VerifierCincAuditor VerifierKind = "cinc_auditor"
	// VerifierBusser is the layout of test files by framework.
	VerifierBusser VerifierKind = "busser"
	// VerifierBats, VerifierServerspec, VerifierGoss and VerifierTestinfra run the tool of that name over test files.
	VerifierBats       VerifierKind = "bats"
	VerifierServerspec VerifierKind = "serverspec"
	VerifierGoss       VerifierKind = "goss"
	VerifierTestinfra  VerifierKind = "testinfra"
	// VerifierDummy does nothing, or fails on request.
	VerifierDummy VerifierKind = "dummy"
)

// InspecVerifier are the keys of inspec and cinc_auditor.
type InspecVerifier struct {
	// Location is where InSpec runs.
	Location Place `key:"location" enum:"auto runner host" default:"auto"`
	// Tests are added to the suite's own directory.
	Tests    []InspecTest `key:"inspec_tests"`
	Controls []string     `key:"controls"`
	Inputs   Hash         `key:"inputs attributes" joins:"true"`
	// InputFiles and WaiverFiles are absolute paths of the client.
	InputFiles  []string `key:"input_files attrs" as:"paths"`
	WaiverFiles []string `key:"waiver_files" as:"paths"`
	// Reporter may hold %{platform} and %{suite}.
	Reporter     []string `key:"reporter"`
	Output       string   `key:"output"`
	ProfilesPath string   `key:"profiles_path" as:"path"` // absolute, or empty
	LoadPlugins  bool     `key:"load_plugins" default:"true"`
	PluginConfig Hash     `key:"plugin_config"`
	BackendCache bool     `key:"backend_cache" default:"true"`
	// ColorSet reports whether kitchen.yml said Color, rather than the default.
	Color         bool `key:"color" default:"true"`
	ColorSet      bool
	License       string `key:"chef_license"`
	LicenseKey    string `key:"chef_license_key" secret:"true"`
	LicenseServer string `key:"chef_license_server"`
}

// InspecTest is an entry of `inspec_tests`: a path, or another place to take a profile from.
type InspecTest struct {
	Name, Path, URL, Git, Compliance, Supermarket  string
	Branch, Tag, Ref, RelativePath, SupermarketURL string
}

// BusserVerifier are the keys of busser.
type BusserVerifier struct {
	// RubyBindir is a directory in the runner where rspec is looked for first.
	RubyBindir string `key:"ruby_bindir rspec_path"`
}

// ToolVerifier are the keys of verifiers that run a tool over test files.
type ToolVerifier struct {
	// Tests are files or patterns, relative to the project.
	Tests   []string `key:"tests test_files spec_files patterns goss_file" for:"bats serverspec goss testinfra"`
	Options []string `key:"options pytest_options rspec_options goss_options bats_options extra_flags" as:"command"`
	// Image brings the tool in a volume; Binary is its command in the runner. Empty ones leave it to the verifier.
	Image  string `key:"image" as:"image"`
	Binary string `key:"binary path"`
	// Vars is goss' file of variables.
	Vars string `key:"vars variables" for:"bats serverspec goss testinfra"`
}

// ShellVerifier are the keys of the shell verifier.
type ShellVerifier struct {
	Command string `key:"command" default:"'true'"`
	// Remote runs it in the runner rather than on the client.
	Remote bool          `key:"remote_exec"`
	Sleep  time.Duration `key:"sleep" for:"shell dummy"`
	// Cwd is shellout_opts' directory; Timeout its limit, 0 for none.
	Cwd     string
	Timeout time.Duration
	// Env is shellout_opts' environment.
	Env map[string]string
}

// Transport is kitchen.yml's `transport:`.
type Transport struct {
	Name string `key:"name"`
	// LoginCommand is accepted and not needed.
	LoginCommand string `key:"login_command"`
}

// Compare says how machines are compared: kitchen.yml's `compare:`.
type Compare struct {
	// Ignore is what may differ.
	Ignore []Ignored `key:"ignore"`
}

// Ignored is what may differ between machines: the facts of a kind whose names fit a pattern.
type Ignored struct{ Kind, Pattern string }

// Publish says what a published image is like: kitchen.yml's `publish:`. What is not set is as in the image that the
// runner was made from.
type Publish struct {
	// Refs are names to publish under when the command line gives none. They are templates.
	Refs []string `key:"refs ref"`
	// Squash makes one layer of all.
	Squash bool `key:"squash"`

	// Cmd and Entrypoint are nil when they are not set.
	Cmd        []string `key:"cmd command" as:"command"`
	Entrypoint []string `key:"entrypoint" as:"command"`
	User       string   `key:"user"`
	WorkDir    string   `key:"workdir working_dir"`
	StopSignal string   `key:"stop_signal stopsignal"`
	// Expose are ports such as "80/tcp"; nil when it is not set.
	Expose []string `key:"expose" as:"exposed ports"`
	// HealthCheck is nil when it is not set.
	HealthCheck *HealthCheck `key:"healthcheck"`
	// Env and Labels add to those of the image.
	Env    map[string]string `key:"env environment" as:"env"`
	Labels map[string]string `key:"labels" as:"labels"`
}

// HealthCheck is how engines see that a container is well. What is not set is for them to choose.
type HealthCheck struct {
	// Test is as an image has it: CMD and an argv, CMD-SHELL and a line, or NONE.
	Test                           []string
	Interval, Timeout, StartPeriod time.Duration
	Retries                        int
}

// Hooks are lifecycle hooks by "<pre|post|finally>_<phase>".
type Hooks map[string][]Hook

// Hook is an entry of a lifecycle hook.
type Hook struct {
	// Local is a shell line for the client, Remote one for the runner; one of them is set, or Fault.
	Local       string `key:"local" as:"shell line"`
	Remote      string `key:"remote" as:"shell line"`
	Fault       *Fault
	Environment map[string]string `key:"environment" as:"env"`
	Cwd         string            `key:"cwd" as:"cwd"`
	User        string            `key:"user"`
	Timeout     time.Duration     `key:"timeout"`
	// Skippable passes over a remote hook that fails or has no runner yet.
	Skippable bool     `key:"skippable"`
	Includes  []string `key:"includes" as:"filters"`
	Excludes  []string `key:"excludes" as:"filters"`
}
