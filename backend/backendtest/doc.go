// Package backendtest holds the contract of [backend.ContainerBackend] and an
// in-memory engine for tests.
//
// [Run] is the contract: one subtest for each promise that the interface makes, run
// against every real engine. Its files are named contract*.go.
//
// [Fake] is for the tests of those who use a backend. It remembers images, containers,
// their files, volumes and networks, and has neither a kernel nor a shell: commands and
// builds are answered by hooks of the test. Every call passes one place, where it is
// counted and where a test can make it fail. The cases of the contract that state alone
// can answer run against it, too.
package backendtest
