package engine

import (
	"strings"

	"github.com/galley-kitchen/galley/backend"
)

// SecurityOption is one option of `docker run --security-opt`.
type SecurityOption struct {
	// Key is such as "label", "seccomp" or "no-new-privileges".
	Key string
	// Value is what follows the key, or empty.
	Value string
}

// SecurityOptions splits options of the forms key, key=value and, as older
// kitchens have it, key:value. Errors: backend.ErrInvalid for a key that no
// engine has.
func SecurityOptions(options []string) ([]SecurityOption, error) {
	var out []SecurityOption
	for _, text := range options {
		at := strings.IndexAny(text, "=:")
		o := SecurityOption{Key: text}
		if at >= 0 {
			o = SecurityOption{Key: text[:at], Value: text[at+1:]}
		}
		switch o.Key {
		case "apparmor", "label", "no-new-privileges", "seccomp", "systempaths", "mask", "unmask", "proc-opts", "writable-cgroups":
			out = append(out, o)
		default:
			return nil, &backend.Error{Op: "security_opt " + text, Kind: backend.ErrInvalid, Detail: "there is no such security option",
				Remedy: "Write label=…, seccomp=…, apparmor=…, systempaths=unconfined or no-new-privileges."}
		}
	}
	return out, nil
}
