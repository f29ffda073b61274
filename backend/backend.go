package backend

import (
	"context"
	"io"
	"time"
)

// ContainerBackend is all that the life cycle asks of a container engine.
//
// Methods are safe for concurrent use and honour their context. Errors match the
// sentinels of this package with [errors.Is] and carry the engine's own words.
type ContainerBackend interface {
	// Info tells what the engine can do. It is measured on the first call and remembered.
	Info(ctx context.Context) (Info, error)

	// RemapsUsers reports whether a container that asks for no user namespace gets one in
	// which its root is another user than the engine's.
	RemapsUsers(ctx context.Context) (bool, error)

	Images
	Containers
	Networks

	// Close ends what the backend itself holds or started: idle connections, a
	// private service, an ssh tunnel. It never touches containers.
	io.Closer
}

// Images is the part of an engine that deals with images.
type Images interface {
	// InspectImage finds a local image by reference or ID. It never pulls. Errors: ErrNotFound.
	InspectImage(ctx context.Context, ref string) (Image, error)

	// PullImage fetches an image from its registry and returns what the engine then has under that reference. It reads
	// the engine's progress stream to its end, since a failed pull is told there and not by the status code. Errors:
	// ErrNotFound (no such image), ErrUnauthorized, ErrUnreachable (the registry), ErrBusy (the same may succeed
	// later), ErrWrongPlatform, ErrNoSpace.
	PullImage(ctx context.Context, o PullOptions) (Image, error)

	// BuildImage builds an image from a tar of a build context and returns it. Errors: ErrBuildFailed with the failing
	// step's output, ErrUnauthorized, ErrConflict (an image that the build looked at was removed meanwhile; nothing is
	// wrong with the build itself).
	BuildImage(ctx context.Context, o BuildOptions) (Image, error)

	// ListImages returns the local images that carry all of labels.
	ListImages(ctx context.Context, labels Labels) ([]Image, error)

	// RemoveImage removes an image by ID or reference. Absent is success; an
	// image that a container still uses is ErrConflict.
	RemoveImage(ctx context.Context, ref string) error

	// SaveImages returns a tar stream of local images, with their layers, in the form of `docker save`: manifest.json
	// lists them in no particular order, and layers may be compressed, as Docker 29 keeps them. The caller closes it; a
	// stream that ends too early is an error of its Read.
	// Errors: ErrNotFound.
	SaveImages(ctx context.Context, refs ...string) (io.ReadCloser, error)

	// LoadImage brings the one image of a stream such as SaveImages returns to the engine, under the names that it has
	// there, and returns it. Errors: ErrInvalid (it is no such stream), ErrNoSpace.
	LoadImage(ctx context.Context, tar io.Reader) (Image, error)
}

