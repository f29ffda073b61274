// Package spec has the values that kitchen.yml's `driver:` is parsed into once, by package keys, and that the backends
// translate for their engines: mounts, namespaces, restrictions, ports. The zero value of each is the engine's own
// choice. Their texts are those of kitchen.yml.
package spec
