// Package backend is what galley knows of container engines.
//
// The life cycle talks to an engine only through [ContainerBackend], in its own words: a [ContainerSpec] says what a
// container must be like (filled volumes, a systemd init, galley's own bind), and each implementation knows how its
// engine gets there. Nothing outside this tree asks which engine it is; callers branch on [Info], which is measured.
//
// The implementations live in backend/docker and backend/podman, with the same file names, so that the two can be read
// side by side. backend/contract has the tests that both must pass; backend/fake is an engine in memory.
package backend
