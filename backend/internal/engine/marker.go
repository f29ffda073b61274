package engine

import (
	"crypto/rand"
	"encoding/hex"

	"github.com/galley-kitchen/galley/backend"
)

// NewExecMarker returns a marker (package execmark) that no other exec has. It begins
// with the command's own mark, if that has one.
func NewExecMarker(e backend.ExecSpec) string {
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails: see crypto/rand
	marker := hex.EncodeToString(id)
	if e.Mark != "" {
		marker = e.Mark + "." + marker
	}
	return marker
}
