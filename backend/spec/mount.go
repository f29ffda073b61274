package spec

import "strings"

// MountType is a kind of mount.
type MountType string

// The types of mounts.
const (
	// MountBind is a directory or file of the engine's host.
	MountBind MountType = "bind"
	// MountVolume is a volume; without Source an anonymous one.
	MountVolume MountType = "volume"
	// MountImage is an image, which is there already: read-only on every engine.
	MountImage MountType = "image"
	// MountTmpfs is a file system in memory.
	MountTmpfs MountType = "tmpfs"
)

// Relabel says how SELinux labels a mount's source anew.
type Relabel string

// The ways of relabelling. The empty one leaves the labels alone.
const (
	RelabelShared  Relabel = "z"
	RelabelPrivate Relabel = "Z"
)

// Mount is something mounted into a container.
type Mount struct {
	Type MountType
	// Source is an absolute path for a bind, a name for a volume or an image.
	Source string
	// Target is an absolute path in the container.
	Target   string
	ReadOnly bool
	// Own marks a bind of galley's own directory: only such a bind may be relabelled for SELinux without being asked.
	Own     bool
	Relabel Relabel
	// Propagation is such as "rslave", or empty.
	Propagation string
	// Consistency is Docker Desktop's "cached", "delegated" or "consistent".
	Consistency string
	// NoCopy leaves a volume without what the image has at the target.
	NoCopy bool
	// Subpath is the directory of a volume or an image to mount, relative to it; empty for the whole.
	Subpath string
	// NonRecursive leaves out what is mounted below the source.
	NonRecursive bool
	// Overlay throws away what the container writes.
	Overlay bool
	// ChangeOwner gives the source to the container's user.
	ChangeOwner bool
	// IDMap maps the ids of the source into the container.
	IDMap bool
	// FSOptions are options of the file system as mount(8) has them: exec, nosuid, size=64m, mode=0700 …
	FSOptions []string
}

// Options are the mount's options as a volume has them behind its second colon.
func (m Mount) Options() []string {
	var words []string
	for _, o := range []struct {
		on   bool
		word string
	}{
		{m.ReadOnly, "ro"},
		{m.Relabel != "", string(m.Relabel)},
		{m.Overlay, "O"},
		{m.ChangeOwner, "U"},
		{m.IDMap, "idmap"},
		{m.NoCopy, "nocopy"},
		{m.Subpath != "", "subpath=" + m.Subpath},
		{m.NonRecursive, "bind"},
		{m.Propagation != "", m.Propagation},
		{m.Consistency != "", m.Consistency},
	} {
		if o.on {
			words = append(words, o.word)
		}
	}
	return append(words, m.FSOptions...)
}

// String renders the mount as kitchen.yml would have it.
func (m Mount) String() string {
	s := m.Target
	if m.Source != "" {
		s = m.Source + ":" + s
	}
	if words := m.Options(); len(words) > 0 {
		s += ":" + strings.Join(words, ",")
	}
	if m.Type == MountTmpfs {
		s = "tmpfs:" + s
	}
	return s
}
