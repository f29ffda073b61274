package lifecycle

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
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
		digests[f.Name] = textDigest(string(data))
	}
	return digests, nil
}

// toolIDs and mountedIDs are the keys of the digests of the IDs of the tools' images and of those that are mounted.
// They are only known when the engine was asked.
const (
	toolIDs    = "ToolIDs"
	mountedIDs = "MountedIDs"
)

// forgetIDs removes from digests what only the engine knows.
func forgetIDs(digests map[string]string) {
	delete(digests, toolIDs)
	delete(digests, mountedIDs)
}

// sandboxPaths is the key of the digest of where the instance's sandboxes are, which is another place for each runner.
const sandboxPaths = "SandboxPaths"

// startsFrom is the key of the digest of the instance from which one starts.
const startsFrom = "StartsFrom"

// networksKey is the key of the digest of the networks of an instance's own.
const networksKey = "NetworkDefinitions"

// networksDigest is that of what an instance's networks are, "" for none.
func networksDigest(i config.Instance) string {
	var list []string
	for _, n := range i.Networks {
		list = append(list, n.Name, n.Subnet, fmt.Sprint(n.Internal))
	}
	if list == nil {
		return ""
	}
	return textDigest(list...)
}

// digests has a digest of each part of what kitchen.yml wants the runner to be, which is
// known without the engine: images by their names, with what is built on them.
func (i *instanceRun) digests(wanted []*provisioner.Tool) (map[string]string, error) {
	d := i.inst.Driver
	var tools []backend.Tool
	for _, t := range wanted {
		data, err := json.Marshal(t)
		if err != nil {
			return nil, fmt.Errorf("digest the tool: %w", err)
		}
		tools = append(tools, backend.Tool{Image: string(data), Access: d.ToolAccess})
	}
	image := append([]string{qualify(d.Registry, d.Image)}, d.IntermediateInstructions...)
	if len(d.BuildArgs) > 0 {
		image = append(image, combine(d.BuildArgs))
	}
	dirs := i.sandboxes()
	var paths []string
	for n := range dirs {
		paths = append(paths, dirs[n].Local)
		dirs[n].Local = ""
	}
	digests, err := specDigests(runnerSpec(i.run.o.Project, i.inst, strings.Join(image, "\n"), tools, dirs,
		i.run.project().Getenv))
	if err != nil {
		return nil, err
	}
	digests[sandboxPaths] = textDigest(paths...)
	if len(i.inst.Services) > 0 {
		services, err := i.serviceDigests()
		if err != nil {
			return nil, err
		}
		digests[servicesKey] = combine(services)
	}
	if digest := networksDigest(i.inst); digest != "" {
		digests[networksKey] = digest
	}
	if i.inst.From != nil {
		if digests[startsFrom], err = i.startDigest(); err != nil {
			return nil, err
		}
	}
	return digests, nil
}

// configChanged says in what kitchen.yml wants another runner than the one that is recorded, as far as that is known
// without the engine, "" when in nothing.
func (i *instanceRun) configChanged() (string, error) {
	wanted, err := i.wantedTools()
	if err != nil {
		return "", err
	}
	now, err := i.digests(wanted)
	if err != nil {
		return "", err
	}
	recorded := maps.Clone(i.state.Spec)
	forgetIDs(recorded)
	if maps.Equal(recorded, now) {
		return "", nil
	}
	return describeChange(recorded, now), nil
}

// textDigest tells lists of texts apart.
func textDigest(list ...string) string {
	sum := sha256.New()
	for _, s := range list {
		fmt.Fprintf(sum, "%q\n", s)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// combine makes one digest of all.
func combine(digests map[string]string) string {
	return textDigest(fmt.Sprintf("%q", digests)) // maps print in order
}

// changedFields names what differs, in kitchen.yml's words where they are close.
func changedFields(old, now map[string]string) []string {
	var list []string
	for _, field := range slices.Concat(slices.Collect(maps.Keys(old)), slices.Collect(maps.Keys(now))) {
		if old[field] != now[field] {
			list = append(list, fieldWords(field))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// capital matches where a word of a field's name ends, as in CapAdd and UserNS.
var capital = lazyregexp.New(`([a-z])([A-Z])`)

func fieldWords(field string) string {
	switch field {
	case "Image":
		return "image"
	case "Tools", toolIDs:
		return "tool image"
	case mountedIDs:
		return "mounted image"
	case "Mounts", sandboxPaths:
		return "volumes"
	case startsFrom:
		return "what it starts from"
	case "Command", "Entrypoint", "Init":
		return "PID 1"
	case "Resources":
		return "limits"
	}
	return strings.ToLower(capital().ReplaceAllString(field, "$1 $2"))
}
