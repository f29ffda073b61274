package spec

// ToolAccess says who sees what a container writes into a tool. It is the value of kitchen.yml's driver.tool_access.
type ToolAccess string

// The kinds of access to a tool.
const (
	// ToolDefault is ToolPrivate where the engine can do that without copying the
	// tool, and else ToolShared, which Container.Warnings tells.
	ToolDefault ToolAccess = ""
	// ToolPrivate gives each container its own view: what it writes is seen by no other container and goes with it. An
	// engine that would have to copy the tool returns backend.ErrUnsupported. Whether it outlives a stop of the
	// container differs: on Docker it does, on Podman it does not.
	ToolPrivate ToolAccess = "private"
	// ToolShared lets all containers with ToolShared write into the same directory.
	ToolShared ToolAccess = "shared"
	// ToolReadOnly lets the container write nothing.
	ToolReadOnly ToolAccess = "read_only"
)
