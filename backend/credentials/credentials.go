// Package credentials finds what a registry wants to know before it hands out an
// image: in a file named by kitchen.yml, in the configuration of Docker's client
// with its stores and helpers, and in Podman's auth.json.
//
// Credentials are only ever given to the registry that they are stored for.
package credentials

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"

	"github.com/galley-kitchen/galley/backend"
)

// hub are the names under which Docker Hub's credentials are kept, in the order
// of how common they are.
var hub = []string{"https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"}

// Finder knows where to look.
type Finder struct {
	// Home is the user's home directory, Getenv the environment.
	Home   string
	Getenv func(string) string
}

// Source says where an instance's credentials may come from.
type Source struct {
	// File is driver.creds_file, or empty.
	File string
	// DockerConfig is driver.docker_config_creds: whether the logins of Docker's and
	// Podman's own files count.
	DockerConfig bool
}

// Find returns the credentials for an image, nil when there are none. An error
// is a warning: a store that cannot be read, a helper that is missing. The image
// may well be public, so the pull goes on without.
func (f Finder) Find(ref string, s Source) (*backend.Credentials, error) {
	named, err := reference.ParseDockerRef(ref)
	if err != nil {
		return nil, fmt.Errorf("credentials for %s: %w", ref, err)
	}
	registry := reference.Domain(named)
	keys := lookupKeys(registry, reference.Path(named))
	if s.File != "" {
		// One file is for one registry; images from others have theirs elsewhere.
		if c, err := f.fromFile(s.File, registry); c != nil || err != nil {
			return c, err
		}
	}
	if !s.DockerConfig {
		return nil, nil
	}
	if path := f.Getenv("REGISTRY_AUTH_FILE"); path != "" {
		return search(path, registry, keys, false)
	}
	var problems []error
	for _, path := range f.files() {
		c, err := search(path, registry, keys, true)
		if c != nil {
			return c, nil
		}
		problems = append(problems, err)
	}
	return nil, errors.Join(problems...)
}

// files are the places of Docker's config.json and Podman's auth.json.
func (f Finder) files() []string {
	dir := f.Getenv("DOCKER_CONFIG")
	if dir == "" {
		dir = filepath.Join(f.Home, ".docker")
	}
	list := []string{filepath.Join(dir, "config.json")}
	if rt := f.Getenv("XDG_RUNTIME_DIR"); rt != "" {
		list = append(list, filepath.Join(rt, "containers", "auth.json"))
	}
	conf := f.Getenv("XDG_CONFIG_HOME")
	if conf == "" {
		conf = filepath.Join(f.Home, ".config")
	}
	return append(list, filepath.Join(conf, "containers", "auth.json"))
}

// lookupKeys are the names under which credentials for an image may be kept, the
// most special first: Podman allows a namespace or a repository behind the host.
func lookupKeys(registry, path string) []string {
	if registry == "docker.io" {
		return append(below("docker.io", path), hub...)
	}
	keys := append(below(registry, path), registry)
	return append(keys, "https://"+registry, "http://"+registry, "https://"+registry+"/", "https://"+registry+"/v1/", "https://"+registry+"/v2/")
}

// below lists registry/a/b/c, registry/a/b, registry/a.
func below(registry, path string) []string {
	var keys []string
	for path != "" {
		keys = append(keys, registry+"/"+path)
		i := strings.LastIndexByte(path, '/')
		path = path[:max(i, 0)]
	}
	return keys
}

// search looks into one file of Docker's format, which auth.json has too.
func search(path, registry string, keys []string, optional bool) (*backend.Credentials, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && optional {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the credentials: %w", err)
	}
	file := configfile.New(path)
	if err := file.LoadFromReader(bytes.NewReader(data)); err != nil {
		return nil, fmt.Errorf("read the credentials in %s: %w", path, err)
	}
	var problems []error
	for _, key := range keys {
		_, stored := file.AuthConfigs[key]
		_, helper := file.CredentialHelpers[key]
		if !stored && !helper && (file.CredentialsStore == "" || key != storeKey(registry)) {
			continue // nothing under this name
		}
		auth, err := file.GetAuthConfig(key)
		if err != nil {
			problems = append(problems, fmt.Errorf("credentials for %s: %w\nGoing on without; remove credsStore or credHelpers from %s, or install the helper", registry, err, path))
			break // the next name would fail the same way
		}
		if c := fromAuth(registry, auth); c != nil {
			return c, nil
		}
	}
	return nil, errors.Join(problems...)
}

// storeKey is the name under which Docker's client puts a registry's credentials into
// a store. Each question to a store starts a program, so no other name is asked for.
func storeKey(registry string) string {
	if registry == "docker.io" {
		return hub[0]
	}
	return registry
}

func fromAuth(registry string, auth types.AuthConfig) *backend.Credentials {
	if auth.IdentityToken != "" {
		return &backend.Credentials{Registry: registry, IdentityToken: auth.IdentityToken}
	}
	if auth.Username == "" && auth.Password == "" {
		return nil
	}
	return &backend.Credentials{Registry: registry, Username: auth.Username, Password: auth.Password}
}

// fromFile reads driver.creds_file: one JSON object, for one registry.
func (f Finder) fromFile(path, registry string) (*backend.Credentials, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("driver.creds_file: %w", err)
	}
	var creds struct{ Username, Password, ServerAddress string }
	if err := json.Unmarshal(data, &creds); err != nil {
		return nil, fmt.Errorf("driver.creds_file: %s: %w", path, err)
	}
	if server(creds.ServerAddress) != registry {
		return nil, nil
	}
	return &backend.Credentials{Registry: registry, Username: creds.Username, Password: creds.Password}, nil
}

// server is the registry that a server address names; none means Docker Hub.
func server(address string) string {
	host := strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://")
	host, _, _ = strings.Cut(host, "/")
	switch host {
	case "", "index.docker.io", "registry-1.docker.io":
		return "docker.io"
	}
	return host
}
