package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// workImages is what the names of work images begin with; the digest of all that one is made of follows.
const workImages = "localhost/galley-work:"

// buildRequest is what an image is made of.
type buildRequest struct {
	platform string
	// base is the ID that backend.BaseArg has in dockerfile, or empty.
	base string
	// dir is for COPY and ADD; it may be empty.
	dir, dockerfile string
	args            map[string]string
	// clientProxies adds the proxies of the engine's own client to args.
	clientProxies bool
	// secrets are `build_secrets`. They are no part of the name: an image does not have them.
	secrets map[string]config.BuildSecret
}

// name is the name of the image that is made of the request, by the digest of what goes into it, with its files.
func (b buildRequest) name() (tag string, files []sandbox.File, err error) {
	if files, err = buildContext(b.dir, b.dockerfile); err != nil {
		return "", nil, fmt.Errorf("build_context: %w", err)
	}
	digest, err := contextDigest(files, b.args, b.platform)
	if err != nil {
		return "", nil, fmt.Errorf("build_context: %w", err)
	}
	return workImages + digest, files, nil
}

// build makes an image of a Dockerfile, unless the same was made before. It is named by the digest of what it is made
// from, so instances, runs and projects that want the same share it. announce is what the user is told when it takes
// its time.
func (s supplies) build(ctx context.Context, want buildRequest, announce string) (backend.Image, error) {
	tag, files, err := want.name()
	if err != nil {
		return backend.Image{}, err
	}
	return s.eng.shared.Load().builds.Do(tag, func() (_ backend.Image, err error) {
		if s.onlyLook {
			img, err := s.eng.InspectImage(ctx, tag)
			if errors.Is(err, backend.ErrNotFound) {
				err = &backend.Error{Op: "use image " + tag, Kind: backend.ErrNotFound, Detail: "it is not built yet"}
			}
			return img, err
		}
		lock, err := s.run.machineLock(ctx, tag, func(holder string) { s.notice(LevelInfo, "waiting for "+holder) })
		if err != nil {
			return backend.Image{}, err
		}
		defer func() { err = errors.Join(err, lock.Release()) }()
		if img, err := s.eng.InspectImage(ctx, tag); !errors.Is(err, backend.ErrNotFound) {
			return img, err
		}
		secrets, err := s.buildSecrets(want)
		if err != nil {
			return backend.Image{}, err
		}
		s.notice(LevelInfo, announce)
		return s.runBuild(ctx, files, backend.BuildOptions{Tag: tag, Base: want.base, Args: want.args,
			ClientProxies: want.clientProxies, Platform: want.platform, Secrets: secrets,
			Labels: s.run.labels(label.RoleWork), Credentials: s.buildCredentials(ctx, want.dockerfile)})
	})
}

// buildAttempts is how often a build is tried while other images vanish under it:
// an engine compares each step with all the images that it has.
const buildAttempts = 3

// runBuild builds an image from files. Its output is shown line by line to users who
// want all of it, and in full to all when it fails.
func (s supplies) runBuild(ctx context.Context, files []sandbox.File,
	o backend.BuildOptions) (backend.Image, error) {
	var log bytes.Buffer
	live := &lines.Writer{Emit: func(line string) error { s.notice(LevelDebug, line); return nil }}
	for _, f := range files {
		if f.Path == "Dockerfile" {
			o.Needs = buildFeatures(string(f.Data))
			if slices.Contains(o.Needs, backend.BuildSSH) { // an engine can ask for it in any build
				o.SSHAgent = s.run.project().Getenv("SSH_AUTH_SOCK")
			}
		}
	}
	o.Output = io.MultiWriter(&log, live)
	var img backend.Image
	err := backend.ErrConflict
	for attempt := 1; errors.Is(err, backend.ErrConflict) && attempt <= buildAttempts; attempt++ {
		log.Reset()
		pr, pw := io.Pipe()
		go func() { pw.CloseWithError(archive.Write(pw, files)) }()
		o.Context = pr
		img, err = s.eng.BuildImage(ctx, o)
		pr.Close()
	}
	_ = live.Flush() // a notice cannot fail
	if err != nil {
		stdout, _, flush := s.output()
		_, _ = log.WriteTo(stdout) // which cannot fail
		flush()
	}
	return img, err
}

// buildCredentials are those for the images that a Dockerfile names, one entry for
// each registry. The platform's own image is there already.
func (s supplies) buildCredentials(ctx context.Context, dockerfile string) []backend.Credentials {
	var list []backend.Credentials
	for _, ref := range baseImages(dockerfile) {
		c := s.credentials(ctx, ref)
		if c != nil && !slices.ContainsFunc(list,
			func(have backend.Credentials) bool { return have.Registry == c.Registry }) {
			list = append(list, *c)
		}
	}
	return list
}

// buildContext is the directory for COPY and ADD, if there is one, with the Dockerfile.
func buildContext(dir, dockerfile string) ([]sandbox.File, error) {
	var files []sandbox.File
	if dir != "" {
		tree, err := sandbox.Tree(dir, "", func(rel string, _ bool) bool { return rel == "Dockerfile" })
		if err != nil {
			return nil, err
		}
		files = tree
	}
	return append(files, sandbox.File{Path: "Dockerfile", Data: []byte(dockerfile)}), nil
}

// contextDigest is a digest of all that an image is made from.
func contextDigest(files []sandbox.File, args map[string]string, platform string) (string, error) {
	words := []string{platform}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		words = append(words, name, args[name])
	}
	digest, err := archive.Digest(words, files)
	if err != nil {
		return "", err
	}
	return digest[:32], nil
}
