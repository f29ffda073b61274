package detect

import (
	"os"
	"path/filepath"

	"github.com/galley-kitchen/galley/internal/userdir"
)

// overrideVariable names a file of settings that come over all others of Podman's, from 4.5. Older ones ignore it.
const overrideVariable = "CONTAINERS_CONF_OVERRIDE"

// serviceOverride ends the monitor of a finished command after ten seconds; Podman's own default is five minutes, and
// each converge leaves some. With less, the exit code may go before galley has asked for it, which fails the command.
const serviceOverride = "[engine]\nexit_command_delay = 10\n"

// serviceVariables are what a private service gets of galley's environment: what Podman needs to find its programs,
// configuration, storage and the network. Anything else stays here. An image with `Env: ["*"]` makes Podman before 5.0
// hand the whole environment of the service to the container, and a CI job's has secrets in it.
var serviceVariables = []string{
	"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LC_ALL",
	"XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "DBUS_SESSION_BUS_ADDRESS",
	"CONTAINERS_CONF", overrideVariable, "CONTAINERS_STORAGE_CONF", "CONTAINERS_REGISTRIES_CONF",
	"CONTAINERS_REGISTRIES_CONF_DIR", "STORAGE_DRIVER", "STORAGE_OPTS", "BUILDAH_ISOLATION",
	// Set inside a user namespace of Podman's (podman unshare).
	"_CONTAINERS_USERNS_CONFIGURED", "_CONTAINERS_ROOTLESS_UID", "_CONTAINERS_ROOTLESS_GID",
	"SSL_CERT_FILE", "SSL_CERT_DIR",
	// Pulls are made by the service. Podman sets these in containers by itself; an address with a password in it is no
	// secret from the runners then.
	"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "ftp_proxy", "no_proxy",
}

// serviceEnv is the environment of a private service.
func serviceEnv(h Host) []string {
	env := []string{}
	for _, name := range serviceVariables {
		if value := h.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	if h.Getenv(overrideVariable) == "" {
		if file, err := overrideFile(); err == nil { // without it, monitors stay for longer
			env = append(env, overrideVariable+"="+file)
		}
	}
	return env
}

// overrideFile is the file with serviceOverride. It stays where it is when the service has ended: the monitors of
// containers inherit its path, and a Podman that misses it cannot clean up after a container.
func overrideFile() (string, error) {
	dir, err := userdir.Cache("galley", "podman")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "containers.conf")
	if have, err := os.ReadFile(file); err == nil && string(have) == serviceOverride {
		return file, nil
	}
	return file, os.WriteFile(file, []byte(serviceOverride), 0o600)
}
