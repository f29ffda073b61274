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
	// Group is the suite on its platform as a whole: the services, the networks, and the verifier that tests it, of no Kind for none.
	// Its driver and what is not about the whole are those of the first node.
	Group *Instance
}

// Driver says what the runner is like: kitchen.yml's `driver:`. Keys that
// kitchen-dokken knows keep its meaning; see docs/kitchen-yml.md.
type Driver struct {
	// Name is the driver's name in kitchen.yml.
	Name string
	// Kind is what galley does for the name.
	Kind DriverKind
	// Engine is "docker" or "podman" when the driver's name asks for one (`driver: podman`), and empty otherwise.
	Engine string
	// Host is `docker_host_url` (or `socket`): the engine of this instance.
	Host string
	// Recorded is set when the engine is the one that the instance's record names: `--on` had put it there.
	Recorded bool

	// Image is the platform image: `image`, or made from the platform's name.
	Image string
	// Registry is `docker_registry`, put in front of unqualified image names.
	Registry string
	// OCIPlatform is `platform`: os/arch[/variant], or empty.
	OCIPlatform string
	// PullPlatform and PullTool say when the platform's and the tool's image
	// are pulled: `pull`, `pull_platform_image`, `pull_chef_image`.
	PullPlatform, PullTool PullPolicy
	// CredsFile is `creds_file`; DockerConfigCreds is `docker_config_creds`.
	CredsFile         string
	DockerConfigCreds bool
	// ClientProxies is `client_proxies`.
	ClientProxies bool
	// IntermediateInstructions are Dockerfile lines for a work image.
	IntermediateInstructions []string
	// BuildContext is a directory that intermediate instructions may COPY from.
	BuildContext string
	// BuildArgs are `build_args`.
	BuildArgs map[string]string
	// BuildSecrets are `build_secrets` by id.
	BuildSecrets map[string]BuildSecret

	// ToolImage is the image that brings the tool: `chef_image` with its tag.
	// ToolVersion is `chef_version` as it was written.
	ToolImage, ToolVersion string
	// ToolAccess is `tool_access`: what the runner may do to the tool's files.
	ToolAccess spec.ToolAccess

	// Entrypoint is nil when it was not set. Command is `pid_one_command`; nil means galley's own PID 1.
	Entrypoint, Command []string
	// InitSystem is `init_system`: how PID 1 is to be treated.
	InitSystem InitSystem
	// Init is `init`: the engine's small init in front of the command.
	Init bool

	Hostname string
	// HostnameSet reports whether kitchen.yml named the host, rather than the default.
	HostnameSet     bool
	HostnameAliases []string
	Domainname      string
	Env             map[string]string
	User            string
	WorkingDir      string
	StopSignal      string
	Labels          map[string]string
	Tty             bool
	// Ready says when the runner is ready to be converged, nil for as soon as it runs.
	Ready *Ready

	Privileged     bool
	UserNS         spec.UserNS
	CgroupNS       spec.Namespace
	IPC            spec.Namespace
	PID            spec.Namespace
	CapAdd         []string
	CapDrop        []string
	Security       spec.Security
	Devices        []spec.Device
	GPUs           int // -1 for all
	GroupAdd       []string
	Ulimits        []spec.Ulimit
	Sysctls        map[string]string
	ReadOnlyRootfs bool

	// Memory, MemorySwap (-1 unlimited), MemoryReservation, ShmSize are bytes; 0 is no limit.
	Memory, MemorySwap, MemoryReservation, ShmSize int64
	CPUs                                           float64
	CPUShares                                      int64
	CPUSet                                         string
	PidsLimit                                      int64

	Mounts      []spec.Mount // volumes, binds, tmpfs and mounts, in kitchen.yml's order
	VolumesFrom []spec.VolumesFrom
	Ports       []spec.PortMapping
	PublishAll  bool

	Network    spec.Network
	IPv6       bool
	IPv6Subnet string
	IPAddress  string
	IP6Address string
	MacAddress string
	Links      []spec.Link
	DNS        []string
	DNSSearch  []string
	DNSOptions []string
	ExtraHosts []spec.HostEntry

	// FaultImage has the programs that make network faults, empty for the runner's own image.
	FaultImage string
	// Proxy are the driver's proxies. They are in Env already.
	Proxy Proxy
	// Dummy are the keys of the dummy driver.
	Dummy Dummy
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
	Name string
	Kind ProvisionerKind

	// RootPath is where the sandbox is in the runner.
	RootPath      string
	CommandPrefix string
	// Proxy are http_proxy, https_proxy, ftp_proxy and no_proxy.
	Proxy Proxy
	// RetryOnExitCode, MaxRetries and WaitForRetry repeat a converge.
	RetryOnExitCode []int
	MaxRetries      int
	WaitForRetry    time.Duration
	// Uploads are local → remote before, Downloads remote → local after.
	Uploads, Downloads map[string]string
	Env                map[string]string
	// Idempotence runs the tool a second time and fails when that changes anything.
	Idempotence bool

	Chef  Chef
	Shell ShellProvisioner
	// Tool is where the tool comes from, for provisioners other than Chef's.
	Tool    ToolProvisioner
	Puppet  PuppetProvisioner
	Ansible AnsibleProvisioner
	Salt    SaltProvisioner
	// External has its command in Shell.Command.
	External ExternalProvisioner
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
	HTTP, HTTPS, FTP, No string
}

