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

// NewJSON keeps a file with the run as JSON.
func NewJSON(path string) (SinkCloser, error) { return newDocument(path, WriteJSON) }
