package engine

import (
	"fmt"
	"io"
	"net/http"
)

// ReadStatusError reads the words of an answer that is an error. It returns a
// *StatusError, or what kept it from reading.
func ReadStatusError(resp *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if err != nil {
		return fmt.Errorf("read the engine's answer (%s): %w", resp.Status, err)
	}
	return &StatusError{Status: resp.StatusCode, Message: errorMessage(text, resp.Status)}
}
