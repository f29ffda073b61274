package lifecycle

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// TestWithhold: a build has the ssh agent and the secrets only where an instruction mounts them.
func TestWithhold(t *testing.T) {
	for dockerfile, want := range map[string]struct{ ssh, secret bool }{
		"FROM a\nRUN <<EOF\ntrue\nEOF\n":                                         {},
		"FROM a\nRUN --mount=type=ssh git clone x\n":                             {ssh: true},
		"FROM a\nRUN --mount=id=a,type=Secret true\n":                            {secret: true},
		"FROM a\nRUN --mount=type=ssh \\\n # why\n --mount=\"type=secret\" true": {ssh: true, secret: true},
	} {
		o := backend.BuildOptions{SSHAgent: "/socket", Secrets: map[string][]byte{"a": []byte("b")}}
		withhold(&o, dockerfile)
		require.Equal(t, want.ssh, o.SSHAgent != "", dockerfile)
		require.Equal(t, want.secret, o.Secrets != nil, dockerfile)
	}
}
