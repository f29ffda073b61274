package report

import (
	"encoding/json"
	"io"
)

// WriteJSON writes a run as one indented JSON object; the fields are those of Run.
func WriteJSON(w io.Writer, r *Run) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
