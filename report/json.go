package report

import (
	"encoding/json"
	"io"

	"github.com/galley-kitchen/galley/report/run"
)

// WriteJSON writes a run as one indented JSON object; the fields are those of Run.
func WriteJSON(w io.Writer, r *run.Run) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
