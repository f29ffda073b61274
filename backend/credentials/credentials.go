// Package credentials finds what a registry wants to know before it hands out an image: in a file named by kitchen.yml,
// in the configuration of Docker's client with its stores and helpers, and in Podman's auth.json.
//
// Credentials are only ever given to the registry that they are stored for.
package credentials

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/userdir"
)

// hub are the names under which Docker Hub's credentials are kept, in the order of how common they are.
var hub = []string{"https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"}

// Finder knows where to look.
type Finder struct {
	// Home is the user's home directory, empty without one; UID is the user's number.
	Home string
	UID  int
	// Getenv is the environment.
	Getenv func(string) string
}

// Source says where an instance's credentials may come from.
type Source struct {
	// File is driver.creds_file, or empty.
	File string
	// DockerConfig is driver.docker_config_creds: whether the logins of Docker's and Podman's own files count.
	DockerConfig bool
}

// Find returns the credentials for an image, nil when there are none. An error is a warning: a store that cannot be
// read, a helper that is missing or silent. The image may well be public, so the pull goes on without.
func (f Finder) Find(ctx context.Context, ref string, s Source) (*backend.Credentials, error) {
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
		return search(ctx, place{path: path, named: true}, registry, keys)
	}
	var problems []error
	if text := f.Getenv(envConfig); text != "" {
		c, err := searchIn(ctx, envConfig, strings.NewReader(text), registry, keys)
		if c != nil {
			return c, nil
		}
		problems = append(problems, err)
	}
	for _, p := range f.files() {
		c, err := search(ctx, p, registry, keys)
		if c != nil {
			return c, nil
		}
		problems = append(problems, err)
	}
	return nil, errors.Join(problems...)
}

// envConfig is the variable that holds the text of a config.json, which Docker's client asks before the file. GitLab's
// runners set it.
const envConfig = "DOCKER_AUTH_CONFIG"

// files are the places of Docker's config.json and Podman's auth.json. Without a home there are no places below it: the
// working directory is another user's. No file is there twice, since the second place would not know that the first is
// shared.
func (f Finder) files() []place {
	list := []place{{path: userdir.In(userdir.DockerConfig(f.Getenv, f.Home), "config.json")}}
	if dir := f.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		list = append(list, place{path: filepath.Join(dir, "containers", "auth.json"), shared: true})
	} else {
		// So it is in a CI job, where no user has logged in to a session. Podman finds a user's directory all the same;
		// root gets another one.
		uid := strconv.Itoa(f.UID)
		list = append(list, place{path: filepath.Join("/run/user", uid, "containers", "auth.json")},
			place{path: filepath.Join("/run/containers", uid, "auth.json")})
	}
	config := cmp.Or(f.Getenv("XDG_CONFIG_HOME"), userdir.In(f.Home, ".config"))
	last := place{path: userdir.In(config, "containers", "auth.json")}
	if !slices.ContainsFunc(list, func(p place) bool { return p.path == last.path }) {
		list = append(list, last)
	}
	return slices.DeleteFunc(list, func(p place) bool { return p.path == "" })
}

// place is where a file may be.
type place struct {
	path string
	// named: the user names the file, so it must be there.
	named bool
	// shared: the environment names a directory in which others may have made the file. It could name programs to run.
	shared bool
}

// lookupKeys are the names under which credentials for an image may be kept, the most special first: Podman allows a
// namespace or a repository behind the host.
func lookupKeys(registry, path string) []string {
	if registry == "docker.io" {
		return append(below("docker.io", path), hub...)
	}
	keys := append(below(registry, path), registry)
	return append(keys, "https://"+registry, "http://"+registry, "https://"+registry+"/", "https://"+registry+"/v1/",
		"https://"+registry+"/v2/")
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
func search(ctx context.Context, p place, registry string, keys []string) (*backend.Credentials, error) {
	in, err := os.Open(p.path)
	if userdir.Absent(err) && !p.named {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the credentials: %w", err)
	}
	defer in.Close()
	if p.shared {
		if err := userdir.OwnFile(in); err != nil {
			return nil, fmt.Errorf("credentials are not read: %w", err)
		}
	}
	return searchIn(ctx, p.path, in, registry, keys)
}

// searchIn looks into what is called name.
func searchIn(ctx context.Context, name string, in io.Reader, registry string, keys []string) (*backend.Credentials,
	error) {
	file := configfile.New(name)
	if err := file.LoadFromReader(in); err != nil {
		return nil, fmt.Errorf("read the credentials in %s: %w", name, err)
	}
	for _, key := range keys {
		stored, found := file.AuthConfigs[key]
		helper, special := file.CredentialHelpers[key]
		if !special && (found || key == storeKey(registry)) {
			helper = file.CredentialsStore
		}
		if !found && helper == "" {
			continue // nothing under this name
		}
		if helper != "" {
			var err error
			if stored, err = askHelper(ctx, helper, key); err != nil {
				// The next name would fail the same way.
				return nil, fmt.Errorf("credentials for %s: %w\n"+
					"Going on without; remove credsStore or credHelpers from %s, or mend the helper", registry, err, name)
			}
		}
		if c := fromAuth(registry, stored); c != nil {
			return c, nil
		}
	}
	return nil, nil
}

// storeKey is the name under which Docker's client puts a registry's credentials into a store. Each question to a store
// starts a program, so no other name is asked for.
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
