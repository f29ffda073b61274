// Package recording writes the events of a run as lines of JSON and reads them again.
package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/text"
)

// Types are the events by their names in a recording.
func Types() map[string]lifecycle.Event {
	return map[string]lifecycle.Event{
		"run_started":       lifecycle.RunStarted{},
		"engine_ready":      lifecycle.EngineReady{},
		"instance_started":  lifecycle.InstanceStarted{},
		"phase_started":     lifecycle.PhaseStarted{},
		"phase_finished":    lifecycle.PhaseFinished{},
		"step_started":      lifecycle.StepStarted{},
		"step_finished":     lifecycle.StepFinished{},
		"span_finished":     lifecycle.SpanFinished{},
		"output":            lifecycle.Output{},
		"notice":            lifecycle.Notice{},
		"progress":          lifecycle.Progress{},
		"converge_summary":  lifecycle.ConvergeSummary{},
		"converge_reused":   lifecycle.ConvergeReused{},
		"runner_changed":    lifecycle.RunnerChanged{},
		"machines_compared": lifecycle.MachinesCompared{},
		"service_log":       lifecycle.ServiceLog{},
		"test_finished":     lifecycle.TestFinished{},
		"instance_finished": lifecycle.InstanceFinished{},
		"run_finished":      lifecycle.RunFinished{},
	}
}

// Writer writes every event as a line of JSON, at once and with one write each, so that what was written before a crash
// can be read by Read.
type Writer struct {
	w     io.WriteCloser
	names map[reflect.Type]string
	err   error
}

// NewWriter writes to w, and closes it at the end.
func NewWriter(w io.WriteCloser) *Writer {
	names := map[reflect.Type]string{}
	for name, e := range Types() {
		names[reflect.TypeOf(e)] = name
	}
	return &Writer{w: w, names: names}
}

// Handle writes an event. After an error it writes no more.
func (w *Writer) Handle(e lifecycle.Event) {
	if w.err == nil {
		w.err = w.write(e)
	}
}

// write writes an event as one JSON object on one line; "type" tells which.
func (w *Writer) write(e lifecycle.Event) error {
	name, ok := w.names[reflect.TypeOf(e)]
	if !ok {
		return fmt.Errorf("event of unknown type %T", e)
	}
	var fields bytes.Buffer
	if err := text.WriteJSON(&fields, e, ""); err != nil {
		return fmt.Errorf("event %s: %w", name, err)
	}
	_, err := fmt.Fprintf(w.w, "{%q:%q,%s", "type", name, bytes.TrimPrefix(fields.Bytes(), []byte("{")))
	return err
}

// Close closes the writer and returns the first error.
func (w *Writer) Close() error {
	if err := w.w.Close(); w.err == nil {
		w.err = err
	}
	return w.err
}

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

// decode reads an event that a Writer wrote.
func decode(types map[string]lifecycle.Event, object []byte) (lifecycle.Event, error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(object, &head); err != nil {
		return nil, err
	}
	zero, ok := types[head.Type]
	if !ok {
		return nil, fmt.Errorf("event type %q is not known to this galley; read it with the one that wrote it", head.Type)
	}
	e := reflect.New(reflect.TypeOf(zero))
	if err := json.Unmarshal(object, e.Interface()); err != nil {
		return nil, err
	}
	return e.Elem().Interface().(lifecycle.Event), nil
}