// Chef are the keys of the dokken provisioner.
type Chef struct {
	// ProductName is "chef" or "cinc".
	ProductName, ProductVersion string
	RunList                     []string
	// Attributes is what goes into dna.json.
	Attributes   Hash
	PolicyGroup  string
	NamedRunList string
	Binary       string // chef_binary; empty: found by the tool's volume
	Options      string // chef_options, raw
	OutputFormat string
	LogLevel     string // chef_log_level or log_level
	LogFile      string
	ProfileRuby  bool
	FastBoot     bool   // fast_boot: the client's own start is made faster
	SlowReport   string // "" off, "true", or a number
	ClientRB     Hash
	JSONAttrs    bool
	ZeroHost     string
	ZeroPort     int
	License      string
	// LicenseKey and LicenseServer are for Chef 19 and later; of several servers there are commas between.
	LicenseKey, LicenseServer string
	CleanSandbox              bool
	Deprecations              bool // deprecations_as_errors
	Converges                 int  // multiple_converge
	Idempotency               bool // enforce_idempotency
	// Policyfile and Berksfile are absolute; empty means Policyfile.rb and Berksfile of the project, if they exist.
	Policyfile    string
	Berksfile     string
	AlwaysUpdate  bool // always_update_cookbooks
	CookbookGlobs []string
	// Resolver says where Policyfile and Berksfile are resolved; ResolverImage is
	// the image for a container, empty for that of the product.
	Resolver      Resolver
	ResolverImage string
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
	Image        string
	Instructions []string
	BuildContext string
	// Volumes are paths of the image that are mounted into the runner, besides those that it declares itself.
	Volumes []string
	// Binary is the tool's command in the runner; empty ones are to be found.
	Binary string

	// Files go into the sandbox: from the client, to a path below root_path.
	Files map[string]string
	// ChangedExitCodes mean that all went well and something changed; SuccessExitCodes that all went well besides.
	ChangedExitCodes, SuccessExitCodes []int
	// ChangedPattern finds in the output what changed: its first group is a number
	// to add up, or names one thing. SummaryPattern finds the summary line.
	ChangedPattern, SummaryPattern string
}

// PuppetProvisioner are the keys of puppet_apply. Paths are absolute, or empty for the places where Test Kitchen looks.
type PuppetProvisioner struct {
	ManifestsPath string
	// Manifest is a file below ManifestsPath; empty means site.pp or all of them.
	Manifest string
	// ModulesPaths are directories of modules; a module in a later one wins.
	ModulesPaths []string
	FilesPath    string
	HieraConfig  string
	HieraData    string
	// HieraDataRemote is where the runner wants the data besides.
	HieraDataRemote string
	FacterLib       string
	PuppetConfig    string
	Facts           Hash
	Environment     string
	Noop            bool
	Debug, Verbose  bool
	ShowDiff        bool
	// OKCodes are exit codes that are fine besides 0 and 2.
	OKCodes []int
	// Options are raw words of the command line.
	Options string
}

