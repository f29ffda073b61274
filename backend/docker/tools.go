package docker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/mount"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// A tool's directory is the volume of a container that is never started: Docker fills it when it creates the container.
// A container with a private tool does not get that volume but an overlay over it: an anonymous volume of the local
// driver whose file system the engine mounts at every start. What the container writes goes to a volume of its own.
//
// The volumes below the overlay are mounted in the container as well, below backend.ToolDir, since the engine removes
// only what no container uses: no process can pull them away from a container that needs them, and those that no
// container uses any more are garbage, of any galley.

// labelLayers is on the carrier of a tool: "overlay", where its engine can mount one.
const (
	labelLayers  = engine.LabelTool + "-layers"
	layerOverlay = "overlay"
)

// layerPrefix starts the names of the volumes that private tools write to.
const layerPrefix = "galley-layer-"

// carrier is the container that carries a tool.
type carrier struct {
	id string
	// volumes are its volumes by where they are mounted in it.
	volumes map[string]container.MountPoint
	// layers reports whether the engine can mount an overlay over them.
	layers bool
}

// applyTools puts the tools of a specification into the body of a request, and tells
// what is weaker than it was asked for. Carriers that are not there are made.
func (b *Backend) applyTools(
	ctx context.Context, request *container.CreateRequest, s backend.ContainerSpec,
) (warnings []string, err error) {
	all, err := b.toolVolumes.Expand(ctx, s, b.InspectImage)
	if err != nil {
		return nil, err
	}
	groups := engine.ByCarrier(all)
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		group := groups[name]
		from, err := b.ensureCarrier(ctx, engine.CarrierOf(group[0]))
		if err != nil {
			return nil, err
		}
		w, err := applyCarrier(request, from, group, facts{engine: b.engineName()})
		if err != nil {
			return nil, err
		}
		warnings = append(warnings, w...)
	}
	return warnings, nil
}

// applyCarrier translates the tools that one carrier has.
func applyCarrier(request *container.CreateRequest, from carrier, group []engine.ToolMount, f facts) (warnings []string,
	err error) {
	readOnly := true
	for _, t := range group {
		if _, found := from.volumes[t.Path]; !found {
			return nil, engine.NoVolume(t.Tool)
		}
		readOnly = readOnly && t.Access == spec.ToolReadOnly
	}
	// By volumes-from the engine refuses to make a container if the carrier has gone,
	// where it would make an empty volume in place of one that is named.
	whole := len(group) == len(from.volumes)
	if whole {
		source := from.id
		if readOnly {
			source += ":ro"
		}
		request.HostConfig.VolumesFrom = append(request.HostConfig.VolumesFrom, source)
	}
	for _, t := range group {
		volume := from.volumes[t.Path]
		switch {
		case t.Access == spec.ToolPrivate && !from.layers:
			return nil, unsupported(f, "tool_access: private without copying the tool",
				"Write tool_access: shared or read_only, or use an engine whose storage driver is overlay2.")
		case from.layers && (t.Access == spec.ToolPrivate || t.Access == spec.ToolDefault):
			addLayer(request, t.Path, volume)
			continue
		case t.Access == spec.ToolDefault:
			warnings = append(warnings, engine.SharedInstead(t.Tool, "this engine cannot give each runner its own layer"))
		}
		if !whole || (t.Access == spec.ToolReadOnly && !readOnly) {
			request.HostConfig.Mounts = append(request.HostConfig.Mounts, mount.Mount{
				Type: mount.TypeVolume, Source: volume.Name, Target: t.Path, ReadOnly: t.Access == spec.ToolReadOnly,
				VolumeOptions: &mount.VolumeOptions{NoCopy: true},
			})
		}
	}
	return warnings, nil
}

// addLayer mounts an overlay over a volume, with two volumes of the container's own: what
// it writes, and the kernel's work directory. All of them are made with the container.
func addLayer(request *container.CreateRequest, target string, lower container.MountPoint) {
	h := request.HostConfig
	dir := path.Join(backend.ToolDir, strconv.Itoa(len(h.Mounts)))
	name := layerPrefix + strings.ToLower(rand.Text())
	at := func(volume string) string {
		return path.Join(path.Dir(path.Dir(lower.Source)), volume, path.Base(lower.Source))
	}
	own := &mount.VolumeOptions{NoCopy: true, Labels: map[string]string{engine.LabelLayer: target}}
	h.Mounts = append(h.Mounts,
		mount.Mount{Type: mount.TypeVolume, Source: lower.Name, Target: dir + "/lower", ReadOnly: true,
			VolumeOptions: &mount.VolumeOptions{NoCopy: true}},
		mount.Mount{Type: mount.TypeVolume, Source: name + "-upper", Target: dir + "/upper", VolumeOptions: own},
		mount.Mount{Type: mount.TypeVolume, Source: name + "-work", Target: dir + "/work", VolumeOptions: own},
		mount.Mount{Type: mount.TypeVolume, Target: target, VolumeOptions: &mount.VolumeOptions{
			NoCopy: true,
			DriverConfig: &mount.Driver{Name: "local", Options: map[string]string{
				"type": "overlay", "device": "overlay",
				"o": fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lower.Source, at(name+"-upper"), at(name+"-work")),
			}},
		}},
	)
}

