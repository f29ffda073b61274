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

// Relabelled is a bind as it is labelled for SELinux. Only galley's own directories are labelled unasked, and only on a
// host that may have labels. Errors: backend.ErrInvalid for a directory that the engine's host needs as it is.
func Relabelled(m spec.Mount, labels bool) (spec.Mount, error) {
	if m.Own && m.Relabel == "" && labels {
		m.Relabel = spec.RelabelShared
	}
	source := path.Clean(m.Source)
	home, err := os.UserHomeDir()
	isHome := err == nil && source == path.Clean(home)
	if m.Relabel == "" || !isHome && !slices.Contains(protected, source) {
		return m, nil
	}
	return m, &backend.Error{Op: "mount " + m.Source + " at " + m.Target, Kind: backend.ErrInvalid,
		Detail: "relabelling " + source + " for SELinux would break the host",
		Remedy: "Leave out :z and :Z, or mount a directory below it."}
}
