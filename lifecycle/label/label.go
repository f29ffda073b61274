// Package label names the labels that galley puts on what it makes on an engine.
package label

// The labels that galley puts on every container, image, network and volume that it makes. They are the truth about
// what exists and whose it is; docs/how-it-works.md documents them for people.
const (
	// Prefix starts every label of galley; users may not set such labels.
	Prefix = "dev.galley."
	// Project is the project's random identifier.
	Project = Prefix + "project"
	// ProjectDir is the project's directory, for people.
	ProjectDir = Prefix + "project-dir"
	// Host is the machine on which galley ran, for people.
	Host = Prefix + "host"
	// Checkout tells two directories at one path apart, as two containers have them.
	Checkout = Prefix + "checkout"
	// Sandbox is "mounted" when a runner sees the sandboxes of galley's machine,
	// and "uploaded" when it has copies of them.
	Sandbox = Prefix + "sandbox"
	// Instance is the instance's name.
	Instance = Prefix + "instance"
	// Service is the name of an instance's service.
	Service = Prefix + "service"
	// Role is what the thing is for; see the Role constants.
	Role = Prefix + "role"
	// Spec is the digest of all that the thing was made from.
	Spec = Prefix + "spec"
	// Image is the ID of the platform's image, on an image that was made from a runner. On a runner that was made from
	// such an image it is that image's own ID and the platform's.
	Image = Prefix + "image"
	// Snapshot is the name of a snapshot, LastAction the last phase that had succeeded, and Created when it was saved.
	Snapshot   = Prefix + "snapshot"
	LastAction = Prefix + "last-action"
	Created    = Prefix + "created"
	// Checkpoint is the key of a checkpoint, and Inputs has a digest of each thing that went into it. A runner that was
	// made from it has them too.
	Checkpoint = Prefix + "checkpoint"
	Inputs     = Prefix + "inputs"
	// Run is the identifier of the run that made it.
	Run = Prefix + "run"
	// Lease is when what a run has made may be removed by galleys that cannot see whether the run lives, and Locks
	// tells those apart that can: they share its locks.
	Lease = Prefix + "lease"
	Locks = Prefix + "locks"
	// Version is the version of galley that made it.
	Version = Prefix + "version"
	// Commit tells the commit of a runner that is about to be published from all other images.
	Commit = Prefix + "commit"
	// Verified is "false" on a published image whose runner was not tested. With Report it is the one label of galley
	// that a published image may have.
	Verified = Prefix + "verified"
	// Report is the digest of the test report of a published image.
	Report = Prefix + "report.digest"
)

// The values of Role.
const (
	// RoleRunner is an instance's container.
	RoleRunner = "runner"
	// RoleTool is a container whose volume carries a tool into runners. It is shared by all projects and never started.
	RoleTool = "tool"
	// RoleService is a container beside an instance's runner.
	RoleService = "service"
	// RoleNetwork is the network that runners share, or that of an instance's services.
	RoleNetwork = "network"
	// RoleWork is an image made from a platform image and intermediate instructions.
	RoleWork = "work"
	// RoleSnapshot is an image that was made from a runner, to make another one from.
	RoleSnapshot = "snapshot"
	// RoleFrom is an image that was made from a converged runner, for instances that start from it.
	RoleFrom = "from"
	// RoleCheckpoint is an image that was made from a converged runner, to spare the next converge of the same inputs.
	RoleCheckpoint = "checkpoint"
	// RoleHelper is a container or an image that a run makes for itself and removes again. One that a galley left
	// behind goes with prune.
	RoleHelper = "helper"
)
