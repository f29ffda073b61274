package publish

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/internal/glob"
	"github.com/galley-kitchen/galley/lifecycle/rig"
)

var (
	// enginePoints are what some engines make in some containers to mount something on, as for an init or for systemd,
	// and what systemd makes when it starts. They go when nothing is in them.
	enginePoints = []string{"run/lock", "sbin/docker-init", "run/podman-init", "dev/init", "var/log/journal",
		"tmp/.ICE-unix", "tmp/.X11-unix", "tmp/.XIM-unix", "tmp/.font-unix"}
	// identities tell one runner from another: containers of one image must not share them.
	identities = []string{"/etc/machine-id", "/var/lib/dbus/machine-id"}
	// bootDirs are patterns of directories of services that ran under systemd.
	bootDirs = []string{"tmp/systemd-private-*", "var/tmp/systemd-private-*"}
)

// cleaner tells of the commit's own layer what was made by the converge.
type cleaner struct {
	base *tree
	// gone are what was mounted in the runner, and what engines put there: it goes with all that is below.
	gone map[string]bool
	// points are directories that may have been made for what is gone, and files made to mount something on.
	points map[string]bool
}

// newCleaner prepares to clean a layer on top of base. gone are paths that go besides what engines make.
func newCleaner(base *tree, gone []string) *cleaner {
	c := &cleaner{base: base, gone: map[string]bool{}, points: map[string]bool{}}
	for _, name := range slices.Concat(rig.EngineFiles(), gone) {
		// As it is written too: some, such as /etc/mtab, are links themselves.
		for _, name := range []string{base.resolve(name), path.Join(base.resolve(path.Dir(name)), path.Base(name))} {
			if name != "" && name != "/" {
				c.gone[name] = true
			}
		}
	}
	for _, name := range enginePoints {
		c.points[base.resolve(name)] = true
	}
	for name := range c.gone {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			c.points[dir] = true
		}
	}
	return c
}

// isGone reports whether a path, or a directory that it is in, is gone.
func (c *cleaner) isGone(name string) bool {
	for ; name != "." && name != ""; name = path.Dir(name) {
		if c.gone[name] || slices.ContainsFunc(bootDirs, func(p string) bool { return glob.Match(p, name) }) {
			return true
		}
	}
	return false
}

// counts reports whether an entry is there for its own sake, and not for what is in it.
func (c *cleaner) counts(h *tar.Header, name string) bool {
	before := c.base.at(name)
	switch {
	case h.Typeflag == tar.TypeDir && before != nil:
		return !before.same(attributesOf(h))
	case h.Typeflag == tar.TypeDir:
		return !c.points[name]
	case before == nil && c.points[name]:
		return h.Size > 0
	}
	return true
}

// subject is the path that an entry of a layer speaks of: what it is, or removes.
func subject(name string) string {
	dir, base := path.Split(name)
	if base == opaque {
		return strings.TrimSuffix(dir, "/")
	}
	return path.Join(dir, strings.TrimPrefix(base, whiteout))
}

// kept reads a layer and returns the names of the entries that stay in it.
func (c *cleaner) kept(r io.Reader) (map[string]bool, error) {
	keep := map[string]bool{}
	err := eachEntry(r, func(h *tar.Header, _ io.Reader) error {
		name := clean(h.Name)
		if name == "" || c.isGone(subject(name)) || !c.counts(h, name) {
			return nil
		}
		if len(keep) > maxNodes {
			return fmt.Errorf("the runner has more than %d changed files", maxNodes)
		}
		for ; name != "." && !keep[name]; name = path.Dir(name) { // with the directories that it is in
			keep[name] = true
		}
		return nil
	})
	return keep, err
}

// write copies the entries that stay to a new layer, as any engine would have written them. What is newer than the
// source's epoch, unless that is zero, gets its time. It returns the time of the newest.
func (c *cleaner) write(w io.Writer, r io.Reader, keep map[string]bool, s Source) (newest time.Time, err error) {
	latest := s.Epoch
	out := tar.NewWriter(w)
	err = eachEntry(r, func(h *tar.Header, data io.Reader) error {
		name := clean(h.Name)
		if !keep[name] {
			return nil
		}
		if h.Typeflag == tar.TypeLink {
			if to := clean(h.Linkname); c.isGone(to) {
				return fmt.Errorf("%s is a hard link to %s, which is not a part of the image", name, to)
			}
		}
		h = plainHeader(h, name)
		if !latest.IsZero() && h.ModTime.After(latest) {
			h.ModTime = latest
		}
		if h.ModTime.After(newest) {
			newest = h.ModTime
		}
		if len(s.Secrets) > 0 {
			data = &secretGuard{r: data, secrets: s.Secrets}
		}
		return writeEntry(out, h, data)
	})
	return newest, errors.Join(err, out.Close())
}

// plainHeader is a header without what differs between engines, and between two commits of the same files.
func plainHeader(h *tar.Header, name string) *tar.Header {
	plain := &tar.Header{Typeflag: h.Typeflag, Name: name, Linkname: h.Linkname, Size: h.Size, Mode: h.Mode, Uid: h.Uid,
		Gid: h.Gid, ModTime: h.ModTime.Truncate(time.Second), Devmajor: h.Devmajor, Devminor: h.Devminor,
		PAXRecords: xattrs(h), Format: tar.FormatPAX}
	if strings.HasPrefix(path.Base(name), whiteout) {
		plain.ModTime = time.Unix(0, 0) // nothing keeps when a file went, and some engines write when they were asked
	}
	if h.Typeflag == tar.TypeDir {
		plain.Name += "/"
	}
	if h.Typeflag == tar.TypeLink {
		plain.Linkname = clean(h.Linkname)
	}
	return plain
}

// writeEntry writes a header and what it is of.
func writeEntry(out *tar.Writer, h *tar.Header, data io.Reader) error {
	err := out.WriteHeader(h)
	if err == nil {
		_, err = io.Copy(out, data)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	return nil
}

// eachEntry gives each entry of a tar stream to do.
func eachEntry(r io.Reader, do func(*tar.Header, io.Reader) error) error {
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(h, t); err != nil {
			return err
		}
	}
}
