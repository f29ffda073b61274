package podman

import (
	"slices"
	"strings"

	"github.com/containers/podman/v4/libpod/define"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// mountConfig is the part of a container's configuration that says what is mounted into it.
type mountConfig struct {
	Mounts  []specs.Mount `json:"mounts,omitempty"`
	Volumes []namedVolume `json:"volumes,omitempty"`
	// Overlays are directories whose changes are thrown away. They have no type.
	Overlays    []specs.Mount `json:"overlay_volumes,omitempty"`
	Images      []imageMount  `json:"image_volumes,omitempty"`
	VolumesFrom []string      `json:"volumes_from,omitempty"`
}

// namedVolume is a volume; without a name an anonymous one.
type namedVolume struct {
	Name    string   `json:",omitempty"`
	Dest    string   `json:",omitempty"`
	Options []string `json:",omitempty"`
	SubPath string   `json:",omitempty"`
}

// imageMount is a directory of an image, whose changes are thrown away.
type imageMount struct {
	Source      string
	SubPath     string
	Destination string
	ReadWrite   bool
}

// applyMounts translates Mounts and VolumesFrom.
func applyMounts(c *createConfig, s backend.ContainerSpec, f facts) ([]string, error) {
	for _, m := range s.Mounts {
		switch m.Type {
		case spec.MountBind:
			if err := applyBind(c, m); err != nil {
				return nil, err
			}
		case spec.MountVolume:
			if m.Subpath != "" && !f.version.atLeast(volumeSubPath) {
				return nil, unsupported(f, "a part of the volume "+m.Source,
					"Mount the whole volume: version 5.4 is the first that can.")
			}
			v := namedVolume{Name: m.Source, Dest: m.Target, SubPath: m.Subpath}
			m.Subpath = ""
			v.Options = volumeOptions(m)
			c.Volumes = append(c.Volumes, v)
		case spec.MountImage:
			if m.Subpath != "" && !f.version.atLeast(imageSubPath) {
				return nil, unsupported(f, "a part of an image mounted at "+m.Target,
					"Mount the whole image: version 5.4 is the first that can.")
			}
			c.Images = append(c.Images, imageMount{Source: m.Source, SubPath: m.Subpath, Destination: m.Target})
		case spec.MountTmpfs:
			// With Docker's defaults: Podman's would copy what the image has there.
			m.Relabel, m.Propagation, m.NoCopy = "", "", false // which mean nothing here
			c.Mounts = append(c.Mounts, specs.Mount{
				Destination: m.Target, Type: define.TypeTmpfs, Source: define.TypeTmpfs,
				Options: options(m, "noexec", "nosuid", "nodev", "notmpcopyup"),
			})
		}
	}
	c.VolumesFrom = engine.VolumesFrom(s)
	return nil, nil
}

// applyBind translates a bind. On a host without SELinux a label does nothing.
func applyBind(c *createConfig, m spec.Mount) error {
	m, err := engine.Relabelled(m, true)
	if err != nil {
		return err
	}
	if m.Overlay {
		other := spec.Mount{
			ChangeOwner: m.ChangeOwner, IDMap: m.IDMap, NonRecursive: m.NonRecursive, FSOptions: m.FSOptions,
		}
		c.Overlays = append(c.Overlays, specs.Mount{Destination: m.Target, Source: m.Source, Options: other.Options()})
		return nil
	}
	var depth []string
	if !m.NonRecursive {
		depth = []string{"rbind"}
	}
	m.NoCopy = false
	c.Mounts = append(c.Mounts, specs.Mount{
		Destination: m.Target, Type: define.TypeBind, Source: m.Source, Options: options(m, depth...),
	})
	return nil
}

// volumeOptions lets programs in a volume run with all their rights, as on Docker;
// Podman's default forbids devices and setuid programs.
func volumeOptions(m spec.Mount) []string { return options(m, "exec", "suid", "dev") }

// options are those of a mount, for which Podman has the same words as kitchen.yml, and those defaults that it neither
// has nor negates.
func options(m spec.Mount, defaults ...string) []string {
	var words []string
	for _, word := range defaults {
		positive := strings.TrimPrefix(word, "no")
		if !slices.Contains(m.FSOptions, positive) && !slices.Contains(m.FSOptions, "no"+positive) {
			words = append(words, word)
		}
	}
	if !m.ReadOnly {
		words = append(words, "rw")
	}
	m.Consistency = "" // it is Docker Desktop's and means nothing here
	return append(words, m.Options()...)
}
