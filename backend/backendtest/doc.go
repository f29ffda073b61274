// Package backendtest holds the contract of [backend.ContainerBackend] and an
// in-memory engine that keeps it.
//
// [Run] is the contract: one subtest for each promise that the interface makes, run
// against the fake and against every real engine. Its files are named contract*.go.
//
// [Fake] is for the tests of those who use a backend. It has images, containers,
// files, volumes and networks, but no kernel: commands run in a small shell of its
// own (shell*.go) or in hooks of the test. Every call passes one place, where it is
// counted and where a test can make it fail.
package backendtest
