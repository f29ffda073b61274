package engine

import (
	"os"
	"path"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
)

// The words of a mount's options that both engines know, by what they mean.
const (
	relabelShared  = "z"
	relabelPrivate = "Z"
)

// MountOptions is what the words after a mount's second colon mean.
type MountOptions struct {
	ReadOnly bool
	// Relabel is "z", "Z" or empty.
	Relabel string
	// NoCopy leaves a volume without the image's content.
	NoCopy bool
	// Propagation is such as "rslave", or empty.
	Propagation string
	// Consistency is Docker Desktop's "cached", "delegated" or "consistent".
	Consistency string
	// Rest are the other words, in their order.
	Rest []string
}

// SplitMountOptions sorts a mount's options by what they mean. Words may hold
// several options with commas between.
func SplitMountOptions(m backend.Mount) MountOptions {
	o := MountOptions{ReadOnly: m.ReadOnly}
	for _, word := range strings.Split(strings.Join(m.Options, ","), ",") {
		switch word {
		case "", "rw":
		case "ro", "readonly":
			o.ReadOnly = true
		case relabelShared, relabelPrivate:
			o.Relabel = word
		case "nocopy":
			o.NoCopy = true
		case "shared", "rshared", "slave", "rslave", "private", "rprivate":
			o.Propagation = word
		case "cached", "delegated", "consistent":
			o.Consistency = word
		default:
			o.Rest = append(o.Rest, word)
		}
	}
	return o
}

// protected are directories that must keep their SELinux labels: a host whose
// system directories carry a container's label does not boot.
var protected = []string{"/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/opt", "/proc", "/root",
	"/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib", "/var/run", "/var/tmp"}

// CheckRelabel refuses to relabel a directory that the engine's host needs as it
// is. Errors: backend.ErrInvalid.
func CheckRelabel(m backend.Mount) error {
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
