package keys

import (
	"fmt"

	"github.com/galley-kitchen/galley/internal/suggest"
)

// suggestion is the hint "did you mean …?", or "" when nothing is near.
func suggestion(word string, candidates []string) string {
	if n := suggest.Nearest(word, candidates); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return ""
}
