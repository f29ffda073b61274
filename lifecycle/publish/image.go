package publish

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// Source is what an image is made of.
type Source struct {
	// Archive has the commit of the runner and the image below it. The layers are made beside it: its directory must
	// stay until nothing is done with the image any more.
	Archive *os.File
	// Commit is the value of label.Commit by which the commit is told from the image below it.
	Commit string
	// Mounts are the paths of the runner at which something was mounted.
	Mounts []string
	// Config is kitchen.yml's `publish`.
	Config config.Publish
	// Labels are added to those of the image below and of Config, which win.
	Labels map[string]string
	// OCI makes manifests of OCI in place of Docker's, which have no health checks for some engines.
	OCI bool
	// Secrets are values that no file of the converge's may hold.
	Secrets []string
	// Identity leaves what tells one runner from another in the image, as /etc/machine-id.
	Identity bool
	// Epoch, unless it is zero, is the time of the image, and no file of its own is newer.
	Epoch time.Time
}

// Make makes the image that is published: the layers and the configuration of the image below, and what the converge
// made as one more layer.
func Make(ctx context.Context, s Source) (v1.Image, error) {
	a, err := OpenArchive(s.Archive)
	if err != nil {
		return nil, err
	}
	isCommit := func(c *v1.ConfigFile) bool { return c.Config.Labels[label.Commit] == s.Commit }
	commit, err := a.find("the runner's", isCommit)
	if err != nil {
		return nil, err
	}
	base, err := a.find("the one below the runner's", func(c *v1.ConfigFile) bool { return !isCommit(c) })
	if err != nil {
		return nil, err
	}
	n := len(base.layers)
	if n > len(commit.layers) || !slices.Equal(base.config.RootFS.DiffIDs, commit.config.RootFS.DiffIDs[:n]) {
		return nil, errors.New("the runner's image does not have the layers of the image that the runner was made from")
	}
	files := newTree()
	var layers []*layer
	for i, name := range base.layers {
		l, err := a.baseLayer(ctx, name, files)
		if err == nil && l.diffID != base.config.RootFS.DiffIDs[i] {
			err = errors.New("its content is not what the image's configuration says")
		}
		if err != nil {
			return nil, fmt.Errorf("layer %d of the image below the runner's: %w", i+1, err)
		}
		layers = append(layers, l)
	}
	created := base.config.Created.Time
	for _, name := range commit.layers[n:] {
		l, newest, err := a.ownLayer(ctx, s, name, files)
		if err != nil {
			return nil, fmt.Errorf("the layer of what the converge made: %w", err)
		}
		if newest.After(created) {
			created = newest
		}
		if l != nil {
			layers = append(layers, l)
		}
	}
	if s.Config.Squash {
		one, err := squash(ctx, a.dir(), layers)
		if err != nil {
			return nil, fmt.Errorf("make one layer of all: %w", err)
		}
		layers = []*layer{one}
	}
	if !s.Epoch.IsZero() {
		created = s.Epoch
	}
	img := empty.Image
	if s.OCI {
		img = mutate.ConfigMediaType(mutate.MediaType(img, types.OCIManifestSchema1), types.OCIConfigJSON)
	}
	add := make([]v1.Layer, len(layers))
	for i, l := range layers {
		if s.OCI {
			l.form = types.OCILayer
		}
		add[i] = l
	}
	if img, err = mutate.AppendLayers(img, add...); err != nil {
		return nil, err
	}
	return mutate.ConfigFile(img, s.configFile(base.config, layers, created.UTC()))
}

// baseLayer takes a layer over as it is, and adds its files to those of the image below.
func (a *Archive) baseLayer(ctx context.Context, name string, files *tree) (*layer, error) {
	r, err := a.layer(ctx, name)
	if err != nil {
		return nil, err
	}
	files.layer++
	return compress(a.dir(), func(w io.Writer) error {
		tee := io.TeeReader(r, w)
		if err := eachEntry(tee, func(h *tar.Header, _ io.Reader) error { return files.add(h) }); err != nil {
			return err
		}
		_, err := io.Copy(io.Discard, tee) // what is behind the end of the tar is a part of the layer
		return err
	})
}

// ownLayer makes the layer of what the converge made, nil of nothing. It returns the time of its newest file. A runner
// that was restored from a snapshot has several.
func (a *Archive) ownLayer(ctx context.Context, s Source, name string, base *tree) (*layer, time.Time, error) {
	gone := s.Mounts
	if !s.Identity {
		gone = slices.Concat(identities, gone)
	}
	c := newCleaner(base, gone)
	r, err := a.layer(ctx, name)
	if err != nil {
		return nil, time.Time{}, err
	}
	keep, err := c.kept(r)
	if err != nil {
		return nil, time.Time{}, err
	}
	if len(keep) == 0 {
		return nil, time.Time{}, nil
	}
	if r, err = a.layer(ctx, name); err != nil {
		return nil, time.Time{}, err
	}
	var newest time.Time
	l, err := compress(a.dir(), func(w io.Writer) (err error) {
		newest, err = c.write(w, r, keep, s)
		return err
	})
	return l, newest, err
}

// configFile is the configuration of the image below, without galley's labels and with what kitchen.yml gives instead.
func (s Source) configFile(base *v1.ConfigFile, layers []*layer, created time.Time) *v1.ConfigFile {
	c := base.DeepCopy()
	c.Created, c.Container, c.DockerVersion, c.Author = v1.Time{Time: created}, "", "", ""
	s.apply(&c.Config)
	labels := maps.Clone(c.Config.Labels)
	maps.DeleteFunc(labels, func(name, _ string) bool { return strings.HasPrefix(name, label.Prefix) })
	if labels == nil {
		labels = map[string]string{}
	}
	labels["org.opencontainers.image.created"] = created.Format(time.RFC3339)
	maps.Copy(labels, s.Labels)
	maps.Copy(labels, s.Config.Labels)
	c.Config.Labels = labels
	c.RootFS = v1.RootFS{Type: "layers"}
	for _, l := range layers {
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, l.diffID)
	}
	below := 0
	for _, h := range base.History {
		if !h.EmptyLayer {
			below++
		}
	}
	if s.Config.Squash || below != len(base.RootFS.DiffIDs) { // a history that does not fit is worse than none
		c.History, below = nil, 0
	}
	for range len(layers) - below {
		c.History = append(c.History, v1.History{Created: c.Created, CreatedBy: "galley publish"})
	}
	return c
}

// apply puts what kitchen.yml gives into a configuration. A new entrypoint comes without the old command, as in a
// Dockerfile.
func (s Source) apply(c *v1.Config) {
	p := s.Config
	if p.Entrypoint != nil {
		c.Entrypoint, c.Cmd = p.Entrypoint, nil
	}
	if p.Cmd != nil {
		c.Cmd = p.Cmd
	}
	for to, from := range map[*string]string{&c.User: p.User, &c.WorkingDir: p.WorkDir, &c.StopSignal: p.StopSignal} {
		if from != "" {
			*to = from
		}
	}
	if p.Expose != nil {
		c.ExposedPorts = map[string]struct{}{}
		for _, port := range p.Expose {
			c.ExposedPorts[port] = struct{}{}
		}
	}
	if h := p.HealthCheck; h != nil {
		c.Healthcheck = &v1.HealthConfig{Test: h.Test, Interval: h.Interval, Timeout: h.Timeout, StartPeriod: h.StartPeriod,
			Retries: h.Retries}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		c.Env = slices.DeleteFunc(slices.Clone(c.Env), func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
		c.Env = append(c.Env, name+"="+p.Env[name])
	}
}