// Containers is the part of an engine that deals with containers.
type Containers interface {
	// CreateContainer makes a container and does not start it. What its Tools need on the engine is made if it is not
	// there, once for all callers and processes. What was asked for and can only be given weaker is in
	// Container.Warnings. Errors: ErrUnsupported (nothing was created), ErrNotFound (image, network, a VolumesFrom
	// source or a tool's image), ErrConflict (the name is taken), ErrMountSource (a bind's source is not there for the
	// engine; it is never made silently), ErrInvalid.
	CreateContainer(ctx context.Context, s ContainerSpec) (Container, error)

	// StartContainer starts a container; one that runs already is success. Errors: ErrNotFound (also for a tool's
	// image), ErrPortTaken, ErrMountSource, ErrInvalid (the command cannot be run).
	StartContainer(ctx context.Context, id string) error

	// InspectContainer finds a container by ID or name. Errors: ErrNotFound.
	InspectContainer(ctx context.Context, idOrName string) (Container, error)

	// ListContainers returns the containers, running or not, that carry all of labels; an empty value matches any value
	// of that label. Fields that only an inspection knows (ExitCode) may be empty.
	ListContainers(ctx context.Context, labels Labels) ([]Container, error)

	// Exec runs a command in a running container, attached, and returns its exit code once its output has been
	// delivered to the end. A command that cannot be started is not an error but a code: 127 not found, 126 not
	// executable; death by signal n is 128+n. When ctx ends, the command is killed as far as the engine allows and
	// ctx's error is returned. An exec is never retried. Errors: ErrNotFound, ErrNotRunning.
	Exec(ctx context.Context, id string, e ExecSpec) (exitCode int, err error)

	// CopyTo unpacks a tar stream into directory dir of a container, running or not. It acts on what processes in the
	// container see, also where something is mounted in memory, or fails. Errors: ErrNotFound (container or directory),
	// ErrInvalid (dir is not a directory), ErrUnsupported.
	CopyTo(ctx context.Context, id, dir string, tar io.Reader) error

	// CopyFrom returns a tar stream of path, whose entries start with path's base name; those of "DIR/." are what is in
	// DIR. It is what processes in the container see, as with CopyTo. The caller closes it. Errors: ErrNotFound,
	// ErrUnsupported.
	CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error)

	// ContainerChanges lists the paths in which a container, running or not, differs from its image, sorted by path. A
	// directory in which something changed is there too, and so is a directory that was made to mount something on;
	// what is in a mount is not. Errors: ErrNotFound.
	ContainerChanges(ctx context.Context, id string) ([]Change, error)

	// CommitContainer makes an image of a container's files, without what is mounted. A running one is paused meanwhile
	// where the engine can do that. Errors: ErrNotFound, ErrNoSpace.
	CommitContainer(ctx context.Context, id string, o CommitOptions) (Image, error)

	// ContainerLogs writes what PID 1 printed to o's writers; with Follow until
	// the container stops or ctx ends. Errors: ErrNotFound.
	ContainerLogs(ctx context.Context, id string, o LogOptions) error

	// WaitContainer blocks until a started container has stopped and returns its exit code. Errors: ErrNotFound.
	WaitContainer(ctx context.Context, id string) (exitCode int, err error)

	// StopContainer ends PID 1 by the container's stop signal, and kills it when it goes on for longer than grace. One
	// that does not run is success. Errors: ErrNotFound.
	StopContainer(ctx context.Context, id string, grace time.Duration) error

	// PauseContainer freezes all processes of a running container until UnpauseContainer; its network stays. Errors:
	// ErrNotFound, ErrNotRunning, ErrUnsupported.
	PauseContainer(ctx context.Context, id string) error

	// UnpauseContainer lets the processes of a paused container go on. One that runs is success. Errors: ErrNotFound.
	UnpauseContainer(ctx context.Context, id string) error

	// RemoveContainer kills and removes a container at once, with its anonymous volumes and what it wrote into its
	// private tools. Absent is success, and so is a removal already under way, whose end is waited for: on return the
	// name is free. What a process that died in the middle of a removal left goes as well.
	RemoveContainer(ctx context.Context, id string) error
}

// Networks is the part of an engine that deals with networks.
type Networks interface {
	// EnsureNetwork returns the bridge network of that name, making it if there is none. Containers on it find each
	// other by name and alias on every engine. Two callers at once get the same network.
	EnsureNetwork(ctx context.Context, s NetworkSpec) (Network, error)

	// ListNetworks returns the networks that carry all of labels.
	ListNetworks(ctx context.Context, labels Labels) ([]Network, error)

	// RemoveNetwork removes a network. Absent is success; one in use is ErrConflict.
	RemoveNetwork(ctx context.Context, name string) error
}

// Labels are the key/value pairs on a container, image or network.
type Labels map[string]string

// Matches reports whether have carries all of l; an empty value in l matches any.
func (l Labels) Matches(have Labels) bool {
	for k, want := range l {
		got, ok := have[k]
		if !ok || (want != "" && got != want) {
			return false
		}
	}
	return true
}

// Info is what an engine can do, as far as a caller needs to know it beforehand. It is
// measured, never assumed. Everything else is the backend's own business.
type Info struct {
	// Flavor tells engines apart that give a container other powers, devices and files: which engine it is, and what it
	// does to a container's root, such as "podman rootless".
	Flavor string
	// CgroupVersion is 1 or 2.
	CgroupVersion int
	// NativeSystemd is true when the engine prepares a container for a systemd PID 1 by itself.
	NativeSystemd bool
	// CopiesLoseOwners is true when CopyFrom does not say whose files are as the container sees it: Podman has them all
	// of root, and a Docker that remaps users has the numbers of its host.
	CopiesLoseOwners bool
}

// NetworkSpec says what a network must be like.
type NetworkSpec struct {
	Name   string
	Labels Labels
	// IPv6 asks for an IPv6 subnet besides the IPv4 one.
	IPv6 bool
	// IPv6Subnet is the CIDR to use; empty means a stable one derived from Name.
	IPv6Subnet string
	// Subnet is the IPv4 CIDR to use; empty leaves it to the engine. One that overlaps with another network's is
	// ErrConflict.
	Subnet string
	// Internal keeps containers from reaching anything outside of the network by it.
	Internal bool
}

// Network is what an engine knows of a network.
type Network struct {
	ID, Name string
	Labels   Labels
	IPv6     bool
}
