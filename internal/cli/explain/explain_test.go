package explain

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/checkpoint"
)

func TestPrint(t *testing.T) {
	var out bytes.Buffer
	o := &Options{Factory: &cmdutil.Factory{}}
	made := time.Date(2026, 11, 29, 4, 0, 0, 0, time.UTC)
	o.print(&out, lifecycle.Explanation{Instance: "a", State: lifecycle.Warm, Created: made})
	o.print(&out, lifecycle.Explanation{Instance: "b", State: lifecycle.Cold, Why: "since then changed: hooks", Created: made,
		Inputs: checkpoint.Inputs{{Name: "uploads"}, {Name: "hooks"}}, Changed: []string{"hooks"}})
	o.print(&out, lifecycle.Explanation{Instance: "c", State: lifecycle.Cold, Why: "there is none"})
	require.Equal(t, `a is warm: the checkpoint of 2026-11-29 04:00 UTC is of the same inputs
b is cold: since then changed: hooks
  uploads                          the same
  hooks                            changed
c is cold: there is none
`, out.String())
}
