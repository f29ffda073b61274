package podman

import (
	"slices"
	"strings"

	"github.com/containers/podman/v4/libpod/define"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// mountConfig is the part of a container's configuration that says what is mounted into it.
type mountConfig struct {
	Mounts      []mount        `json:"mounts,omitempty"`
	Volumes     []namedVolume  `json:"volumes,omitempty"`
	Overlays    []overlayMount `json:"overlay_volumes,omitempty"`
	Images      []imageMount   `json:"image_volumes,omitempty"`
	VolumesFrom []string       `json:"volumes_from,omitempty"`
}

// mount is a bind or a tmpfs.
type mount struct {
	Destination string   `json:"destination"`
	Type        string   `json:"type"`
	Source      string   `json:"source"`
	Options     []string `json:"options,omitempty"`
}

// namedVolume is a volume; without a name an anonymous one.
type namedVolume struct {
	Name    string   `json:",omitempty"`
	Dest    string   `json:",omitempty"`
	Options []string `json:",omitempty"`
}

// overlayMount is a directory whose changes are thrown away.
type overlayMount struct {
	Destination string   `json:"destination"`
	Source      string   `json:"source"`
	Options     []string `json:"options,omitempty"`
}

// imageMount is a directory of an image, whose changes are thrown away.
type imageMount struct {
	Source      string
	SubPath     string
	Destination string
	ReadWrite   bool
}

// applyMounts translates Mounts and VolumesFrom.
func applyMounts(c *createConfig, s backend.ContainerSpec, _ facts) ([]string, error) {
	for _, m := range s.Mounts {
		switch m.Type {
		case spec.MountBind:
			if err := applyBind(c, m); err != nil {
				return nil, err
			}
		case spec.MountVolume:
			c.Volumes = append(c.Volumes, namedVolume{Name: m.Source, Dest: m.Target, Options: volumeOptions(m)})
		case spec.MountTmpfs:
			c.Mounts = append(c.Mounts, mount{
				Destination: m.Target, Type: define.TypeTmpfs, Source: define.TypeTmpfs, Options: tmpfsOptions(m),
			})
		}
	}
	c.VolumesFrom = engine.VolumesFrom(s)
	return nil, nil
}

// applyBind translates a bind. Only galley's own directories are labelled for
// SELinux unasked; on a host without it that does nothing.
func applyBind(c *createConfig, m spec.Mount) error {
	if m.Own && m.Relabel == "" {
		m.Relabel = spec.RelabelShared
	}
	if m.Relabel != "" {
		if err := engine.CheckRelabel(m); err != nil {
			return err
		}
	}
	if m.Overlay {
		m.Overlay = false
		c.Overlays = append(c.Overlays, overlayMount{Destination: m.Target, Source: m.Source, Options: otherOptions(m)})
		return nil
	}
	options := []string{"rbind"}
	if m.NonRecursive {
		options = nil
	}
	options = append(options, readOnly(m)...)
	for _, word := range []string{string(m.Relabel), m.Propagation} {
		if word != "" {
			options = append(options, word)
		}
	}
	// Consistency is Docker Desktop's and means nothing here.
	c.Mounts = append(c.Mounts, mount{
		Destination: m.Target, Type: define.TypeBind, Source: m.Source, Options: append(options, otherOptions(m)...),
	})
	return nil
}

// volumeOptions lets programs in a volume run with all their rights, as on Docker;
// Podman's default forbids devices and setuid programs.
func volumeOptions(m spec.Mount) []string {
	options := readOnly(m)
	if m.Relabel != "" {
		options = append(options, string(m.Relabel))
	}
	if m.NoCopy {
		options = append(options, "nocopy")
	}
	if m.Propagation != "" {
		options = append(options, m.Propagation)
	}
	return append(withDefaults(options, m.FSOptions, "exec", "suid", "dev"), otherOptions(m)...)
}

// tmpfsOptions has Docker's defaults: Podman's would copy what the image has there.
func tmpfsOptions(m spec.Mount) []string {
	return append(withDefaults(readOnly(m), m.FSOptions, "noexec", "nosuid", "nodev", "notmpcopyup"), otherOptions(m)...)
}

// otherOptions are the options that Podman has the same word for in every type of mount.
func otherOptions(m spec.Mount) []string {
	var words []string
	for _, o := range []struct {
		given bool
		word  string
	}{{m.Overlay, "O"}, {m.ChangeOwner, "U"}, {m.IDMap, "idmap"}, {m.NonRecursive, "bind"}} {
		if o.given {
			words = append(words, o.word)
		}
	}
	return append(words, m.FSOptions...)
}

// withDefaults appends those defaults that given neither has nor negates.
func withDefaults(options, given []string, defaults ...string) []string {
	for _, word := range defaults {
		positive := strings.TrimPrefix(word, "no")
		if !slices.Contains(given, positive) && !slices.Contains(given, "no"+positive) {
			options = append(options, word)
		}
	}
	return options
}

func readOnly(m spec.Mount) []string {
	if m.ReadOnly {
		return []string{"ro"}
	}
	return []string{"rw"}
}