// hasLayers reports whether a request has private tools.
func hasLayers(request container.CreateRequest) bool {
	return slices.ContainsFunc(request.HostConfig.Mounts,
		func(m mount.Mount) bool { return strings.HasPrefix(m.Source, layerPrefix) })
}

// ensureCarrier finds the container that carries a tool, by its labels under one of its names, or makes it. Of two
// callers at once one makes it, and both get it: Docker shows a container only once its volumes are full.
func (b *Backend) ensureCarrier(ctx context.Context, c engine.Carrier) (carrier, error) {
	for _, name := range c.Names() {
		found, err := b.findOrMakeCarrier(ctx, name, c)
		if err != nil || found.id != "" {
			return found, err
		}
	}
	return carrier{}, engine.NamesTaken(c)
}

// findOrMakeCarrier is ensureCarrier for one name; no carrier is a name that something else has.
func (b *Backend) findOrMakeCarrier(ctx context.Context, name string, c engine.Carrier) (carrier, error) {
	op := "container " + name
	answer, err := b.client.ContainerInspect(ctx, name)
	if err = wrap(op, err); errors.Is(err, backend.ErrNotFound) {
		err = b.awaitName(ctx, name, func() error { return b.makeCarrier(ctx, name, c) })
		if err == nil || errors.Is(err, backend.ErrConflict) { // another process may have been faster
			answer, err = b.client.ContainerInspect(ctx, name)
			err = wrap(op, err)
		}
	}
	if err != nil || answer.Config == nil || !c.Is(answer.Config.Labels) {
		return carrier{}, err
	}
	return carrierFrom(answer), nil
}

// carrierFrom translates the answer of an inspection.
func carrierFrom(answer container.InspectResponse) carrier {
	known := containerFrom(answer)
	c := carrier{id: known.ID, layers: known.Labels[labelLayers] == layerOverlay,
		volumes: map[string]container.MountPoint{}}
	for _, m := range answer.Mounts {
		if m.Type == mount.TypeVolume {
			c.volumes[m.Destination] = m
		}
	}
	return c
}

// makeCarrier makes the container that carries a tool. Its command is never run. Its
// volumes are labelled, so that one that outlives it goes when nothing uses it any more.
func (b *Backend) makeCarrier(ctx context.Context, name string, c engine.Carrier) error {
	op := "create container " + name
	m, err := b.measure(ctx)
	if err != nil {
		return wrap(op, err)
	}
	labels := maps.Clone(c.Labels)
	if m.layers {
		labels[labelLayers] = layerOverlay
	}
	declared, err := b.toolVolumes.Of(ctx, c.Image, b.InspectImage)
	if err != nil {
		return err
	}
	host := &container.HostConfig{NetworkMode: "none"}
	for _, target := range slices.Concat(declared, c.Undeclared) {
		host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeVolume, Target: target,
			VolumeOptions: &mount.VolumeOptions{Labels: map[string]string{engine.LabelLayer: target}}})
	}
	config := &container.Config{Image: c.Image, Labels: labels, Cmd: []string{"galley-tool"}, Entrypoint: []string{}}
	_, err = b.client.ContainerCreate(ctx, config, host, nil, nil, name)
	return wrap(op, err)
}

// allVolumes is the version of the API from which a removal of unused volumes leaves out
// those with names, unless told otherwise.
const allVolumes = "1.42"

// pruneTime bounds how long a removal of unused volumes waits for another one.
const pruneTime = 30 * time.Second

// removeLayers removes the volumes of tools that no container uses, by POST
// /volumes/prune: those of a container that was just removed, and what any galley that
// died left. They are made with their container, so none is on its way to one.
func (b *Backend) removeLayers(ctx context.Context) error {
	const op = "remove the volumes of private tools"
	which := filters.NewArgs(filters.Arg("label", engine.LabelLayer))
	if b.atLeast(allVolumes) {
		which.Add("all", "true")
	}
	soon, cancel := context.WithTimeout(ctx, pruneTime)
	defer cancel()
	return engine.Poll(soon, func(context.Context) (done bool, err error) {
		_, err = b.client.VolumesPrune(ctx, which)
		if err = wrap(op, err); errors.Is(err, backend.ErrConflict) {
			return false, nil // another one is under way, which may have begun too early
		}
		return err == nil, err
	})
}
