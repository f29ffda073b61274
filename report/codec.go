package report

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/galley-kitchen/galley/lifecycle"
)

// typeName is what an event is called in a stream of events.
func typeName(e lifecycle.Event) (string, error) {
	switch e.(type) {
	case lifecycle.RunStarted:
		return "run_started", nil
	case lifecycle.EngineReady:
		return "engine_ready", nil
	case lifecycle.InstanceStarted:
		return "instance_started", nil
	case lifecycle.PhaseStarted:
		return "phase_started", nil
	case lifecycle.PhaseFinished:
		return "phase_finished", nil
	case lifecycle.StepStarted:
		return "step_started", nil
	case lifecycle.StepFinished:
		return "step_finished", nil
	case lifecycle.Output:
		return "output", nil
	case lifecycle.Notice:
		return "notice", nil
	case lifecycle.Progress:
		return "progress", nil
	case lifecycle.ConvergeSummary:
		return "converge_summary", nil
	case lifecycle.TestFinished:
		return "test_finished", nil
	case lifecycle.InstanceFinished:
		return "instance_finished", nil
	case lifecycle.RunFinished:
		return "run_finished", nil
	default:
		return "", fmt.Errorf("event of unknown type %T", e)
	}
}

// encode writes an event as one JSON object on one line; "type" tells which.
func encode(e lifecycle.Event) ([]byte, error) {
	name, err := typeName(e)
	if err != nil {
		return nil, err
	}
	fields, err := marshalLine(e)
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", name, err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "{%q:%q,", "type", name)
	b.Write(bytes.TrimPrefix(fields, []byte("{")))
	return b.Bytes(), nil
}

// marshalLine is v as JSON with a newline. Angle brackets stay as they are, for
// those who read the file with grep.
func marshalLine(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// decode reads what encode wrote.
func decode(object []byte) (lifecycle.Event, error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(object, &head); err != nil {
		return nil, err
	}
	switch head.Type {
	case "run_started":
		return decodeAs[lifecycle.RunStarted](object)
	case "engine_ready":
		return decodeAs[lifecycle.EngineReady](object)
	case "instance_started":
		return decodeAs[lifecycle.InstanceStarted](object)
	case "phase_started":
		return decodeAs[lifecycle.PhaseStarted](object)
	case "phase_finished":
		return decodeAs[lifecycle.PhaseFinished](object)
	case "step_started":
		return decodeAs[lifecycle.StepStarted](object)
	case "step_finished":
		return decodeAs[lifecycle.StepFinished](object)
	case "output":
		return decodeAs[lifecycle.Output](object)
	case "notice":
		return decodeAs[lifecycle.Notice](object)
	case "progress":
		return decodeAs[lifecycle.Progress](object)
	case "converge_summary":
		return decodeAs[lifecycle.ConvergeSummary](object)
	case "test_finished":
		return decodeAs[lifecycle.TestFinished](object)
	case "instance_finished":
		return decodeAs[lifecycle.InstanceFinished](object)
	case "run_finished":
		return decodeAs[lifecycle.RunFinished](object)
	default:
		return nil, fmt.Errorf("event type %q is not known to this galley; read it with the one that wrote it", head.Type)
	}
}

func decodeAs[E lifecycle.Event](object []byte) (lifecycle.Event, error) {
	var e E
	if err := json.Unmarshal(object, &e); err != nil {
		return nil, err
	}
	return e, nil
}
