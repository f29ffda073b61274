package podman

import (
	"slices"
	"strings"

	"github.com/containers/podman/v4/libpod/define"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// mountConfig is the part of a container's configuration that says what is mounted
// into it.
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
		options := engine.SplitMountOptions(m)
		switch m.Type {
		case backend.MountBind:
			if err := applyBind(c, m, options); err != nil {
				return nil, err
			}
		case backend.MountVolume:
			c.Volumes = append(c.Volumes, namedVolume{Name: m.Source, Dest: m.Target, Options: volumeOptions(options)})
		case backend.MountTmpfs:
			c.Mounts = append(c.Mounts, mount{
				Destination: m.Target, Type: define.TypeTmpfs, Source: define.TypeTmpfs, Options: tmpfsOptions(options),
			})
		default:
			return nil, &backend.Error{Op: "mount " + m.Target, Kind: backend.ErrInvalid,
				Detail: "there is no kind of mount called " + string(m.Type), Remedy: "Write bind, volume or tmpfs."}
		}
	}
	for _, from := range s.VolumesFrom {
		name := from.Container
		if from.ReadOnly {
			name += ":ro"
		}
		c.VolumesFrom = append(c.VolumesFrom, name)
	}
	return nil, nil
}

// overlay is the word for changes that do not reach the source.
const overlay = "O"

// applyBind translates a bind. Only galley's own directories are labelled for
// SELinux unasked; on a host without it that does nothing.
func applyBind(c *createConfig, m backend.Mount, o engine.MountOptions) error {
	if m.Own && o.Relabel == "" {
		o.Relabel = "z"
	}
	if o.Relabel != "" {
		if err := engine.CheckRelabel(m); err != nil {
			return err
		}
	}
	if slices.Contains(o.Rest, overlay) {
		rest := slices.DeleteFunc(slices.Clone(o.Rest), func(word string) bool { return word == overlay })
		c.Overlays = append(c.Overlays, overlayMount{Destination: m.Target, Source: m.Source, Options: rest})
		return nil
	}
	options := []string{"rbind"}
	if slices.Contains(o.Rest, "bind") || slices.Contains(o.Rest, "rbind") {
		options = nil
	}
	options = append(options, readOnly(o)...)
	for _, word := range []string{o.Relabel, o.Propagation} {
		if word != "" {
			options = append(options, word)
		}
	}
	// Consistency is Docker Desktop's and means nothing here.
	c.Mounts = append(c.Mounts, mount{
		Destination: m.Target, Type: define.TypeBind, Source: m.Source, Options: append(options, o.Rest...),
	})
	return nil
}

// volumeOptions lets programs in a volume run with all their rights, as on Docker;
// Podman's default forbids devices and setuid programs.
func volumeOptions(o engine.MountOptions) []string {
	options := readOnly(o)
	if o.Relabel != "" {
		options = append(options, o.Relabel)
	}
	if o.NoCopy {
		options = append(options, "nocopy")
	}
	if o.Propagation != "" {
		options = append(options, o.Propagation)
	}
	return append(withDefaults(options, o.Rest, "exec", "suid", "dev"), o.Rest...)
}

// tmpfsOptions has Docker's defaults: Podman's would copy what the image has there.
func tmpfsOptions(o engine.MountOptions) []string {
	return append(withDefaults(readOnly(o), o.Rest, "noexec", "nosuid", "nodev", "notmpcopyup"), o.Rest...)
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

func readOnly(o engine.MountOptions) []string {
	if o.ReadOnly {
		return []string{"ro"}
	}
	return []string{"rw"}
}
