package podman

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/containers/podman/v4/libpod/define"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// A private tool is a mount of its image with a layer of the container's own, from Podman 5.4: nothing else has to be
// made. Older ones cannot mount a part of an image. For them, and for tools that containers share, the tool's directory
// is a volume of a container that is never started, over which Podman can put a layer as well.

// applyTools puts the tools of a specification into the body of a request. Carriers that are not there are made.
func (b *Backend) applyTools(ctx context.Context, c *createConfig, s backend.ContainerSpec) error {
	if len(s.Tools) == 0 {
		return nil
	}
	all, err := b.toolVolumes.Expand(ctx, s, b.InspectImage)
	if err != nil {
		return err
	}
	v, err := b.engineVersion(ctx)
	if err != nil {
		return err
	}
	var carried []engine.ToolMount
	for _, t := range all {
		if t.Access == spec.ToolShared || !v.atLeast(imageSubPath) {
			carried = append(carried, t)
			continue
		}
		c.Images = append(c.Images, imageMount{
			Source: t.Image, SubPath: t.Path, Destination: t.Path, ReadWrite: t.Access != spec.ToolReadOnly,
		})
	}
	groups := engine.ByCarrier(carried)
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		from, err := b.ensureCarrier(ctx, engine.CarrierOf(groups[name][0]))
		if err == nil {
			err = applyCarrier(c, from, groups[name])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// applyCarrier translates the tools that one carrier has.
func applyCarrier(c *createConfig, from containerAnswer, group []engine.ToolMount) error {
	for _, t := range group {
		i := slices.IndexFunc(from.Mounts,
			func(m mountPoint) bool { return m.Type == define.TypeVolume && m.Destination == t.Path })
		if i < 0 {
			return engine.NoVolume(t.Tool)
		}
		volume := from.Mounts[i]
		options := spec.Mount{ReadOnly: t.Access != spec.ToolShared, NoCopy: true}
		at := t.Path
		if t.Access == spec.ToolDefault || t.Access == spec.ToolPrivate {
			c.Overlays = append(c.Overlays, specs.Mount{Destination: t.Path, Source: volume.Source})
			at = path.Join(backend.ToolDir, strconv.Itoa(len(c.Overlays)))
		}
		c.Volumes = append(c.Volumes, namedVolume{Name: volume.Name, Dest: at, Options: volumeOptions(options)})
	}
	return nil
}

// ensureCarrier finds the container that carries a tool, by its labels under one of its
// names, or makes it. The first name is the one that it mostly has.
func (b *Backend) ensureCarrier(ctx context.Context, c engine.Carrier) (containerAnswer, error) {
	found, err := b.findCarrier(ctx, c.Names()[0], c)
	if err != nil || found.ID != "" {
		return found, err
	}
	all, err := b.ListContainers(ctx, backend.Labels{engine.LabelTool: c.Image})
	if err != nil {
		return containerAnswer{}, err
	}
	for _, other := range all {
		if c.Is(other.Labels) && slices.Contains(c.Names(), other.Name) {
			return b.inspectContainer(ctx, other.ID)
		}
	}
	return b.makeCarrier(ctx, c)
}

// findCarrier returns the carrier that has a name, none when nothing or something else has it.
func (b *Backend) findCarrier(ctx context.Context, name string, c engine.Carrier) (containerAnswer, error) {
	answer, err := b.inspectContainer(ctx, name)
	switch {
	case errors.Is(err, backend.ErrNotFound):
		return containerAnswer{}, nil
	case err != nil || !c.Is(answer.Config.Labels):
		return containerAnswer{}, err
	}
	return answer, nil
}

// fillingInfix follows a carrier's name while its volumes are filled; what comes after it is random.
const fillingInfix = "-filling-"

// makeCarrier makes the container that carries a tool. Podman fills a volume when it is first mounted, by POST
// /containers/{id}/init. Until then the carrier goes by a name of its own, so that one left behind by a process that
// died is never taken for a good one, and that of another process that makes the same now is not in the way. Its
// command is never run: what fails in init after the mount, because a tool image need not have any command that can be
// run, comes too late to matter.
func (b *Backend) makeCarrier(ctx context.Context, c engine.Carrier) (containerAnswer, error) {
	config := createConfig{
		Name: c.Names()[0] + fillingInfix + strings.ToLower(rand.Text()[:8]), Image: c.Image, Labels: c.Labels,
		Command: []string{"true"}, Entrypoint: []string{}, Systemd: "false", Log: logConfig{Driver: "k8s-file"},
		networkingConfig: networkingConfig{NetNS: &namespace{Mode: "none"}},
	}
	for _, target := range c.Undeclared {
		config.Volumes = append(config.Volumes, namedVolume{Dest: target, Options: volumeOptions(spec.Mount{})})
	}
	made, err := b.create(ctx, config)
	if err != nil {
		return containerAnswer{}, err
	}
	err = b.call(ctx, request{
		op: "fill the volumes of container " + config.Name, path: "POST /containers/%s/init", arg: made.ID,
	}, nil)
	var found containerAnswer
	if err == nil || isRuntimeRefusal(err) {
		found, err = b.nameCarrier(ctx, made.ID, c)
	}
	if err == nil && found.ID == made.ID {
		return found, nil
	}
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	return found, errors.Join(err, b.RemoveContainer(clean, made.ID))
}

// nameCarrier gives a carrier that is full the first of its names that is free, and returns it, or the carrier of
// another process that was faster. A name can be taken though nothing has it: Podman 4.3 keeps the name of a container
// that is removed while it is renamed, for ever.
func (b *Backend) nameCarrier(ctx context.Context, id string, c engine.Carrier) (containerAnswer, error) {
	for _, name := range c.Names() {
		err := b.call(ctx, request{
			op: "name container " + name, path: "POST /containers/%s/rename", arg: id,
			query: url.Values{"name": {name}},
		}, nil)
		if err == nil {
			return b.inspectContainer(ctx, name)
		}
		if !errors.Is(err, backend.ErrConflict) {
			return containerAnswer{}, err
		}
		if found, err := b.findCarrier(ctx, name, c); err != nil || found.ID != "" {
			return found, err
		}
	}
	return containerAnswer{}, engine.NamesTaken(c)
}

// cleanupTimeout bounds what is done after a call has already failed.
const cleanupTimeout = 20 * time.Second
