package podman

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// BuildImage builds an image by POST /build, in Docker's image format: the OCI one
// has no HEALTHCHECK, ONBUILD and SHELL.
func (b *Backend) BuildImage(ctx context.Context, o backend.BuildOptions) (backend.Image, error) {
	op := "build image " + o.Tag
	if slices.Contains(o.Needs, backend.BuildSSH) {
		return backend.Image{}, wrap(op, backend.Unsupported("Podman's API", string(backend.BuildSSH),
			"Give the key as one of driver.build_secrets, or fetch what needs it before, into build_context."))
	}
	if slices.Contains(o.Needs, backend.BuildHeredoc) {
		v, err := b.engineVersion(ctx)
		if err != nil {
			return backend.Image{}, wrap(op, err)
		}
		if !v.atLeast(heredocs) {
			return backend.Image{}, wrap(op, backend.Unsupported(fmt.Sprintf("Podman %d.%d", v.major, v.minor),
				string(backend.BuildHeredoc), "Write it without, as one RUN with &&: version 4.8 is the first that can."))
		}
	}
	query, err := buildQuery(o)
	if err != nil {
		return backend.Image{}, wrap(op, err)
	}
	files, secrets, err := secretFiles(o.Secrets)
	if err != nil {
		return backend.Image{}, wrap(op, err)
	}
	if secrets != "" {
		query.Set("secrets", secrets)
	}
	auth, err := engine.RegistryConfig(o.Credentials)
	if err != nil {
		return backend.Image{}, wrap(op, err)
	}
	header := http.Header{"Content-Type": {"application/x-tar"}, "X-Registry-Config": {cmp.Or(auth, noCredentials)}}
	tar := engine.NewLocalReader(io.MultiReader(files, o.Context))
	resp, err := b.send(ctx, request{op: op, path: "POST /build", query: query, header: header, body: tar})
	if local := tar.Failure(nil); local != nil {
		return backend.Image{}, wrap(op, local)
	}
	if err != nil {
		return backend.Image{}, err
	}
	err = errors.Join(engine.ReadBuild(resp.Body, o.Output, nil), resp.Body.Close())
	if err := tar.Failure(err); err != nil {
		return backend.Image{}, buildFailure(op, err)
	}
	return b.InspectImage(ctx, o.Tag)
}

// buildQuery translates options into the parameters of POST /build.
func buildQuery(o backend.BuildOptions) (url.Values, error) {
	query := url.Values{
		"t":            {o.Tag},
		"dockerfile":   {"Dockerfile"},
		"outputformat": {"application/vnd.docker.distribution.manifest.v2+json"},
		"layers":       {"true"},
		"rm":           {"true"},
		"forcerm":      {"true"},
		"pullpolicy":   {"missing"},
		"httpproxy":    {strconv.FormatBool(o.ClientProxies)},
	}
	if _, err := engine.ParsePlatform(o.Platform); err != nil {
		return nil, err
	}
	if o.Platform != "" {
		query.Set("platform", o.Platform)
	}
	for name, values := range map[string]map[string]string{"labels": o.Labels, "buildargs": o.Args} {
		if len(values) == 0 {
			continue
		}
		text, err := json.Marshal(values)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", name, err)
		}
		query.Set(name, string(text))
	}
	return query, nil
}

// secretFiles puts secrets before a build's context: Podman's service takes them out of it into a directory of its own
// before it builds, and removes that in the end. list is the parameter secrets of POST /build.
func secretFiles(secrets map[string][]byte) (files io.Reader, list string, err error) {
	var archive bytes.Buffer
	if len(secrets) == 0 {
		return &archive, "", nil
	}
	var options []string
	w := tar.NewWriter(&archive)
	for _, id := range slices.Sorted(maps.Keys(secrets)) {
		name := "galley-build-secret-" + rand.Text()
		options = append(options, "id="+id+",src="+name)
		header := &tar.Header{Name: name, Mode: 0o600, Size: int64(len(secrets[id]))}
		if err := w.WriteHeader(header); err != nil {
			return nil, "", fmt.Errorf("send build secrets: %w", err)
		}
		if _, err := w.Write(secrets[id]); err != nil {
			return nil, "", fmt.Errorf("send build secrets: %w", err)
		}
	}
	if err := w.Flush(); err != nil { // without the end of an archive: the context follows
		return nil, "", fmt.Errorf("send build secrets: %w", err)
	}
	text, err := json.Marshal(options)
	return &archive, string(text), err
}
