package engine

import (
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend/spec"
)

// Labels are the SELinux labels as both engines' APIs have them: "disable", "type:container_t".
func Labels(l spec.SELinux) []string {
	var list []string
	if l.Disabled {
		list = append(list, "disable")
	}
	if l.Nested {
		list = append(list, "nested")
	}
	for _, o := range []struct{ name, value string }{
		{"user", l.User}, {"role", l.Role}, {"type", l.Type}, {"level", l.Level}, {"filetype", l.FileType},
	} {
		if o.value != "" {
			list = append(list, o.name+":"+o.value)
		}
	}
	return list
}

// UserNSOptions are the options of a user namespace as kitchen.yml and Podman have them: "uid=1000,gid=1000".
func UserNSOptions(u spec.UserNS) string {
	var options []string
	id := func(name string, id *uint32) {
		if id != nil {
			options = append(options, name+"="+strconv.FormatUint(uint64(*id), 10))
		}
	}
	id("uid", u.UID)
	id("gid", u.GID)
	if u.Size != 0 {
		id("size", &u.Size)
	}
	return strings.Join(options, ",")
}

// UserNSWords are a user namespace as kitchen.yml has it, for messages.
func UserNSWords(u spec.UserNS) string {
	if options := UserNSOptions(u); options != "" {
		return string(u.Mode) + ":" + options
	}
	return string(u.Mode)
}
