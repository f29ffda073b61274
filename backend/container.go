package backend

import (
	"io"
	"net/netip"
)

// ContainerSpec says what a container must be like. Its fields carry intent; how
// an engine is brought to fulfil it is written in each backend's spec.go.
type ContainerSpec struct {
	Name string
	// Image is an image ID, or a reference that exists locally.
	Image string
	// Platform is os/arch[/variant], or empty for the image's own.
	Platform string
	// Entrypoint and Command replace the image's own when not nil. Setting
	// Entrypoint alone leaves the image's command out too.
	Entrypoint, Command []string
	Env                 map[string]string
	// ClientProxies adds the proxies of the engine's own client to Env, as that client
	// does: those of Docker's config.json, or of the environment of Podman's service. What
	// Env has counts.
	ClientProxies bool
	Hostname      string
	// Domainname is the part after the host name.
	Domainname string
	// User is "uid[:gid]" or a name; empty means the image's own, and root where
	// a user namespace mode would otherwise choose somebody else.
	User    string
	WorkDir string
	// StopSignal is a name such as "SIGTERM"; empty means the image's own.
	StopSignal string
	Labels     Labels

	// Init is the kind of PID 1 that the engine has to provide for.
	Init Init
	// Privileged is "as much as this engine may give"; what it may not give is
	// told in Container.Warnings.
	Privileged bool
	UserNS     UserNS
	CgroupNS   Namespace
	IPC        Namespace
	PID        Namespace
	// CapAdd and CapDrop are capability names with or without "CAP_", or "ALL".
	CapAdd, CapDrop []string
	Security        Security
	Devices         []Device
	// GPUs asks for that many GPUs; -1 for all of them.
	GPUs         int
	GroupAdd     []string
	Ulimits      []Ulimit
	Sysctls      map[string]string
	ReadOnlyRoot bool
	// Tty gives PID 1 a terminal.
	Tty       bool
	Resources Resources

	Mounts      []Mount
	VolumesFrom []VolumesFrom
	// Tools are directories of other images.
	Tools []Tool

	Network    NetworkAttachment
	Ports      []PortMapping
	PublishAll bool
	ExtraHosts []HostEntry
	DNS        DNS
}

// Init is the kind of PID 1 in a container.
type Init int

const (
	// InitNone leaves PID 1 to the command.
	InitNone Init = iota
	// InitReaper puts the engine's own small init in front of the command.
	InitReaper
	// InitSystemd prepares the container for systemd as PID 1.
	InitSystemd
)

// UserNSMode is how a user namespace is made.
type UserNSMode string

// The modes of user namespaces. The empty one is what the engine does when not told.
const (
	// UserNSHost is the user namespace that the engine itself runs in.
	UserNSHost UserNSMode = "host"
	// UserNSKeepID keeps the user's own ids inside the container.
	UserNSKeepID UserNSMode = "keep-id"
	// UserNSAuto takes an unused range of ids.
	UserNSAuto UserNSMode = "auto"
	// UserNSNoMap does not map the user's own id into the container.
	UserNSNoMap UserNSMode = "nomap"
	// UserNSPrivate is a namespace of its own.
	UserNSPrivate UserNSMode = "private"
)

// UserNS is a container's user namespace.
type UserNS struct {
	Mode UserNSMode
	// UID and GID are what the user's own ids are inside, for UserNSKeepID; nil for
	// the same as outside.
	UID, GID *uint32
	// Size is how many ids there are, for UserNSAuto and UserNSKeepID; 0 leaves it to
	// the engine.
	Size uint32
}

// NamespaceMode is how a namespace of one kind is made.
type NamespaceMode string

// The modes of namespaces. The empty one is the engine's default.
const (
	// NamespaceHost shares the engine's host namespace.
	NamespaceHost NamespaceMode = "host"
	// NamespacePrivate is a namespace of the container's own.
	NamespacePrivate NamespaceMode = "private"
	// NamespaceShareable is one of its own that other containers may join.
	NamespaceShareable NamespaceMode = "shareable"
	// NamespaceNone is an IPC namespace without /dev/shm.
	NamespaceNone NamespaceMode = "none"
	// NamespaceContainer joins the namespace of another container.
	NamespaceContainer NamespaceMode = "container"
)

// Namespace is a container's namespace of one kind.
type Namespace struct {
	Mode NamespaceMode
	// Container is the name of another container, for NamespaceContainer.
	Container string
}

// Security are the restrictions of a container's processes. Empty fields are the
// engine's own choice.
type Security struct {
	// NoNewPrivileges keeps programs from gaining rights, as setuid ones do.
	NoNewPrivileges bool
	// Seccomp is "unconfined", "builtin", the absolute path of a profile, or the
	// profile itself in JSON.
	Seccomp string
	// AppArmor is the name of a profile or "unconfined".
	AppArmor string
	SELinux  SELinux
	// UnmaskAll uncovers the paths of /proc and /sys that an engine hides or mounts
	// read-only. Mask and Unmask name single ones.
	UnmaskAll    bool
	Mask, Unmask []string
	// ProcOptions are options of the mount of /proc, such as "hidepid=2".
	ProcOptions []string
	// WritableCgroups mounts the cgroups writable in an unprivileged container.
	WritableCgroups bool
}

// SELinux are the labels of a container's processes.
type SELinux struct {
	// Disabled takes the container out of SELinux' separation.
	Disabled                          bool
	User, Role, Type, Level, FileType string
	// Nested lets the container change labels inside.
	Nested bool
}

// Device is a device node that is given to the container.
type Device struct {
	HostPath, ContainerPath string
	// Permissions is a subset of "rwm"; empty means all.
	Permissions string
}

// Ulimit is a resource limit of processes, such as nofile.
type Ulimit struct {
	Name       string
	Soft, Hard int64
}

