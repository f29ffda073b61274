package text

import (
	"bytes"
	"encoding/json"
)

// JSONLine is v as JSON with a newline. Angle brackets stay as they are, for those who read the file with grep.
func JSONLine(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
