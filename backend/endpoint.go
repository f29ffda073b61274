package backend

import (
	"path/filepath"
)

// Kind tells which implementation of [ContainerBackend] speaks an endpoint's
// API. Only detection, the wiring in cmd and the backends look at it.
type Kind string

// The kinds of engine.
const (
	KindDocker Kind = "docker"
	KindPodman Kind = "podman"
)

// Endpoint is where an engine answers, and what is needed to talk to it.
type Endpoint struct {
	// URI is unix:///path, npipe:////./pipe/name, tcp://host:port or
	// ssh://[user@]host[:port][/path/to/socket]. It holds no password.
	URI string
	// TLS is set for tcp endpoints that want it.
	TLS *TLS
	// Identity is the file of a private key for ssh, or empty for ssh's own choice.
	Identity string
	// Machine marks a virtual machine of Podman's on this computer. Its host key is
	// made anew with the machine, so it is not checked.
	Machine bool
	// Ephemeral is true for a service that ends with this process: a later one cannot be found at the same address.
	Ephemeral bool
	// Kind and APIVersion are what the engine said when it was asked.
	Kind       Kind
	APIVersion string
	// EngineVersion is the server's version as its ping told, or empty.
	EngineVersion string
}

// TLS are the files and choices of a TLS connection.
type TLS struct {
	// CA, Cert and Key are PEM files. Without CA the system's roots are used.
	CA, Cert, Key string
	// SkipVerify turns off the check of the server's certificate.
	SkipVerify bool
}

// ClientEnv is the environment by which another program, such as a test tool on this machine, reaches the engine at an
// endpoint: the variables that Docker's clients read, which any engine with Docker's API serves, and those of Podman's.
func ClientEnv(e Endpoint) map[string]string {
	env := map[string]string{"DOCKER_HOST": e.URI}
	if e.Kind == KindPodman {
		env["CONTAINER_HOST"] = e.URI
		if e.Identity != "" {
			env["CONTAINER_SSHKEY"] = e.Identity
		}
	}
	if e.TLS == nil {
		return env
	}
	if e.TLS.SkipVerify {
		env["DOCKER_SSL_VERIFY"] = "false"
	} else {
		env["DOCKER_TLS_VERIFY"] = "1"
	}
	// These clients know a directory only, and the names of the files in it.
	for _, file := range []string{e.TLS.Cert, e.TLS.CA} {
		if file != "" {
			env["DOCKER_CERT_PATH"] = filepath.Dir(file)
			break
		}
	}
	return env
}
