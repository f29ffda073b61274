package docker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/registry"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/docker/buildkit"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// BuildImage builds an image, by POST /build, and inspects it. What the classic builder does not know, some of which it
// takes and leaves undone in silence, is for BuildKit.
func (b *Backend) BuildImage(ctx context.Context, o backend.BuildOptions) (backend.Image, error) {
	op := "build image " + o.Tag
	if o.ClientProxies { // creating the runner tells the warnings
		var err error
		if o.Args, _, err = withProxies(o.Args, configFile(), b.endpoint.URI); err != nil {
			return backend.Image{}, wrap(op, err)
		}
	}
	options := buildOptions(o)
	var trace *engine.BuildTrace
	if len(o.Needs) > 0 {
		if err := b.kitRefusal(ctx, o); err != nil {
			return backend.Image{}, wrap(op, err)
		}
		base, err := b.buildBase(ctx, op, o.Base)
		if err != nil {
			return backend.Image{}, err
		}
		if base != "" {
			options.BuildArgs[backend.BaseArg] = &base
		}
		session, end, err := b.openSession(ctx, op, o)
		if err != nil {
			return backend.Image{}, err
		}
		defer end()
		options.Version, options.SessionID = build.BuilderBuildKit, session
		read := &buildkit.Trace{}
		trace = &engine.BuildTrace{ID: buildkit.TraceID, Text: read.Text, Failed: read.Failed}
	}
	tar := engine.NewLocalReader(o.Context)
	answer, err := b.client.ImageBuild(ctx, tar, options)
	if err = tar.Failure(err); err != nil {
		return backend.Image{}, buildFailure(op, err)
	}
	err = errors.Join(engine.ReadBuild(answer.Body, o.Output, trace), answer.Body.Close())
	if err := tar.Failure(err); err != nil {
		return backend.Image{}, buildFailure(op, err)
	}
	return b.InspectImage(ctx, o.Tag)
}

// buildOptions translates the options of a build by the classic builder, which is on every engine.
func buildOptions(o backend.BuildOptions) build.ImageBuildOptions {
	args := make(map[string]*string, len(o.Args))
	for k, v := range o.Args {
		args[k] = &v
	}
	auths := make(map[string]registry.AuthConfig, len(o.Credentials))
	for _, c := range o.Credentials {
		auth := engine.AuthConfig(c)
		auths[auth.ServerAddress] = auth
	}
	return build.ImageBuildOptions{
		Version: build.BuilderV1, Tags: []string{o.Tag},
		Labels: o.Labels, BuildArgs: args, AuthConfigs: auths, Platform: o.Platform,
		Remove: true, ForceRemove: true,
	}
}

// kitHeredocs is the version of the API of the first Docker whose BuildKit reads heredocs without a program from a
// registry, 23.0.
const kitHeredocs = "1.42"

// kitRefusal is why this engine's BuildKit cannot do what is needed, or nil.
func (b *Backend) kitRefusal(ctx context.Context, o backend.BuildOptions) error {
	m, err := b.measure(ctx)
	switch {
	case err != nil:
		return err
	case slices.Contains(o.Needs, backend.BuildHeredoc) && !b.atLeast(kitHeredocs):
		return backend.Unsupported(b.engineName(), string(backend.BuildHeredoc),
			"Write it without, as one RUN with &&: version 23 is the first that can.")
	case slices.Contains(o.Needs, backend.BuildCopy) && m.remaps:
		// The files of a context that comes by the API belong to the user nobody then.
		return backend.Unsupported(b.engineName()+" with userns-remap", string(backend.BuildCopy),
			"Say whose the files are: COPY --chown=0:0.")
	case slices.Contains(o.Needs, backend.BuildSSH) && o.SSHAgent == "":
		return &backend.Error{Kind: backend.ErrInvalid, Remedy: "Start one: eval $(ssh-agent) && ssh-add",
			Detail: string(backend.BuildSSH) + " wants an ssh agent, and SSH_AUTH_SOCK is not set"}
	}
	return nil
}

// kitDigests is the version of the API of the first Docker whose BuildKit finds NAME:TAG@DIGEST in containerd's store,
// 28.3.
const kitDigests = "1.51"

// buildBase is a name of an image for BuildKit, which takes an ID for a name on Docker Hub. With containerd's store it
// asks the name's registry before it takes what is there, which may be another image of the same name: the digest says
// which one is meant.
func (b *Backend) buildBase(ctx context.Context, op, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	answer, err := b.client.ImageInspect(ctx, id)
	if err != nil {
		return "", wrap(op, err)
	}
	names := slices.Concat(fullTags(answer.RepoTags), answer.RepoDigests)
	if len(names) == 0 {
		return "", &backend.Error{Op: op, Kind: backend.ErrUnsupported,
			Detail: "BuildKit finds no image that has no name: " + id, Remedy: "Give it one with docker tag."}
	}
	if d := answer.Descriptor; d != nil && b.atLeast(kitDigests) && !strings.Contains(names[0], "@") {
		return names[0] + "@" + d.Digest.String(), nil
	}
	return names[0], nil
}

// openSession opens a session, in which BuildKit may ask galley for what it needs, by POST /session, until end is
// called. Errors: ErrUnsupported where the engine has no BuildKit.
func (b *Backend) openSession(ctx context.Context, op string, o backend.BuildOptions) (id string, end func(),
	err error) {
	s := &buildkit.Session{ID: rand.Text(), Secrets: o.Secrets, Credentials: o.Credentials, Agent: o.SSHAgent}
	conn, err := engine.Upgrade(ctx, b.connect, "/v"+b.client.ClientVersion()+"/session", "h2c", s.Header(), nil)
	var refused *engine.StatusError
	if errors.As(err, &refused) && (refused.Status == http.StatusNotFound || refused.Status == http.StatusNotImplemented) {
		return "", nil, wrap(op, backend.Unsupported(b.engineName(), string(o.Needs[0]),
			fmt.Sprintf("It has no BuildKit (%.500s): write it without, as one RUN with && and a file from build_context.",
				refused.Message)))
	}
	if err != nil {
		return "", nil, wrap(op, err)
	}
	served, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(served, conn) // the build tells what it could not ask for
	}()
	return s.ID, func() {
		stop()
		<-ended
		_ = conn.Close()
	}, nil
}
