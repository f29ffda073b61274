package backend

import (
	"io"
	"time"

	"github.com/galley-kitchen/galley/backend/spec"
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
	// ClientProxies adds the proxies of the engine's own client to Env, as that client does: those of Docker's
	// config.json, or of the environment of Podman's service. What Env has counts.
	ClientProxies bool
	Hostname      string
	// Domainname is the part after the host name.
	Domainname string
	// User is "uid[:gid]" or a name; empty means the image's own, and root where
	// a user namespace mode would otherwise choose another user.
	User    string
	WorkDir string
	// StopSignal is a name such as "SIGTERM"; empty means the image's own.
	StopSignal string
	Labels     Labels

	// Init is the kind of PID 1 that the engine has to provide for.
	Init Init
	// Privileged is "as much as this engine may give"; what it may not give is told in Container.Warnings.
	Privileged bool
	UserNS     spec.UserNS
	CgroupNS   spec.Namespace
	IPC        spec.Namespace
	PID        spec.Namespace
	// CapAdd and CapDrop are capability names with or without "CAP_", or "ALL".
	CapAdd, CapDrop []string
	Security        spec.Security
	Devices         []spec.Device
	// GPUs asks for that many GPUs; -1 for all of them.
	GPUs         int
	GroupAdd     []string
	Ulimits      []spec.Ulimit
	Sysctls      map[string]string
	ReadOnlyRoot bool
	// Tty gives PID 1 a terminal.
	Tty       bool
	Resources spec.Resources

	Mounts      []spec.Mount
	VolumesFrom []spec.VolumesFrom
	// Tools are directories of other images.
	Tools []Tool

	Network NetworkAttachment
	// Networks are further networks that the container is on, each of NetworkNamed, for a Network of NetworkNamed.
	Networks   []NetworkAttachment
	Ports      []spec.PortMapping
	PublishAll bool
	ExtraHosts []spec.HostEntry
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

// NetworkAttachment connects a container to a network.
type NetworkAttachment struct {
	// Mode is empty for the engine's default.
	Mode spec.NetworkMode
	// Name is that of the network or container, for the modes that have one.
	Name string
	// Aliases are further names that resolve to the container on its network.
	Aliases []string
	// Links are further names of other containers.
	Links []spec.Link
	// IPv4, IPv6 and MAC are fixed addresses, or empty.
	IPv4, IPv6, MAC string
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
	// Addresses are its IP addresses while it runs, by the names of its networks, and Ports those of the engine's host
	// at which its published ports are, of IPv4 where there are two, by names such as "80/tcp". Only InspectContainer
	// tells them.
	Addresses map[string]string
	Ports     map[string]int
	// Created is when the container was made. Only ListContainers tells it.
	Created time.Time
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
	// of it can be found; empty where none will look.
	Mark string
	// Stdin, when set, is copied to the command until it ends.
	Stdin io.Reader
	// Stdout and Stderr receive the output; nil throws it away. With a Tty both streams come through Stdout.
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

// Change is a path in which a container differs from its image.
type Change struct {
	// Path is absolute.
	Path string
	Kind ChangeKind
}

// ChangeKind says how a path differs.
type ChangeKind string

// The kinds of change.
const (
	// ChangeModified is another content or other attributes; of a directory also other entries.
	ChangeModified ChangeKind = "modified"
	ChangeAdded    ChangeKind = "added"
	// ChangeDeleted is a path that is gone; what was below it is not listed.
	ChangeDeleted ChangeKind = "deleted"
)

// CommitOptions says what becomes of a committed container.
type CommitOptions struct {
	// Ref names the image; empty leaves it without a name.
	Ref string
	// Labels are added to the container's own.
	Labels Labels
}
