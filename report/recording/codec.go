// Package recording writes the events of a run as lines of JSON and reads them again.
package recording

import (
	"bytes"
	"encoding/json"
	"fmt"
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
		"output":            lifecycle.Output{},
		"notice":            lifecycle.Notice{},
		"progress":          lifecycle.Progress{},
		"converge_summary":  lifecycle.ConvergeSummary{},
		"test_finished":     lifecycle.TestFinished{},
		"instance_finished": lifecycle.InstanceFinished{},
		"run_finished":      lifecycle.RunFinished{},
	}
}

// eventNames are the names by the events' types.
func eventNames() map[reflect.Type]string {
	names := map[reflect.Type]string{}
	for name, e := range Types() {
		names[reflect.TypeOf(e)] = name
	}
	return names
}

// encode writes an event as one JSON object on one line; "type" tells which.
func encode(names map[reflect.Type]string, e lifecycle.Event) ([]byte, error) {
	name, ok := names[reflect.TypeOf(e)]
	if !ok {
		return nil, fmt.Errorf("event of unknown type %T", e)
	}
	fields, err := text.JSONLine(e)
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", name, err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "{%q:%q,", "type", name)
	b.Write(bytes.TrimPrefix(fields, []byte("{")))
	return b.Bytes(), nil
}

// decode reads what encode wrote.
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
