package engine

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/docker/docker/api/types/registry"

	"github.com/galley-kitchen/galley/backend"
)

// The names of Docker Hub: in references to images, and where credentials are for it.
const (
	hub        = "docker.io"
	hubAddress = "https://index.docker.io/v1/"
)

// AuthConfig is credentials as both engines' APIs have them. A Docker with the containerd image store compares the
// address with the registry that it talks to, and only knows Docker Hub's when it is the one that `docker login` uses:
// with any other it pulls anonymously. So does the builder of every Docker.
func AuthConfig(c backend.Credentials) registry.AuthConfig {
	address := c.Registry
	if address == hub {
		address = hubAddress
	}
	return registry.AuthConfig{Username: c.Username, Password: c.Password, IdentityToken: c.IdentityToken,
		ServerAddress: address}
}

// RegistryAuth is the value of the header X-Registry-Auth for one registry; nil
// credentials give an empty one, which means an anonymous pull.
func RegistryAuth(c *backend.Credentials) (string, error) {
	if c == nil {
		return "", nil
	}
	return registry.EncodeAuthConfig(AuthConfig(*c))
}

// RegistryConfig is the value of the header X-Registry-Config: credentials by registry, for the base images of a build.
func RegistryConfig(all []backend.Credentials) (string, error) {
	if len(all) == 0 {
		return "", nil
	}
	byRegistry := make(map[string]registry.AuthConfig, len(all))
	for _, c := range all {
		byRegistry[c.Registry] = AuthConfig(c)
	}
	text, err := json.Marshal(byRegistry)
	if err != nil {
		return "", fmt.Errorf("encode registry credentials: %w", err)
	}
	return base64.URLEncoding.EncodeToString(text), nil
}
