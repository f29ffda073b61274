package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
)

// All of an image that a container takes over counts, and not in which form an engine tells that there is nothing.
func TestImageContent(t *testing.T) {
	none := engine.ImageContent{}.Digest(backend.Image{})
	require.Equal(t, none, engine.ImageContent{Env: []string{}, WorkDir: "/"}.Digest(backend.Image{
		ID: "sha256:1", Tags: []string{"a:1"}, Variant: "v8", Labels: backend.Labels{}, Volumes: []string{}}))
	seen := map[string]bool{none: true}
	for _, digest := range []string{
		engine.ImageContent{Layers: []string{"a"}}.Digest(backend.Image{}),
		engine.ImageContent{Env: []string{"a"}}.Digest(backend.Image{}),
		engine.ImageContent{Cmd: []string{"a"}}.Digest(backend.Image{}),
		engine.ImageContent{Cmd: []string{"a", ""}}.Digest(backend.Image{}),
		engine.ImageContent{User: "a"}.Digest(backend.Image{}),
		engine.ImageContent{WorkDir: "a"}.Digest(backend.Image{}),
		engine.ImageContent{StopSignal: "a"}.Digest(backend.Image{}),
		engine.ImageContent{}.Digest(backend.Image{OS: "a"}),
		engine.ImageContent{}.Digest(backend.Image{Arch: "a"}),
		engine.ImageContent{}.Digest(backend.Image{Entrypoint: []string{"a"}}),
		engine.ImageContent{}.Digest(backend.Image{Volumes: []string{"a"}}),
		engine.ImageContent{}.Digest(backend.Image{HealthCheck: []string{"a"}}),
		engine.ImageContent{}.Digest(backend.Image{Labels: backend.Labels{"a": ""}}),
	} {
		require.False(t, seen[digest])
		seen[digest] = true
	}
}
