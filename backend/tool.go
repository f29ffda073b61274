package backend

// Tool puts a directory of another image into a container, such as /opt/chef of an
// image with Chef. How that is done is the backend's business: it may keep a container
// that is never started, a volume or a mount of the image, and finds them by labels.
type Tool struct {
	// Image is the ID of a local image.
	Image string
	// Path is the directory, in the image and in the container; empty means every
	// volume that the image declares.
	Path string
	// Access says who sees what the container writes into the directory.
	Access ToolAccess
	// Labels are for what has to be made on the engine for this tool and is kept for
	// other containers. Which labels it is found by is the backend's business.
	Labels Labels `json:"-"`
}

// ToolAccess says who sees what a container writes into a tool. It is the value of
// kitchen.yml's driver.tool_access.
type ToolAccess string

const (
	// ToolDefault is ToolPrivate where the engine can do that without copying the
	// tool, and else ToolShared, which Container.Warnings tells.
	ToolDefault ToolAccess = ""
	// ToolPrivate gives each container its own view: what it writes is seen by no
	// other container and goes with it. An engine that would have to copy the tool
	// returns an *UnsupportedError. Whether it outlives a stop of the container
	// differs: on Docker it does, on Podman it does not.
	ToolPrivate ToolAccess = "private"
	// ToolShared lets all containers with ToolShared write into the same directory.
	ToolShared ToolAccess = "shared"
	// ToolReadOnly lets the container write nothing.
	ToolReadOnly ToolAccess = "read_only"
)

// Validate reports an access that does not exist. Errors: ErrInvalid.
func (a ToolAccess) Validate() error {
	switch a {
	case ToolDefault, ToolPrivate, ToolShared, ToolReadOnly:
		return nil
	}
	return &Error{Op: "tool_access " + string(a), Kind: ErrInvalid, Detail: "there is no such access",
		Remedy: "Write private, shared or read_only."}
}