// AnsibleProvisioner are the keys of ansible_playbook. Paths are absolute.
type AnsibleProvisioner struct {
	// From says where ansible-playbook runs.
	From AnsibleFrom
	// Playbook is empty for the places where Test Kitchen looks.
	Playbook string
	// Hosts are the groups of the generated inventory; Inventory takes its place.
	Hosts     []string
	Inventory string
	// RolesPath is a role, or a directory of roles; RoleName names the role that it, or the project, is.
	RolesPath, RoleName        string
	MoreRoles                  []string // additional_copy_role_path
	GroupVars, HostVars        string
	LibraryPath, FilterPlugins string
	CallbackPlugins            string
	LookupPlugins              string
	// ModulesPaths are directories of modules (`modules_path`).
	ModulesPaths []string
	ConfigFile   string
	// IgnoreConfig leaves the project's ansible.cfg out; OverwriteConfig lets ours take
	// the place of one that the runner has.
	IgnoreConfig, OverwriteConfig bool
	Requirements                  string
	// CollectionRequirements is a file of collections only.
	CollectionRequirements string
	// KeepPlaybookPath keeps the directories of the playbook in the sandbox.
	KeepPlaybookPath   bool
	IgnoreCerts        bool
	ExtraVars          Hash
	ExtraVarsFiles     []string
	VaultPasswordFiles []string
	Tags, SkipTags     []string
	// IdempotencyTags and IdempotencySkipTags are for the second run alone.
	IdempotencyTags, IdempotencySkipTags []string
	Limit                                string
	Verbosity                            int
	Verbose, Diff, Check                 bool
	ExtraFlags                           string
	BinaryPath                           string
	Interpreter                          string
	Copy                                 []string // additional_copy_path
	IgnorePaths, IgnoreExtension         []string
}

// SaltProvisioner are the keys of salt. Its log level is Chef.LogLevel.
type SaltProvisioner struct {
	// Formulas are directories of the project; VendorPath is one of further formulas.
	Formulas   []string
	VendorPath string
	// IsFileRoot makes the whole project the file root. Collection does so too when it is "true", or names a directory;
	// CollectionName is where that goes in the file root.
	IsFileRoot                 bool
	Collection, CollectionName string
	// LocalRoot is a directory with salt and pillar in it.
	LocalRoot string
	// CopyFilter are names of files and directories that are left out.
	CopyFilter []string
	// States are applied unless there is a Top, the content of the top file; TopFromFile is for the project's own.
	States      []string
	Top         Hash
	TopFromFile bool
	// Pillars are the pillar's files by their names, PillarFiles are files of the project by the pillar's names for them.
	Pillars     Hash
	PillarFiles map[string]string
	PillarDirs  []string
	Grains      Hash
	// Env is Salt's environment, MinionID the minion's name, Extra goes into its configuration.
	Env, MinionID string
	Extra         Hash
	// DryRun only tells what would change.
	DryRun bool
}

// ExternalProvisioner are the keys of external.
type ExternalProvisioner struct {
	// Provider is the provider's name, empty for that of its command.
	Provider string
	// PassEnv are names of variables whose values are secrets for the provider.
	PassEnv []string
	// Config is what kitchen.yml has for the provider.
	Config Hash
}

// AnsibleFrom says where ansible-playbook runs.
type AnsibleFrom string

// The places.
const (
	// AnsibleAuto is the runner where it has Ansible, else the client.
	AnsibleAuto AnsibleFrom = "auto"
	// AnsibleRunner is the runner, with a local connection.
	AnsibleRunner AnsibleFrom = "runner"
	// AnsibleHost is the client, with a connection through galley.
	AnsibleHost AnsibleFrom = "host"
)

// ShellProvisioner are the keys of the shell provisioner.
type ShellProvisioner struct {
	// Script is the path of a script on the client; Command a shell line that
	// takes its place; Arguments are appended to either.
	Script, Command string
	Arguments       []string
	// DataPath is a directory that is copied beside the script.
	DataPath string
}

