package engine

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/process"
)

// message is one JSON value of the stream that a pull or a build answers with.
type message struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Stream string `json:"stream"`
	Error  string `json:"error"`
	// Aux is a value of another form, which depends on ID.
	Aux            json.RawMessage `json:"aux"`
	ProgressDetail struct {
		Current int64 `json:"current"`
		Total   int64 `json:"total"`
	} `json:"progressDetail"`
	ErrorDetail *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"errorDetail"`
}

// failure is the error in a message, or nil.
func (m message) failure() *StatusError {
	switch {
	case m.ErrorDetail != nil && m.ErrorDetail.Message != "":
		return &StatusError{Message: m.ErrorDetail.Message, Code: m.ErrorDetail.Code}
	case m.Error != "":
		return &StatusError{Message: m.Error}
	}
	return nil
}

// maxMessage is the longest message of a stream that is read.
const maxMessage = 4 << 20

// messages calls each for every message of a stream, to its end.
func messages(r io.Reader, each func(message) error) error {
	bounded := &boundedReader{Reader: r, what: "message", limit: maxMessage}
	dec := json.NewDecoder(bounded)
	for {
		bounded.left = maxMessage
		var m message
		if err := dec.Decode(&m); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read the engine's progress: %w", err)
		}
		if err := each(m); err != nil {
			return err
		}
	}
}

// ReadPull reads the stream of a pull (POST /images/create) to its end and tells
// progress, when set, how far it has come. Errors: *StatusError, or that of r.
func ReadPull(r io.Reader, progress func(backend.Progress)) error {
	layers := map[string]backend.Progress{} // at most maxLayers
	begun, retried := false, false
	return messages(r, func(m message) error {
		if failure := m.failure(); failure != nil {
			failure.Begun, failure.Retried = begun, retried
			return failure
		}
		begun = begun || m.ProgressDetail.Current > 0
		retried = retried || strings.HasPrefix(m.Status, "Retrying in ")
		if progress == nil {
			return nil
		}
		// libpod's own stream has lines of text and counts nothing.
		m.Status = cmp.Or(m.Status, strings.TrimSpace(m.Stream))
		if m.Status == "" {
			return nil
		}
		layer, known := layers[m.ID]
		switch m.Status {
		case "Downloading":
			layer.Current, layer.Total = m.ProgressDetail.Current, m.ProgressDetail.Total
		case "Download complete":
			layer.Current = layer.Total
		}
		if known || layer.Total > 0 && len(layers) < maxLayers {
			layers[m.ID] = layer
		}
		sum := backend.Progress{Status: m.Status}
		for _, l := range layers {
			sum.Current += l.Current
			sum.Total += l.Total
		}
		progress(sum)
		return nil
	})
}

// maxLayers is how many layers of a pull are counted.
const maxLayers = 1000

// ReadLoad reads the stream of POST /images/load to its end and returns the name or the ID of the image that was loaded
// last. Errors: *StatusError, ErrInvalid when there was none, or that of r.
func ReadLoad(r io.Reader) (ref string, err error) {
	err = messages(r, func(m message) error {
		if failure := m.failure(); failure != nil {
			return failure
		}
		for _, before := range []string{"Loaded image ID: ", "Loaded image: "} {
			if loaded, ok := strings.CutPrefix(strings.TrimSpace(m.Stream), before); ok {
				ref = loaded
			}
		}
		return nil
	})
	if err == nil && ref == "" {
		err = &backend.Error{Op: "load image", Kind: backend.ErrInvalid, Detail: "there was no image in it"}
	}
	return ref, err
}

// BuildTrace reads the messages with ID of a build whose builder tells of its steps in a form of its own.
type BuildTrace struct {
	ID string
	// Text returns what people read of a message.
	Text func(aux json.RawMessage) (string, error)
	// Failed returns what is to be told of the step that failed.
	Failed func() string
}

// ReadBuild reads the stream of a build (POST /build) to its end, copies the build's own output to output when that is
// set. trace may be nil. Errors: *StatusError with the end of what the step that failed printed, or that of r.
func ReadBuild(r io.Reader, output io.Writer, trace *BuildTrace) error {
	output = LocalWriter(output)
	var step string
	printed := &process.Tail{}
	return messages(r, func(m message) error {
		if failure := m.failure(); failure != nil {
			failure.Output = step + "\n" + printed.String()
			if trace != nil {
				failure.Output = trace.Failed()
			}
			return failure
		}
		text := m.Stream
		if trace != nil && m.ID == trace.ID {
			var err error
			if text, err = trace.Text(m.Aux); err != nil {
				return err
			}
		}
		if text == "" && m.Status != "" && m.ProgressDetail.Total == 0 {
			text = strings.TrimPrefix(m.ID+": "+m.Status+"\n", ": ")
		}
		rest := text
		if startsStep(text) {
			step, rest, _ = strings.Cut(text, "\n")
			printed = &process.Tail{}
		}
		_, _ = io.WriteString(printed, rest) // which cannot fail
		if _, err := io.WriteString(output, text); err != nil {
			return fmt.Errorf("write the build's output: %w", err)
		}
		return nil
	})
}

// startsStep reports whether a line opens a step: "Step 2/3 : RUN …" on Docker, "STEP 2/3: RUN …" on Podman.
func startsStep(text string) bool {
	return strings.HasPrefix(text, "Step ") || strings.HasPrefix(text, "STEP ")
}
