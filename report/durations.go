package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Durations reads how long instances took from a report of an earlier run, in the
// json or the ndjson format. Only those that passed or failed are told: how long
// the others would have taken, nobody knows.
func Durations(r io.Reader) (map[string]time.Duration, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	run, err := readRun(data)
	if err != nil {
		return nil, err
	}
	took := map[string]time.Duration{}
	for _, i := range run.Instances {
		if i.Status == Passed || i.Status == Failed {
			took[i.Name] = i.Duration
		}
	}
	return took, nil
}

// readRun reads a run from either of the two formats.
func readRun(data []byte) (*Run, error) {
	var run Run
	err := json.NewDecoder(bytes.NewReader(data)).Decode(&run)
	if err == nil && run.Schema > 0 {
		if run.Schema > 1 {
			return nil, fmt.Errorf("schema %d of the report is not known to this galley", run.Schema)
		}
		return &run, nil
	}
	events, err := Replay(bytes.NewReader(data))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	c := newCollector()
	for _, e := range events {
		c.handle(e)
	}
	return c.result(), nil
}
