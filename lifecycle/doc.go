// Package lifecycle takes instances through their lives: create, converge, setup, verify, destroy.
//
// It knows engines only as a [backend.ContainerBackend] and kitchen.yml only as resolved [config.Instance] values.
// Everything that happens is emitted as an [Event]; this package prints nothing.
//
// A [Run] does one action to some instances. Each instance goes this way (instance.go):
//
//	withLock ──► load ──► inspect ──► runPhase ──► save ──► the next phase, or the end
//	              │          │            │
//	              │          │            └ pre hooks, the phase's steps, post hooks, finally hooks
//	              │          └ opens the engine that is recorded, and finds the runner by its labels
//	              └ what earlier runs recorded: record.go
//
// "Created" and "converged" is what the record says. The engine says what exists. An
// instance whose record and runner do not belong together is created anew.
//
// Create is a list of steps (step.go, create.go). Each is recorded when it is done:
//
//	pre_create ► images, tool, network, sandbox ► services ► container ► start ► boot ► post_create
//
// A run that finds some of them recorded goes on after them. A phase that is begun is
// no longer done: what was recorded after it is not done either.
//
// An instanceRun is put together of what it is about (subject.go: the instance, its events and labels), what it needs
// of its engine (supplies, in images.go, build.go, tool.go and engine.go), what is recorded of it (record.go), and the
// phases. The container that is tested is a liveRunner (runner.go, boot.go, transfer.go); services.go is what runs
// beside it; kitchensteps.go has the steps of a suite, and faulting.go makes faults. Besides: project.go is who we are;
// placement.go is which engine an instance lives on; snapshot.go is what is kept of runners, and snapshotting.go keeps
// it and brings it back; orphans.go and prune.go are what is left over.
package lifecycle
