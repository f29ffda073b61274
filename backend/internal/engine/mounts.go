package engine

import (
	"os"
	"path"
	"slices"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
)

// protected are directories that must keep their SELinux labels: a host whose
// system directories carry a container's label does not boot.
var protected = []string{"/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/opt", "/proc", "/root",
	"/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib", "/var/run", "/var/tmp"}

// CheckRelabel refuses to relabel a directory that the engine's host needs as it is. Errors: backend.ErrInvalid.
func CheckRelabel(m spec.Mount) error {
	source := path.Clean(m.Source)
	home, err := os.UserHomeDir()
	isHome := err == nil && source == path.Clean(home)
	if !isHome && !slices.Contains(protected, source) {
		return nil
	}
	return &backend.Error{Op: "mount " + m.Source + " at " + m.Target, Kind: backend.ErrInvalid,
		Detail: "relabelling " + source + " for SELinux would break the host",
		Remedy: "Leave out :z and :Z, or mount a directory below it."}
}
