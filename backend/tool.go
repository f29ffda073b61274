package backend

import "github.com/galley-kitchen/galley/backend/spec"

// Tool puts a directory of another image into a container, such as /opt/chef of an
// image with Chef. How that is done is the backend's business: it may keep a container
// that is never started, a volume or a mount of the image, and finds them by labels.
type Tool struct {
	// Image is the ID of a local image.
	Image string
	// Path is the directory, in the image and in the container; empty means every volume that the image declares.
	Path string
	// Access says who sees what the container writes into the directory.
	Access spec.ToolAccess
	// Labels are for what has to be made on the engine for this tool and is kept for
	// other containers. Which labels it is found by is the backend's business.
	Labels Labels `json:"-"`
}

// ToolDir is where a container may have the volumes that its tools are made of: an engine removes only volumes that no
// container uses.
const ToolDir = "/run/galley/tools"

// Validate reports an access that does not exist. Errors: ErrInvalid.
func (t Tool) Validate() error {
	switch t.Access {
	case spec.ToolDefault, spec.ToolPrivate, spec.ToolShared, spec.ToolReadOnly:
		return nil
	}
	return &Error{Op: "tool_access " + string(t.Access), Kind: ErrInvalid, Detail: "there is no such access",
		Remedy: "Write private, shared or read_only."}
}
