package backend

import "path/filepath"

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
