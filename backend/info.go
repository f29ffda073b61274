package backend

// Info is what an engine can do, as far as a caller needs to know it beforehand. It is
// measured, never assumed. Everything else is the backend's own business.
type Info struct {
	// CgroupVersion is 1 or 2.
	CgroupVersion int
	// NativeSystemd is true when the engine prepares a container for a systemd PID 1 by itself.
	NativeSystemd bool
	// CopiesLoseOwners is true when CopyFrom does not say whose files are as the container sees it: Podman has them all
	// of root, and a Docker that remaps users has the numbers of its host.
	CopiesLoseOwners bool
}
