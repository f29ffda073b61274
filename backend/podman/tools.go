package podman

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/containers/podman/v4/libpod/define"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// A private tool is a mount of its image with a layer of the container's own, from Podman
// 5.4: nothing else has to be made. Older ones cannot mount a part of an image. For them,
// and for tools that containers share, the tool's directory is a volume of a container
// that is never started, over which Podman can put a layer as well.

// toolDir is where a container has the volumes below its private tools: the engine removes
// only volumes that no container uses.
const toolDir = "/run/galley/tools"

// applyTools puts the tools of a specification into the body of a request, and tells what
// is weaker than it was asked for. Carriers that are not there are made.
func (b *Backend) applyTools(ctx context.Context, c *createConfig, s backend.ContainerSpec) (warnings []string, err error) {
	if len(s.Tools) == 0 {
		return nil, nil
	}
	all, err := b.toolVolumes.Expand(ctx, s, b.InspectImage)
	if err != nil {
		return nil, err
	}
	v, err := b.engineVersion(ctx)
	if err != nil {
		return nil, err
	}
	var carried []engine.ToolMount
	for _, t := range all {
		if t.Access == backend.ToolShared || !v.atLeast(imageSubPath) {
			carried = append(carried, t)
			continue
		}
		c.Images = append(c.Images, imageMount{
			Source: t.Image, SubPath: t.Path, Destination: t.Path, ReadWrite: t.Access != backend.ToolReadOnly,
		})
	}
	groups := engine.ByCarrier(carried)
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		from, err := b.ensureCarrier(ctx, engine.CarrierOf(groups[name][0]))
		if err != nil {
			return nil, err
		}
		if err := applyCarrier(c, from, groups[name]); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// applyCarrier translates the tools that one carrier has.
func applyCarrier(c *createConfig, from containerAnswer, group []engine.ToolMount) error {
	for _, t := range group {
		i := slices.IndexFunc(from.Mounts, func(m mountPoint) bool { return m.Type == define.TypeVolume && m.Destination == t.Path })
		if i < 0 {
			return &backend.Error{Op: "use image " + t.Image + " as a tool", Kind: backend.ErrNotFound,
				Detail: "its container has no volume at " + t.Path}
		}
		volume := from.Mounts[i]
		options := backend.Mount{ReadOnly: t.Access != backend.ToolShared, NoCopy: true}
		at := t.Path
		if t.Access == backend.ToolDefault || t.Access == backend.ToolPrivate {
			c.Overlays = append(c.Overlays, overlayMount{Destination: t.Path, Source: volume.Source})
			at = path.Join(toolDir, strconv.Itoa(len(c.Overlays)))
		}
		c.Volumes = append(c.Volumes, namedVolume{Name: volume.Name, Dest: at, Options: volumeOptions(options)})
	}
	return nil
}

// carrierTime bounds how long another caller's carrier is waited for.
const carrierTime = 30 * time.Second

// ensureCarrier finds the container that carries a tool, by its labels under one of its
// names, or makes it. Of two callers at once one makes it, and both get it.
func (b *Backend) ensureCarrier(ctx context.Context, c engine.Carrier) (containerAnswer, error) {
	for _, name := range c.Names() {
		found, err := b.findOrMakeCarrier(ctx, name, c)
		if err != nil || found.ID != "" {
			return found, err
		}
	}
	return containerAnswer{}, &backend.Error{Op: "container " + c.Names()[0], Kind: backend.ErrConflict,
		Detail: "other containers have the names that galley gives to this tool", Remedy: "Remove or rename them."}
}

// findOrMakeCarrier is ensureCarrier for one name; no carrier is a name that something
// else has.
func (b *Backend) findOrMakeCarrier(ctx context.Context, name string, c engine.Carrier) (found containerAnswer, err error) {
	soon, cancel := context.WithTimeout(ctx, carrierTime)
	defer cancel()
	var conflict error
	err = engine.Poll(soon, func(context.Context) (done bool, err error) {
		answer, err := b.inspectContainer(ctx, name)
		switch {
		case err == nil:
			if c.Is(answer.Config.Labels) {
				found = answer
			}
			return true, nil
		case !errors.Is(err, backend.ErrNotFound):
			return false, err
		}
		err = b.makeCarrier(ctx, name, c)
		if errors.Is(err, backend.ErrConflict) {
			conflict = err
			return false, nil // the other's is about to be seen
		}
		return false, err
	})
	if err != nil && soon.Err() != nil && ctx.Err() == nil && conflict != nil {
		err = conflict
	}
	return found, err
}

// fillingInfix follows a carrier's name while its volumes are filled; what comes after it
// is random.
const fillingInfix = "-filling-"

// makeCarrier makes the container that carries a tool. Podman fills a volume when it is
// first mounted, by POST /containers/{id}/init. Until then the carrier goes by a name of
// its own, so that one left behind by a process that died is never taken for a good one,
// and that of another process that makes the same now is not in the way. Its command is
// never run: what fails in init after the mount, because a tool image need not have any
// command that can be run, comes too late to matter.
func (b *Backend) makeCarrier(ctx context.Context, name string, c engine.Carrier) error {
	config := createConfig{
		Name: name + fillingInfix + strings.ToLower(rand.Text()[:8]), Image: c.Image, Labels: c.Labels,
		Command: []string{"true"}, Entrypoint: []string{}, Systemd: "false", Log: logConfig{Driver: "k8s-file"},
		networkingConfig: networkingConfig{NetNS: &namespace{Mode: "none"}},
	}
	for _, target := range c.Undeclared {
		config.Volumes = append(config.Volumes, namedVolume{Dest: target, Options: volumeOptions(backend.Mount{})})
	}
	answer, err := b.create(ctx, config)
	if err != nil {
		return err
	}
	err = b.call(ctx, request{
		op: "fill the volumes of container " + name, method: http.MethodPost, path: "/containers/%s/init", args: []string{answer.ID},
	}, nil)
	if isRuntimeRefusal(err) {
		err = nil
	}
	if err == nil {
		err = b.call(ctx, request{
			op: "name container " + name, method: http.MethodPost, path: "/containers/%s/rename", args: []string{answer.ID},
			query: url.Values{"name": {name}},
		}, nil)
	}
	if err == nil {
		return nil
	}
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	return errors.Join(err, b.RemoveContainer(clean, answer.ID))
}

// cleanupTimeout bounds what is done after a call has already failed.
const cleanupTimeout = 20 * time.Second
