package text

import (
	"encoding/json"
	"io"
)

// WriteJSON writes v as JSON with a newline, in one write; with an indent each field has a line. Angle brackets stay as
// they are, for those who read the file with grep.
func WriteJSON(w io.Writer, v any, indent string) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	return enc.Encode(v)
}
