package recording

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/galley-kitchen/galley/lifecycle"
)

// Read returns the events that a [Writer] wrote; handed to another sink they give the same report as the run itself
// would have. Empty lines are passed over. When the last line is cut off, the error is io.ErrUnexpectedEOF and the
// events before it are returned; an error in any other line names the line.
func Read(r io.Reader) ([]lifecycle.Event, error) {
	var events []lifecycle.Event
	types := Types()
	in := bufio.NewReader(r)
	for number := 1; ; number++ {
		object, readErr := in.ReadBytes('\n')
		if readErr != nil && !errors.Is(readErr, io.EOF) {
			return events, fmt.Errorf("line %d: %w", number, readErr)
		}
		if len(bytes.TrimSpace(object)) > 0 {
			e, err := decode(types, object)
			if err != nil {
				if readErr != nil {
					return events, fmt.Errorf("line %d is cut off: %w", number, io.ErrUnexpectedEOF)
				}
				return events, fmt.Errorf("line %d: %w", number, err)
			}
			events = append(events, e)
		}
		if readErr != nil {
			return events, nil //nolint:nilerr // it is the end of the file
		}
	}
}
