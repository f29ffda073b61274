package engine

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/galley-kitchen/galley/backend"
)

// authConfig is an entry of the headers X-Registry-Auth and X-Registry-Config.
type authConfig struct {
	Username      string `json:"username,omitempty"`
	Password      string `json:"password,omitempty"`
	IdentityToken string `json:"identitytoken,omitempty"`
	ServerAddress string `json:"serveraddress,omitempty"`
}

func authOf(c backend.Credentials) authConfig {
	return authConfig{Username: c.Username, Password: c.Password, IdentityToken: c.IdentityToken, ServerAddress: ServerAddress(c.Registry)}
}

// The names of Docker Hub: in references to images, and where credentials are for it.
const (
	hub        = "docker.io"
	hubAddress = "https://index.docker.io/v1/"
)

// ServerAddress is the address under which an engine wants a registry's credentials.
// A Docker with the containerd image store compares it with the registry that it
// talks to, and only knows Docker Hub's when it is the one that `docker login` uses:
// with any other it pulls anonymously. So does the builder of every Docker.
func ServerAddress(registry string) string {
	if registry == hub {
		return hubAddress
	}
	return registry
}

// RegistryAuth is the value of the header X-Registry-Auth for one registry; nil
// credentials give an empty one, which means an anonymous pull.
func RegistryAuth(c *backend.Credentials) (string, error) {
	if c == nil {
		return "", nil
	}
	return encodeAuth(authOf(*c))
}

// RegistryConfig is the value of the header X-Registry-Config: credentials by
// registry, for the base images of a build.
func RegistryConfig(all []backend.Credentials) (string, error) {
	if len(all) == 0 {
		return "", nil
	}
	byRegistry := make(map[string]authConfig, len(all))
	for _, c := range all {
		byRegistry[c.Registry] = authOf(c)
	}
	return encodeAuth(byRegistry)
}

func encodeAuth(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode registry credentials: %w", err)
	}
	return base64.URLEncoding.EncodeToString(text), nil
}
