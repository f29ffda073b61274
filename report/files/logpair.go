package files

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// record is one line of the structured log, with Test Kitchen's field names. Only stream and partial are galley's own.
type record struct {
	RunID     string   `json:"kitchen_run_id"`
	Instance  string   `json:"instance,omitempty"`
	Suite     string   `json:"suite,omitempty"`
	Platform  string   `json:"platform,omitempty"`
	Action    string   `json:"action,omitempty"`
	ActionID  string   `json:"action_id,omitempty"`
	Timestamp string   `json:"timestamp"`
	Level     string   `json:"level"`
	EventType run.Kind `json:"event_type"`
	Stream    string   `json:"stream,omitempty"`
	Message   string   `json:"message"`
	// Partial means that the line goes on with the next record of the stream.
	Partial  bool   `json:"partial,omitempty"`
	Progname string `json:"progname"`
	Sequence int64  `json:"sequence"`
}

// logPair is the two files of one instance, or of the run.
type logPair struct {
	name, progname  string
	instance        string
	suite, platform string
	runID, action   string
	phases          int
	sequence        int64
	text, ndjson    *os.File
	opened, broken  bool
}

// note keeps what later lines need to know of an event.
func (p *logPair) note(e lifecycle.Event) {
	switch e := e.(type) {
	case lifecycle.InstanceStarted:
		p.suite, p.platform = e.Suite, e.Platform
	case lifecycle.PhaseStarted:
		p.action = string(e.Phase)
		p.phases++
	}
}

func (p *logPair) open(dir *os.Root, keep bool) error {
	if p.text != nil {
		return nil
	}
	plain, err := openLog(file{dir, p.name + ".log"}, keep)
	if err != nil {
		return err
	}
	ndjson, err := openLog(file{dir, p.name + ".ndjson"}, keep)
	if err != nil {
		return errors.Join(err, plain.Close())
	}
	p.text, p.ndjson, p.opened = plain, ndjson, true
	return nil
}

func (p *logPair) write(at time.Time, l run.Line, stream string) error {
	p.sequence++
	at = at.UTC()
	more := ""
	if l.Partial {
		more = run.MoreFollows
	}
	shown := fmt.Sprintf("%s %-5s %s%s%s\n", at.Format(logTime), strings.ToUpper(string(l.Level)), l.Prefix(), l.Text,
		more)
	rec := record{
		RunID: p.runID, Instance: p.instance, Suite: p.suite, Platform: p.platform, Action: p.action,
		Timestamp: at.Format(logTime), Level: string(l.Level), EventType: l.Kind, Stream: stream,
		Message: l.Text, Partial: l.Partial, Progname: p.progname, Sequence: p.sequence,
	}
	if p.phases > 0 {
		// Unique within the run, and the same whenever the run is replayed.
		rec.ActionID = fmt.Sprintf("%s-%s-%d", p.runID, p.name, p.phases)
	}
	if _, err := p.text.WriteString(shown); err != nil {
		return err
	}
	return text.WriteJSON(p.ndjson, rec, "")
}

// logTime is microseconds in UTC, as Test Kitchen's structured log has them.
const logTime = "2006-01-02T15:04:05.000000Z"

func (p *logPair) close() error {
	if p.text == nil {
		return nil
	}
	err := errors.Join(p.text.Close(), p.ndjson.Close())
	p.text, p.ndjson = nil, nil
	return err
}

// openLog opens a log file for appending. Where an earlier process was cut off in the middle of a line, that line is
// ended first.
func openLog(p file, keep bool) (*os.File, error) {
	f, err := p.open(!keep)
	if err != nil {
		return nil, err
	}
	if err := endLastLine(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func endLastLine(f *os.File) error {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, info.Size()-1); err != nil {
		return err
	}
	if last[0] == '\n' {
		return nil
	}
	_, err = f.WriteString("\n")
	return err
}
