package docker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/docker/cli/cli/config/configfile"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/userdir"
)

// maxConfig bounds what is read of Docker's configuration.
const maxConfig = 4 << 20

// configFile is the configuration of this user's Docker client, or "" without a home.
func configFile() string {
	home, _ := os.UserHomeDir() // empty where there is none
	return userdir.In(userdir.DockerConfig(os.Getenv, home), "config.json")
}

// withProxies adds the proxies that Docker's own client would set to variables: those of its config.json for this
// engine, or its default ones, in both spellings. What is there already counts. A file that this user may not read,
// such as that of another one whose HOME this is, is a warning. Errors: a configuration that is damaged.
func withProxies(vars map[string]string, file, uri string) (all map[string]string, warnings []string, err error) {
	if file == "" {
		return vars, nil, nil
	}
	f, err := os.Open(file)
	switch {
	case userdir.Absent(err):
		return vars, nil, nil
	case errors.Is(err, fs.ErrPermission):
		return vars, []string{fmt.Sprintf("the proxies of Docker's client do not count, since they cannot be read: %v", err)},
			nil
	case err != nil:
		return nil, nil, fmt.Errorf("read the proxies of Docker's client: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxConfig))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, nil, fmt.Errorf("read the proxies of Docker's client: %w", err)
	}
	var config struct { // what else is there may be wrong
		Proxies map[string]configfile.ProxyConfig `json:"proxies"`
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, nil, &backend.Error{Op: "read the proxies of Docker's client", Kind: backend.ErrInvalid,
			Detail: file + ": " + err.Error(), Remedy: "Mend the file, or write driver.client_proxies: false.", Err: err}
	}
	given := map[string]*string{}
	for name, value := range vars {
		given[name] = &value
	}
	all = map[string]string{}
	client := configfile.ConfigFile{Proxies: config.Proxies}
	for name, value := range client.ParseProxyConfig(uri, given) {
		all[name] = *value
	}
	return all, nil, nil
}
