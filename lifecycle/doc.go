// Package lifecycle takes instances through their lives: create, converge, setup,
// verify, destroy.
//
// It knows engines only as a [backend.ContainerBackend] and kitchen.yml only as
// resolved [config.Instance] values. What exists is asked of the engine, by
// label; the state file adds what labels cannot hold. Everything that happens is
// emitted as an [Event]; this package prints nothing.
package lifecycle