// Resources are limits. Zero means none.
type Resources struct {
	// Memory, MemorySwap (memory plus swap, -1 for unlimited), MemoryReservation
	// and ShmSize are bytes.
	Memory, MemorySwap, MemoryReservation, ShmSize int64
	// CPUs is a number of processors, such as 1.5.
	CPUs float64
	// CPUShares is a relative weight; 1024 is normal.
	CPUShares int64
	// CPUSet is a list such as "0-2,4".
	CPUSet string
	// Pids is the largest number of processes.
	Pids int64
}

// MountType is a kind of mount.
type MountType string

const (
	// MountBind is a directory or file of the engine's host.
	MountBind MountType = "bind"
	// MountVolume is a volume; without Source an anonymous one.
	MountVolume MountType = "volume"
	// MountTmpfs is a file system in memory.
	MountTmpfs MountType = "tmpfs"
)

// Relabel says how SELinux labels a mount's source anew.
type Relabel string

// The ways of relabelling. The empty one leaves the labels alone.
const (
	RelabelShared  Relabel = "z"
	RelabelPrivate Relabel = "Z"
)

// Mount is something mounted into a container.
type Mount struct {
	Type MountType
	// Source is an absolute path for a bind, a name for a volume.
	Source string
	// Target is an absolute path in the container.
	Target   string
	ReadOnly bool
	// Own marks a bind of galley's own directory: only such a bind may be
	// relabelled for SELinux without being asked.
	Own     bool
	Relabel Relabel
	// Propagation is such as "rslave", or empty.
	Propagation string
	// Consistency is Docker Desktop's "cached", "delegated" or "consistent".
	Consistency string
	// NoCopy leaves a volume without what the image has at the target.
	NoCopy bool
	// NonRecursive leaves out what is mounted below the source.
	NonRecursive bool
	// Overlay throws away what the container writes.
	Overlay bool
	// ChangeOwner gives the source to the container's user.
	ChangeOwner bool
	// IDMap maps the ids of the source into the container.
	IDMap bool
	// FSOptions are options of the file system as mount(8) has them: exec, nosuid,
	// size=64m, mode=0700 …
	FSOptions []string
}

// VolumesFrom mounts the volumes of another container.
type VolumesFrom struct {
	Container string
	ReadOnly  bool
}

// NetworkMode is how a container is connected.
type NetworkMode string

const (
	// NetworkNamed attaches to the network called Name.
	NetworkNamed NetworkMode = "named"
	// NetworkBridge is the engine's own default bridge.
	NetworkBridge NetworkMode = "bridge"
	// NetworkHost shares the host's network.
	NetworkHost NetworkMode = "host"
	// NetworkNone has a loopback interface only.
	NetworkNone NetworkMode = "none"
	// NetworkContainer shares the network of the container called Name.
	NetworkContainer NetworkMode = "container"
)

// NetworkAttachment connects a container to a network.
type NetworkAttachment struct {
	// Mode is empty for the engine's default.
	Mode NetworkMode
	// Name is that of the network or container, for the modes that have one.
	Name string
	// Aliases are further names that resolve to the container on its network.
	Aliases []string
	// Links are further names of other containers.
	Links []Link
	// IPv4, IPv6 and MAC are fixed addresses, or empty.
	IPv4, IPv6, MAC string
}

// PortMapping publishes a port of the container on the engine's host.
type PortMapping struct {
	// HostIP is empty for all addresses.
	HostIP string
	// HostPort is 0 for a free one of the engine's choice.
	HostPort      int
	ContainerPort int
	// Protocol is "tcp", "udp" or "sctp".
	Protocol string
}

// Link is another container, and a name to reach it by.
type Link struct{ Container, Alias string }

// HostEntry is a line of the container's /etc/hosts.
type HostEntry struct {
	Name string
	// Address is not valid when Gateway is set.
	Address netip.Addr
	// Gateway stands for the address of the engine's host.
	Gateway bool
}

// DNS is the container's resolver configuration.
type DNS struct {
	Servers, Search, Options []string
}

// State is the state of a container, in the words of no engine.
type State string

// The states of a container.
const (
	StateCreated  State = "created"
	StateRunning  State = "running"
	StatePaused   State = "paused"
	StateExited   State = "exited"
	StateRemoving State = "removing"
)

// Container is what an engine says of a container.
type Container struct {
	ID string
	// Name has no leading slash.
	Name    string
	ImageID string
	State   State
	// ExitCode is meaningful in StateExited.
	ExitCode int
	Labels   Labels
	// Warnings is what was asked for and could only be given weaker, in words
	// for the user. Only CreateContainer fills it.
	Warnings []string
}

// ExecSpec is a command to run in a container.
type ExecSpec struct {
	// Command is an argv; no shell is involved.
	Command []string
	Env     map[string]string
	// User is empty for the container's own.
	User    string
	WorkDir string
	// Mark is what the command's marker begins with (package execmark), by which what is left
	// of it can be found; empty where nobody will look.
	Mark string
	// Stdin, when set, is copied to the command until it ends.
	Stdin io.Reader
	// Stdout and Stderr receive the output; nil throws it away. With a Tty both
	// streams come through Stdout.
	Stdout, Stderr io.Writer
	// Tty gives the command a terminal.
	Tty bool
	// Size is the terminal's first size, and Resize brings later ones.
	Size   TerminalSize
	Resize <-chan TerminalSize
}

// TerminalSize is in characters.
type TerminalSize struct {
	Width, Height uint
}

// LogOptions says which part of a container's log is wanted.
type LogOptions struct {
	Stdout, Stderr io.Writer
	Follow         bool
	// Tail is the number of last lines; 0 means all.
	Tail int
}
