package spec

import (
	"strconv"
	"strings"
)

// UserNSMode is how a user namespace is made.
type UserNSMode string

// The modes of user namespaces. The empty one is what the engine does when not told.
const (
	// UserNSHost is the user namespace that the engine itself runs in.
	UserNSHost UserNSMode = "host"
	// UserNSKeepID keeps the user's own ids inside the container.
	UserNSKeepID UserNSMode = "keep-id"
	// UserNSAuto takes an unused range of ids.
	UserNSAuto UserNSMode = "auto"
	// UserNSNoMap does not map the user's own id into the container.
	UserNSNoMap UserNSMode = "nomap"
	// UserNSPrivate is a namespace of its own.
	UserNSPrivate UserNSMode = "private"
)

// UserNS is a container's user namespace.
type UserNS struct {
	Mode UserNSMode
	// UID and GID are what the user's own ids are inside, for UserNSKeepID; nil for the same as outside.
	UID, GID *uint32
	// Size is how many ids there are, for UserNSAuto and UserNSKeepID; 0 leaves it to the engine.
	Size uint32
}

// Options are the options of the namespace as kitchen.yml and Podman have them: "uid=1000,gid=1000".
func (u UserNS) Options() string {
	var options []string
	for _, o := range []struct {
		name  string
		value *uint32
	}{{"uid", u.UID}, {"gid", u.GID}, {"size", &u.Size}} {
		if o.value != nil && (o.name != "size" || *o.value != 0) {
			options = append(options, o.name+"="+strconv.FormatUint(uint64(*o.value), 10))
		}
	}
	return strings.Join(options, ",")
}

// String renders the namespace as kitchen.yml would have it.
func (u UserNS) String() string { return withName(string(u.Mode), u.Options()) }

// NamespaceMode is how a namespace of one kind is made.
type NamespaceMode string

// The modes of namespaces. The empty one is the engine's default.
const (
	// NamespaceHost shares the engine's host namespace.
	NamespaceHost NamespaceMode = "host"
	// NamespacePrivate is a namespace of the container's own.
	NamespacePrivate NamespaceMode = "private"
	// NamespaceShareable is one of its own that other containers may join.
	NamespaceShareable NamespaceMode = "shareable"
	// NamespaceNone is an IPC namespace without /dev/shm.
	NamespaceNone NamespaceMode = "none"
	// NamespaceContainer joins the namespace of another container.
	NamespaceContainer NamespaceMode = "container"
)

// Namespace is a container's namespace of one kind.
type Namespace struct {
	Mode NamespaceMode
	// Container is the name of another container, for NamespaceContainer.
	Container string
}

// String renders the namespace as kitchen.yml would have it.
func (n Namespace) String() string { return withName(string(n.Mode), n.Container) }

func withName(mode, name string) string {
	if name == "" {
		return mode
	}
	return mode + ":" + name
}
