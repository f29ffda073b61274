package console

import (
	"fmt"
	"strings"
)

// heldBytes bounds what is held back of one phase; the log files have it all.
const heldBytes = 512 << 10

// heldLines is the output of a phase that waits to be shown in one piece. Beyond heldBytes the oldest lines go, since
// the end is what tells why it failed. The zero value is ready.
type heldLines struct {
	lines []string
	bytes int
	gone  int
}

func (h *heldLines) add(s string) {
	h.lines = append(h.lines, s)
	h.bytes += len(s)
	if h.bytes <= heldBytes {
		return
	}
	// Down to half at once, so that dropping costs little per line.
	drop := 0
	for h.bytes > heldBytes/2 && drop < len(h.lines)-1 {
		h.bytes -= len(h.lines[drop])
		drop++
	}
	h.lines = append([]string(nil), h.lines[drop:]...)
	h.gone += drop
}

// take is all that is held, and forgets it.
func (h *heldLines) take() string {
	s := strings.Join(h.lines, "")
	if h.gone > 0 {
		s = fmt.Sprintf("(%d earlier lines are in the log only)\n", h.gone) + s
	}
	*h = heldLines{}
	return s
}
