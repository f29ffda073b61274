package lifecycle

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
)

// TestBuildAgent: a build has the user's ssh agent only where an instruction mounts it.
func TestBuildAgent(t *testing.T) {
	for instruction, want := range map[string]string{
		"RUN --mount=type=ssh git clone x": "/agent",
		"RUN <<EOF\ntrue\nEOF":             "",
		"RUN echo --mount=type=ssh":        "",
	} {
		k := newKitchen(t)
		k.change = func(o *Options) { o.Environ = []string{"SSH_AUTH_SOCK=/agent"} }
		built := 0
		k.fake.Build = func(o backend.BuildOptions, _ map[string]string) (fake.ImageSpec, error) {
			built++
			require.Equal(t, want, o.SSHAgent, instruction)
			return fake.ImageSpec{}, nil
		}
		i := chefInstance("a")
		i.Driver.IntermediateInstructions = []string{instruction}
		require.NoError(t, k.do("create", i))
		require.Equal(t, 1, built)
	}
}
