// Package engine holds what the Docker and the Podman backend do alike: the formats that both APIs share and the rules
// that are ours, not an engine's. All of it is either pure or works on a single stream.
package engine
