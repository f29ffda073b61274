package docker

import (
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// applyMounts translates Mounts and VolumesFrom.
func applyMounts(c *container.CreateRequest, s backend.ContainerSpec, f facts) ([]string, error) {
	for _, m := range s.Mounts {
		options := engine.SplitMountOptions(m)
		var err error
		switch m.Type {
		case backend.MountBind:
			err = applyBind(c, m, options, f)
		case backend.MountVolume:
			err = applyVolume(c, m, options, f)
		case backend.MountTmpfs:
			addTmpfs(c, m.Target, tmpfsOptions(options))
		default:
			err = &backend.Error{Op: "mount " + m.Target, Kind: backend.ErrInvalid,
				Detail: "there is no kind of mount called " + string(m.Type), Remedy: "Write bind, volume or tmpfs."}
		}
		if err != nil {
			return nil, err
		}
	}
	for _, from := range s.VolumesFrom {
		name := from.Container
		if from.ReadOnly {
			name += ":ro"
		}
		c.HostConfig.VolumesFrom = append(c.HostConfig.VolumesFrom, name)
	}
	return nil, nil
}

// applyBind translates a bind. Docker has two ways to write one: Mounts refuse a
// source that is not there, where Binds would make it, as root; but only Binds can
// label for SELinux. Only galley's own directories are labelled unasked, and only
// on a host that has labels.
func applyBind(c *container.CreateRequest, m backend.Mount, o engine.MountOptions, f facts) error {
	if m.Own && o.Relabel == "" && f.labels {
		o.Relabel = "z"
	}
	if o.Relabel != "" {
		if err := engine.CheckRelabel(m); err != nil {
			return err
		}
	}
	nonRecursive := slices.Contains(o.Rest, "bind")
	rest := slices.DeleteFunc(o.Rest, func(word string) bool { return word == "bind" || word == "rbind" })
	if o.NoCopy {
		rest = append(rest, "nocopy")
	}
	if err := unknownOptions(m, rest, f); err != nil {
		return err
	}
	h := c.HostConfig
	if o.Relabel != "" && !hasColon(m.Source) {
		h.Binds = append(h.Binds, bind(m, o.Relabel, readOnly(o), o.Propagation, o.Consistency))
		return nil
	}
	out := mount.Mount{
		Type: mount.TypeBind, Source: m.Source, Target: m.Target, ReadOnly: o.ReadOnly, Consistency: mount.Consistency(o.Consistency),
	}
	if o.Propagation != "" || nonRecursive {
		out.BindOptions = &mount.BindOptions{Propagation: mount.Propagation(o.Propagation), NonRecursive: nonRecursive}
	}
	h.Mounts = append(h.Mounts, out)
	return nil
}

// applyVolume translates a volume. One without a name is anonymous.
func applyVolume(c *container.CreateRequest, m backend.Mount, o engine.MountOptions, f facts) error {
	if err := unknownOptions(m, o.Rest, f); err != nil {
		return err
	}
	h := c.HostConfig
	if o.Relabel != "" && m.Source != "" {
		noCopy := ""
		if o.NoCopy {
			noCopy = "nocopy"
		}
		h.Binds = append(h.Binds, bind(m, o.Relabel, readOnly(o), noCopy))
		return nil
	}
	out := mount.Mount{Type: mount.TypeVolume, Source: m.Source, Target: m.Target, ReadOnly: o.ReadOnly}
	if o.NoCopy {
		out.VolumeOptions = &mount.VolumeOptions{NoCopy: true}
	}
	h.Mounts = append(h.Mounts, out)
	return nil
}

// bind is an entry of Binds with those of words that are not empty.
func bind(m backend.Mount, words ...string) string {
	words = slices.DeleteFunc(words, func(word string) bool { return word == "" })
	return m.Source + ":" + m.Target + ":" + strings.Join(words, ",")
}

// hasColon tells whether a path cannot stand in an entry of Binds. The colon after
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

// tmpfsOptions leaves what is not said to Docker: noexec, nosuid, nodev.
func tmpfsOptions(o engine.MountOptions) string {
	return strings.Join(append([]string{readOnly(o)}, o.Rest...), ",")
}

func readOnly(o engine.MountOptions) string {
	if o.ReadOnly {
		return "ro"
	}
	return "rw"
}

// unknownOptions refuses options that Docker does not have for a mount.
func unknownOptions(m backend.Mount, words []string, f facts) error {
	if len(words) == 0 {
		return nil
	}
	return unsupported(f, fmt.Sprintf("%s options %q of %s", m.Type, strings.Join(words, ","), m.Target), "Leave them out for Docker.")
}
