package engine

import (
	"crypto/rand"

	"github.com/galley-kitchen/galley/backend"
)

// NewExecMarker returns a marker (package execmark) that no other exec has. It begins
// with the command's own mark, if that has one.
func NewExecMarker(e backend.ExecSpec) string {
	if e.Mark != "" {
		return e.Mark + "." + rand.Text()
	}
	return rand.Text()
}
