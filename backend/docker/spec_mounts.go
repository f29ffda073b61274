package docker

import (
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// The versions of the API from which a part of a volume, and an image, can be mounted.
const (
	volumeSubpath = "1.45"
	imageMounts   = "1.48"
)

// applyMounts translates Mounts and VolumesFrom.
func applyMounts(c *container.CreateRequest, s backend.ContainerSpec, f facts) ([]string, error) {
	for _, m := range s.Mounts {
		err := refuseOptions(m, f)
		if err != nil {
			return nil, err
		}
		switch m.Type {
		case spec.MountBind:
			err = applyBind(c, m, f)
		case spec.MountVolume:
			applyVolume(c, m)
		case spec.MountImage:
			out := mount.Mount{Type: mount.TypeImage, Source: m.Source, Target: m.Target, ReadOnly: true}
			if m.Subpath != "" {
				out.ImageOptions = &mount.ImageOptions{Subpath: m.Subpath}
			}
			c.HostConfig.Mounts = append(c.HostConfig.Mounts, out)
		case spec.MountTmpfs:
			// What is not said is left to Docker: noexec, nosuid, nodev.
			addTmpfs(c, m.Target, strings.Join(append([]string{readOnly(m)}, m.FSOptions...), ","))
		}
		if err != nil {
			return nil, err
		}
	}
	c.HostConfig.VolumesFrom = engine.VolumesFrom(s)
	return nil, nil
}

// applyBind translates a bind. Docker has two ways to write one: Mounts refuse a source that is not there, where Binds
// would make it, as root; but only Binds can label for SELinux.
func applyBind(c *container.CreateRequest, m spec.Mount, f facts) error {
	m, err := engine.Relabelled(m, f.labels)
	if err != nil {
		return err
	}
	h := c.HostConfig
	if m.Relabel != "" && !hasColon(m.Source) {
		h.Binds = append(h.Binds, bind(m, string(m.Relabel), readOnly(m), m.Propagation, m.Consistency))
		return nil
	}
	out := mount.Mount{
		Type: mount.TypeBind, Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly,
		Consistency: mount.Consistency(m.Consistency),
	}
	if m.Propagation != "" || m.NonRecursive {
		out.BindOptions = &mount.BindOptions{Propagation: mount.Propagation(m.Propagation), NonRecursive: m.NonRecursive}
	}
	h.Mounts = append(h.Mounts, out)
	return nil
}

// applyVolume translates a volume. One without a name is anonymous.
func applyVolume(c *container.CreateRequest, m spec.Mount) {
	h := c.HostConfig
	if m.Relabel != "" && m.Source != "" && m.Subpath == "" {
		noCopy := ""
		if m.NoCopy {
			noCopy = "nocopy"
		}
		h.Binds = append(h.Binds, bind(m, string(m.Relabel), readOnly(m), noCopy))
		return
	}
	out := mount.Mount{Type: mount.TypeVolume, Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly}
	if m.NoCopy || m.Subpath != "" {
		out.VolumeOptions = &mount.VolumeOptions{NoCopy: m.NoCopy, Subpath: m.Subpath}
	}
	h.Mounts = append(h.Mounts, out)
}

// bind is an entry of Binds with those of words that are not empty.
func bind(m spec.Mount, words ...string) string {
	words = slices.DeleteFunc(words, func(word string) bool { return word == "" })
	return m.Source + ":" + m.Target + ":" + strings.Join(words, ",")
}

// hasColon reports whether a path cannot stand in an entry of Binds. The colon after
// the letter of a drive separates nothing.
func hasColon(path string) bool {
	if len(path) > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/') {
		path = path[2:]
	}
	return strings.Contains(path, ":")
}

func addTmpfs(c *container.CreateRequest, target, options string) {
	if c.HostConfig.Tmpfs == nil {
		c.HostConfig.Tmpfs = map[string]string{}
	}
	c.HostConfig.Tmpfs[target] = options
}

func readOnly(m spec.Mount) string {
	if m.ReadOnly {
		return "ro"
	}
	return "rw"
}

// refuseOptions refuses options that Docker does not have for a mount of that type.
func refuseOptions(m spec.Mount, f facts) error {
	if m.Type == spec.MountImage && !f.atLeast(imageMounts) {
		return unsupported(f, "an image mounted at "+m.Target,
			"Upgrade it: version 28 is the first that can. "+
				"Or take what is needed by COPY --from=IMAGE in intermediate_instructions.")
	}
	if m.Type == spec.MountVolume && m.Subpath != "" && !f.atLeast(volumeSubpath) {
		return unsupported(f, "a part of the volume "+m.Source, "Mount the whole volume: version 26 is the first that can.")
	}
	var words []string
	for _, o := range []struct {
		given bool
		word  string
	}{
		{m.Overlay, "O"},
		{m.ChangeOwner, "U"},
		{m.IDMap, "idmap"},
		{m.NonRecursive && m.Type != spec.MountBind, "bind"},
		{m.NoCopy && m.Type == spec.MountBind, "nocopy"},
		{strings.HasSuffix(m.Propagation, "unbindable"), m.Propagation},
	} {
		if o.given {
			words = append(words, o.word)
		}
	}
	if m.Type != spec.MountTmpfs {
		words = append(words, m.FSOptions...)
	}
	if len(words) == 0 {
		return nil
	}
	return unsupported(f, fmt.Sprintf("%s options %q of %s", m.Type, strings.Join(words, ","), m.Target),
		"Leave them out for Docker.")
}
