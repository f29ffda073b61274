package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The kinds of frame: the first byte of a frame's header.
const (
	frameStdin  = 0
	frameStdout = 1
	frameStderr = 2
	frameError  = 3
)

// frameHeader is the length of a frame's header: kind, three zeros, and the
// length of what follows as a big-endian number.
const frameHeader = 8

// Demultiplex copies a stream of frames to stdout and stderr until it ends. A nil writer throws its part away. Errors:
// those of the writers, io.ErrUnexpectedEOF when the stream breaks off within a frame, and what an error frame says.
func Demultiplex(r io.Reader, stdout, stderr io.Writer) error {
	stdout, stderr = LocalWriter(stdout), LocalWriter(stderr)
	var header [frameHeader]byte
	for {
		if _, err := io.ReadFull(r, header[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read the output: %w", err)
		}
		size := int64(binary.BigEndian.Uint32(header[4:]))
		var w io.Writer
		switch header[0] {
		case frameStdin, frameStdout:
			w = stdout
		case frameStderr:
			w = stderr
		case frameError:
			text, err := io.ReadAll(io.LimitReader(r, min(size, maxErrorBody)))
			if err != nil {
				return fmt.Errorf("read the output: %w", err)
			}
			return fmt.Errorf("the engine broke off the output: %s", text)
		default:
			return fmt.Errorf("the output is not in frames (kind %d)", header[0])
		}
		if _, err := io.CopyN(w, r, size); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("copy the output: %w", err)
		}
	}
}
