package backend

// Info is what an engine says of itself. It is measured, never assumed.
type Info struct {
	// Engine is the engine's name, for people to read. Nothing branches on it.
	Engine string
	// Version is the server's version, such as "26.1.5".
	Version string
	// APIVersion is the version of the API that is spoken.
	APIVersion string
	// Endpoint is the URI of the socket or host that was dialled.
	Endpoint string
	// OS and Arch are those of the containers: "linux", "amd64".
	OS, Arch string
	// Rootless is true when the engine runs without root on its host.
	Rootless bool
	// UserNSRemap is true when containers get a remapped user namespace unless
	// they ask for the host's.
	UserNSRemap bool
	// SELinux is true when the engine's host labels files and containers.
	SELinux bool
	// CgroupVersion is 1 or 2.
	CgroupVersion int
	// Capabilities is what the engine can do.
	Capabilities Capabilities
}

// Capabilities are the differences between engines that a caller may need to
// know beforehand. Everything else is the backend's own business.
type Capabilities struct {
	// MemoryLimit, CPULimit and PidsLimit tell whether such limits take effect.
	MemoryLimit, CPULimit, PidsLimit bool
	// KeepIDUserNS and AutoUserNS tell whether those user namespaces exist.
	KeepIDUserNS, AutoUserNS bool
	// NativeSystemd is true when the engine prepares a container for a systemd
	// PID 1 by itself.
	NativeSystemd bool
	// RealPrivileged is true when a privileged container gets the host's
	// privileges, and not only those of an unprivileged user.
	RealPrivileged bool
}