// Verifier says how the runner is tested: kitchen.yml's `verifier:`.
type Verifier struct {
	// Name is the verifier's name in kitchen.yml; NameSet reports whether kitchen.yml
	// named it rather than Test Kitchen's default.
	Name    string
	NameSet bool
	Kind    VerifierKind

	RootPath      string
	CommandPrefix string
	Sudo          bool
	SudoCommand   string
	Proxy         Proxy
	Downloads     map[string]string
	Env           map[string]string

	Shell  ShellVerifier
	Inspec InspecVerifier
	Busser BusserVerifier
	// Tool are the keys of bats, serverspec, goss and testinfra; inspec and
	// cinc_auditor have image, binary and options from here.
	Tool  ToolVerifier
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

// InspecLocation is where InSpec runs.
type InspecLocation string

// The places where InSpec can run.
const (
	// InspecAuto is the runner when it has one, and else the client.
	InspecAuto     InspecLocation = "auto"
	InspecInRunner InspecLocation = "runner"
	InspecOnHost   InspecLocation = "host"
)

// InspecVerifier are the keys of inspec and cinc_auditor.
type InspecVerifier struct {
	// Location is where InSpec runs.
	Location InspecLocation
	// Tests are added to the suite's own directory.
	Tests    []InspecTest
	Controls []string
	// Inputs are `inputs` or, of old, `attributes`.
	Inputs Hash
	// InputFiles and WaiverFiles are absolute paths of the client.
	InputFiles, WaiverFiles []string
	// Reporter may hold %{platform} and %{suite}.
	Reporter     []string
	Output       string
	ProfilesPath string // absolute, or empty
	LoadPlugins  bool
	PluginConfig Hash
	BackendCache bool
	// Color is `color`; ColorSet reports whether kitchen.yml said so, rather than the default.
	Color, ColorSet bool
	License         string
	LicenseKey      string
	LicenseServer   string
}

// InspecTest is an entry of `inspec_tests`: a path, or another place to take a profile from.
type InspecTest struct {
	Name, Path, URL, Git, Compliance, Supermarket  string
	Branch, Tag, Ref, RelativePath, SupermarketURL string
}

// BusserVerifier are the keys of busser.
type BusserVerifier struct {
	// RubyBindir is a directory in the runner where rspec is looked for first.
	RubyBindir string
}

// ToolVerifier are the keys of verifiers that run a tool over test files.
type ToolVerifier struct {
	// Tests are files or patterns, relative to the project.
	Tests   []string
	Options []string
	// Image brings the tool in a volume; Binary is its command in the runner. Empty ones leave it to the verifier.
	Image, Binary string
	// Vars is goss' file of variables.
	Vars string
}

// ShellVerifier are the keys of the shell verifier.
type ShellVerifier struct {
	Command string
	// Remote runs it in the runner (`remote_exec`) rather than on the client.
	Remote bool
	Sleep  time.Duration
	// Cwd is shellout_opts' directory; Timeout its limit, 0 for none.
	Cwd     string
	Timeout time.Duration
	// Env is shellout_opts' environment.
	Env map[string]string
}

// Transport is kitchen.yml's `transport:`.
type Transport struct {
	Name string
	// LoginCommand is `login_command`, accepted and not needed.
	LoginCommand string
}

// Compare says how machines are compared: kitchen.yml's `compare:`.
type Compare struct {
	// Ignore is what may differ.
	Ignore []Ignored
}

// Ignored is what may differ between machines: the facts of a kind whose names fit a pattern.
type Ignored struct{ Kind, Pattern string }

// Publish says what a published image is like: kitchen.yml's `publish:`. What is not set is as in the image that the
// runner was made from.
type Publish struct {
	// Refs are names to publish under when the command line gives none. They are templates.
	Refs []string
	// Squash makes one layer of all.
	Squash bool

	// Cmd and Entrypoint are nil when they are not set.
	Cmd, Entrypoint []string
	User            string
	WorkDir         string
	StopSignal      string
	// Expose are ports such as "80/tcp"; nil when it is not set.
	Expose []string
	// HealthCheck is nil when it is not set.
	HealthCheck *HealthCheck
	// Env and Labels add to those of the image.
	Env, Labels map[string]string
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
	Local, Remote string
	Fault         *Fault
	Environment   map[string]string
	Cwd, User     string
	Timeout       time.Duration
	// Skippable passes over a remote hook that fails or has no runner yet.
	Skippable          bool
	Includes, Excludes []string
}
