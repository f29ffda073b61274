package engine

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/galley-kitchen/galley/backend"
)

// AttachStreams carries the input and output of a command over its stream until the output ends. Input that is left
// over then is not read; a reader that blocks is left to itself, since nothing can interrupt it. Errors: those of the
// writers, of e.Stdin, and a stream that breaks off. started returns when the command runs, or will not.
func AttachStreams(s *Stream, e backend.ExecSpec, started func()) error {
	input := make(chan error, 1)
	if e.Stdin != nil {
		go func() {
			err := feed(s, e.Stdin, started)
			input <- err
			if err != nil {
				// Without its input the command might wait for ever.
				_ = s.Close()
			}
		}()
	}
	err := copyOutput(s, e)
	select {
	case inputErr := <-input:
		if inputErr != nil {
			return inputErr
		}
	default:
	}
	return err
}

// NeverStarted reports whether an exec's stream failed before its request had been
// sent, or because the engine refused it: then there is no command to be killed.
func NeverStarted(err error) bool {
	var refused *StatusError
	var unreachable *backend.Error
	return errors.As(err, &refused) || errors.As(err, &unreachable)
}

// feed copies a command's input to its end. A command that ends before it has
// read everything is no failure, so what goes wrong on the stream is not one. Docker loses the end of an input that had
// nothing in it when it comes before the command has started, and the command waits for ever.
func feed(s *Stream, stdin io.Reader, started func()) error {
	source := NewLocalReader(stdin)
	sent, _ := io.Copy(s, source)
	if err := source.Failure(nil); err != nil {
		return fmt.Errorf("read the command's input: %w", err)
	}
	if sent == 0 {
		started()
	}
	if err := s.CloseWrite(); errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

func copyOutput(s *Stream, e backend.ExecSpec) error {
	var output io.Reader = s
	if e.Stdin != nil {
		output = untilReset{s}
	}
	if !e.Tty {
		return Demultiplex(output, e.Stdout, e.Stderr)
	}
	if _, err := io.Copy(LocalWriter(e.Stdout), output); err != nil {
		return fmt.Errorf("copy the output: %w", err)
	}
	return nil
}

// untilReset reads the output of a command that has input. An engine that closes its socket before it has read all
// input resets the connection: after the output, the reader is told of that in place of the end.
type untilReset struct{ io.Reader }

func (r untilReset) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if errors.Is(err, syscall.ECONNRESET) {
		err = io.EOF
	}
	return n, err
}
