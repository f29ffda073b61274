package backend

// The labels that galley puts on every container, image, network and volume that
// it makes. They are the truth about what exists and whose it is;
// docs/how-it-works.md documents them for people.
const (
	// LabelPrefix starts every label of galley; users may not set such labels.
	LabelPrefix = "dev.galley."
	// LabelProject is the project's random identifier.
	LabelProject = LabelPrefix + "project"
	// LabelProjectDir is the project's directory, for people.
	LabelProjectDir = LabelPrefix + "project-dir"
	// LabelHost is the machine on which galley ran, for people.
	LabelHost = LabelPrefix + "host"
	// LabelCheckout tells two directories at one path apart, as two containers have them.
	LabelCheckout = LabelPrefix + "checkout"
	// LabelSandbox is "mounted" when a runner sees the sandboxes of galley's machine,
	// and "uploaded" when it has copies of them.
	LabelSandbox = LabelPrefix + "sandbox"
	// LabelInstance is the instance's name.
	LabelInstance = LabelPrefix + "instance"
	// LabelRole is what the thing is for; see the Role constants.
	LabelRole = LabelPrefix + "role"
	// LabelSpec is the digest of all that the thing was made from.
	LabelSpec = LabelPrefix + "spec"
	// LabelRun is the identifier of the run that made it.
	LabelRun = LabelPrefix + "run"
	// LabelVersion is the version of galley that made it.
	LabelVersion = LabelPrefix + "version"
)

// The values of LabelRole.
const (
	// RoleRunner is an instance's container.
	RoleRunner = "runner"
	// RoleTool is a container whose volume carries a tool into runners. It is
	// shared by all projects and never started.
	RoleTool = "tool"
	// RoleNetwork is the network that runners share.
	RoleNetwork = "network"
	// RoleWork is an image made from a platform image and intermediate
	// instructions.
	RoleWork = "work"
	// RoleHelper is a container that a run makes for itself and removes again. One
	// that a galley left behind goes with prune.
	RoleHelper = "helper"
)
