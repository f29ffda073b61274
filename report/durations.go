package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/galley-kitchen/galley/report/recording"
	"github.com/galley-kitchen/galley/report/run"
)

// Durations reads how long instances took from a report of an earlier run, in the json or the ndjson format. Only those
// that passed or failed are returned: how long the others would have taken is not known.
func Durations(recorded []byte) (map[string]time.Duration, error) {
	last, err := readRun(recorded)
	if err != nil {
		return nil, err
	}
	took := map[string]time.Duration{}
	for _, i := range last.Instances {
		if i.Status == run.Passed || i.Status == run.Failed {
			took[i.Name] = i.Duration
		}
	}
	return took, nil
}

// readRun reads a run from either of the two formats.
func readRun(data []byte) (*run.Run, error) {
	var recorded run.Run
	if json.Unmarshal(data, &recorded) == nil && recorded.Schema > 0 {
		if recorded.Schema > 1 {
			return nil, fmt.Errorf("schema %d of the report is not known to this galley", recorded.Schema)
		}
		return &recorded, nil
	}
	events, err := recording.Read(bytes.NewReader(data))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	c := run.NewCollector()
	for _, e := range events {
		c.Handle(e)
	}
	return c.Result(), nil
}
