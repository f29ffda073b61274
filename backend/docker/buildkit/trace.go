package buildkit

import (
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/galley-kitchen/galley/internal/process"
)

// TraceID is the ID of the messages of a build's stream that a Trace reads.
const TraceID = "moby.buildkit.trace"

// Trace reads what BuildKit tells of a build: its steps, which may run side by side, and what they print.
type Trace struct {
	steps  map[string]*step
	failed *step
}

// step is an instruction of the Dockerfile, or something that the builder does for itself.
type step struct {
	name    string
	started bool
	output  process.Tail
}

// maxSteps bounds the steps whose output is kept for an error.
const maxSteps = 1000

// Text returns what people read of one message.
func (t *Trace) Text(aux json.RawMessage) (string, error) {
	var status []byte
	if err := json.Unmarshal(aux, &status); err != nil {
		return "", fmt.Errorf("read the builder's trace: %w", err)
	}
	var text strings.Builder
	err := fields(status, func(number protowire.Number, value []byte) error {
		switch number {
		case 1:
			return t.vertex(value, &text)
		case 3:
			return t.log(value, &text)
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("read the builder's trace: %w", err)
	}
	return text.String(), nil
}

// Failed returns the name of the step that failed and what it printed last.
func (t *Trace) Failed() string {
	if t.failed == nil {
		return ""
	}
	return t.failed.name + "\n" + t.failed.output.String()
}

// step finds or makes the step of a digest.
func (t *Trace) step(digest string) *step {
	s := t.steps[digest]
	if s == nil {
		s = &step{}
		if t.steps == nil {
			t.steps = map[string]*step{}
		}
		if len(t.steps) < maxSteps {
			t.steps[digest] = s
		}
	}
	return s
}

// vertex reads what is told of a step.
func (t *Trace) vertex(message []byte, text *strings.Builder) error {
	told, err := values(message)
	if err != nil {
		return err
	}
	_, cached := told[4]
	_, started := told[5]
	name, failure := string(told[3]), string(told[7])
	s := t.step(string(told[1]))
	s.name = name
	// Instructions have their number before them: [2/3] RUN. The rest is what the builder does for itself.
	if started && !s.started && strings.HasPrefix(name, "[") && !strings.HasPrefix(name, "[internal] ") {
		s.started = true
		if cached {
			name += " (cached)"
		}
		text.WriteString(name + "\n")
	}
	// Steps beside one that failed are told as cancelled.
	if failure != "" && t.failed == nil && !strings.HasSuffix(failure, "context canceled") {
		t.failed = s
	}
	return nil
}

// log reads what a step printed.
func (t *Trace) log(message []byte, text *strings.Builder) error {
	told, err := values(message)
	if err != nil {
		return err
	}
	_, _ = t.step(string(told[1])).output.Write(told[4]) // which cannot fail
	text.Write(told[4])
	return nil
}

// lastField is the highest number of a field that is read. The others are not kept: a message may have any number of
// them, and each would take far more memory than its bytes.
const lastField = 7

// values are the fields of a message by their numbers, of repeated ones the last. A field that is a number has no
// value.
func values(message []byte) (map[protowire.Number][]byte, error) {
	all := map[protowire.Number][]byte{}
	err := fields(message, func(number protowire.Number, value []byte) error {
		if number <= lastField {
			all[number] = value
		}
		return nil
	})
	return all, err
}

// fields calls each for every field of a message of Protocol Buffers. The value of a field that is a number is not
// given.
func fields(message []byte, each func(number protowire.Number, value []byte) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		var value []byte
		if kind == protowire.BytesType {
			value, n = protowire.ConsumeBytes(message)
		} else {
			n = protowire.ConsumeFieldValue(number, kind, message)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if err := each(number, value); err != nil {
			return err
		}
	}
	return nil
}
