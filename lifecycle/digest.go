package lifecycle

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"sort"

	"github.com/galley-kitchen/galley/backend"
)

// specDigests has a digest of each field of a spec that is set, by the field's
// name. Values stay out of it: some are secret.
func specDigests(s backend.ContainerSpec) (map[string]string, error) {
	digests := map[string]string{}
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if v.Field(i).IsZero() {
			continue
		}
		data, err := json.Marshal(v.Field(i).Interface())
		if err != nil {
			return nil, fmt.Errorf("digest the runner's configuration: %w", err)
		}
		sum := sha256.Sum256(data)
		digests[f.Name] = hex.EncodeToString(sum[:8])
	}
	return digests, nil
}

// combine makes one digest of all, for a label.
func combine(digests map[string]string) string {
	data, err := json.Marshal(digests) // sorts the keys
	if err != nil {
		panic(err) // a map of strings always marshals
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// changedFields names what differs, in kitchen.yml's words where they are close.
func changedFields(old, now map[string]string) []string {
	names := map[string]bool{}
	for k, v := range now {
		if old[k] != v {
			names[k] = true
		}
	}
	for k := range old {
		if _, ok := now[k]; !ok {
			names[k] = true
		}
	}
	var list []string
	for k := range names {
		list = append(list, fieldWords(k))
	}
	sort.Strings(list)
	return list
}

func fieldWords(field string) string {
	switch field {
	case "Image":
		return "image"
	case "Tools":
		return "tool image"
	case "Mounts":
		return "volumes"
	case "Command", "Entrypoint", "Init":
		return "PID 1"
	case "Resources":
		return "limits"
	}
	return kebab(field)
}

// kebab turns CapAdd into "cap add" and ExtraHosts into "extra hosts".
func kebab(s string) string {
	var b []rune
	for i, r := range s {
		if r >= 'A' && r <= 'Z' {
			prevLower := i > 0 && s[i-1] >= 'a' && s[i-1] <= 'z'
			if prevLower {
				b = append(b, ' ')
			}
			r += 'a' - 'A'
		}
		b = append(b, r)
	}
	return string(b)
}
