package docker

import (
	"errors"
	"testing"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

func TestImageFrom(t *testing.T) {
	got := imageFrom(image.InspectResponse{
		ID: "sha256:0123", RepoTags: []string{"busybox:latest", "quay.io/a/b:1", "<none>:<none>"}, Os: "linux",
		Architecture: "arm64", Variant: "v8",
		Config: &dockerspec.DockerOCIImageConfig{ImageConfig: ocispec.ImageConfig{
			Volumes: map[string]struct{}{"/opt/chef": {}, "/data": {}}, Entrypoint: []string{"e"},
			Labels: map[string]string{"a": "b"},
		}},
	})
	require.NotEmpty(t, got.Content)
	require.Equal(t, backend.Image{
		ID: "sha256:0123", Content: got.Content, Tags: []string{"docker.io/library/busybox:latest", "quay.io/a/b:1"}, OS: "linux",
		Arch: "arm64", Variant: "v8",
		Volumes: []string{"/data", "/opt/chef"}, Entrypoint: []string{"e"}, Labels: backend.Labels{"a": "b"},
	}, got)
	bare := imageFrom(image.InspectResponse{ID: "bare"})
	require.Equal(t, backend.Image{ID: "bare", Content: bare.Content}, bare)
}

func TestBuildOptions(t *testing.T) {
	one, empty := "1", ""
	require.Equal(t, build.ImageBuildOptions{
		Version: build.BuilderV1, Tags: []string{"t"}, Labels: map[string]string{"a": "b"},
		BuildArgs: map[string]*string{"A": &one, "B": &empty},
		AuthConfigs: map[string]registry.AuthConfig{"r": {Username: "u", Password: "p", ServerAddress: "r"},
			"https://index.docker.io/v1/": {IdentityToken: "t", ServerAddress: "https://index.docker.io/v1/"}},
		Platform: "linux/arm64", Remove: true, ForceRemove: true,
	}, buildOptions(backend.BuildOptions{
		Tag: "t", Labels: backend.Labels{"a": "b"}, Args: map[string]string{"A": "1", "B": ""},
		Credentials: []backend.Credentials{{Registry: "r", Username: "u", Password: "p"},
			{Registry: "docker.io", IdentityToken: "t"}}, Platform: "linux/arm64",
	}))
}

func TestBuildFailure(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want error
	}{
		{"a step, whatever it says", &engine.StatusError{Message: "The command 'echo no space left on device' returned a non-zero code: 1", Code: 1}, backend.ErrBuildFailed},
		{"a missing file", &engine.StatusError{Message: "COPY failed: file not found in build context"},
			backend.ErrBuildFailed},
		{"a missing base image", &engine.StatusError{Message: "manifest for x:1 not found: manifest unknown"},
			backend.ErrBuildFailed},
		{"a private base image", &engine.StatusError{Message: "pull access denied for x"}, backend.ErrUnauthorized},
		{"a cached step that went", &engine.StatusError{Message: `unable to find image "sha256:c2618a"`},
			backend.ErrConflict},
		{"a full disk", &engine.StatusError{Message: "write /x: no space left on device"}, backend.ErrNoSpace},
		{"a bad Dockerfile", opaqueError{&engine.StatusError{Status: 400,
			Message: "dockerfile parse error line 1: unknown instruction: X"}}, backend.ErrBuildFailed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.ErrorIs(t, buildFailure("build image x", test.err), test.want)
		})
	}
	odd := errors.New("odd")
	require.ErrorIs(t, buildFailure("build image x", odd), odd)
}
