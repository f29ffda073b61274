package files

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// LogFiles writes Test Kitchen's log files into one directory: for each instance that the run touches NAME.log (for
// people) and NAME.ndjson (a JSON object per line), and for the run itself kitchen.log and kitchen.ndjson. Output is
// kept as the commands printed it. Each line is one write to a file opened for appending, so whatever ends the process
// leaves complete lines.
type LogFiles struct {
	dir  string
	root *os.Root
	keep bool
	// warning says that the directory is elsewhere, or is empty.
	warning    string
	transcript *run.Transcript
	run        *logPair
	instances  map[string]*logPair
	errs       []error
}

// NewLogFiles makes dir (".kitchen/logs") where it is missing. Files are opened when the first line for them comes, so
// logs of instances that were not selected stay as they are; with keep, what earlier runs wrote stays too. A link in
// place of a file is not followed; where dir or its parent is a link, Warning says so, since the project may be a
// stranger's.
func NewLogFiles(dir string, keep bool) (*LogFiles, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("log directory: %w; make the directory writable", err)
	}
	warning := ""
	if isLink(dir) || isLink(filepath.Dir(dir)) {
		to, err := filepath.EvalSymlinks(dir)
		if err != nil {
			return nil, fmt.Errorf("log directory: %w", err)
		}
		warning = fmt.Sprintf("%s is a link: logs are written to %s", dir, to)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("log directory: %w", err)
	}
	return &LogFiles{
		dir:        dir,
		root:       root,
		warning:    warning,
		keep:       keep,
		transcript: run.NewTranscript(),
		run:        &logPair{name: "kitchen", record: record{Progname: "Kitchen"}},
		instances:  map[string]*logPair{},
	}, nil
}

// Warning is what the user should know about where the logs are, or empty.
func (l *LogFiles) Warning() string { return l.warning }

// Path is the file that holds all that an instance printed.
func (l *LogFiles) Path(instance string) string { return LogPath(l.dir, instance) }

// LogPath is the file in a directory of logs that holds all that an instance printed.
func LogPath(dir, instance string) string { return filepath.Join(dir, logName(instance)+".log") }

// logName is a name of its own for each instance, which is not that of the log of the run itself.
func logName(instance string) string {
	if instance == "kitchen" {
		return "kitchen-instance"
	}
	return names.File(instance)
}

// Handle writes the lines of an event.
func (l *LogFiles) Handle(e lifecycle.Event) {
	stamp := e.At()
	l.run.record.RunID = stamp.RunID
	if start, ok := e.(lifecycle.RunStarted); ok {
		l.run.record.Action = start.Action
	}
	pair := l.run
	if stamp.Instance != "" {
		pair = l.pair(stamp)
		pair.note(e)
	}
	stream := ""
	if o, ok := e.(lifecycle.Output); ok {
		stream = o.Stream
	}
	for _, line := range l.transcript.Lines(e) {
		l.write(pair, stamp.Time, line, stream)
	}
	if done, ok := e.(lifecycle.InstanceFinished); ok {
		l.write(l.run, stamp.Time, instanceLine(done), "")
		l.close(pair)
	}
}

// instanceLine is what the log of the run says of an instance.
func instanceLine(e lifecycle.InstanceFinished) run.Line {
	if e.Error != "" {
		return run.LogLine(lifecycle.LevelError, "%s failed on instance <%s>: %s (%s)",
			run.Title(string(e.FailedPhase)), e.Instance, e.Error, e.LogPath)
	}
	if e.NotRun != "" {
		return run.LogLine(lifecycle.LevelWarn, "<%s> was %s.", e.Instance, e.NotRun)
	}
	return run.LogLine(lifecycle.LevelInfo, "Finished <%s> %s.", e.Instance, text.KitchenDuration(e.Duration))
}

func (l *LogFiles) pair(s lifecycle.Stamp) *logPair {
	pair, ok := l.instances[s.Instance]
	if !ok {
		pair = &logPair{name: logName(s.Instance),
			record: record{RunID: s.RunID, Instance: s.Instance, Progname: s.Instance}}
		l.instances[s.Instance] = pair
	}
	return pair
}

func (l *LogFiles) write(p *logPair, at time.Time, text run.Line, stream string) {
	if p.broken {
		return
	}
	// A pair that was closed at the end of its instance and hears of it again goes on where it stopped.
	err := p.open(l.root, l.keep || p.opened)
	if err == nil {
		err = p.write(at, text, stream)
	}
	if err != nil {
		l.fail(p, err)
	}
}

func (l *LogFiles) fail(p *logPair, err error) {
	p.broken = true
	l.errs = append(l.errs, fmt.Errorf("log of %s: %w", p.record.Progname, err))
}

func (l *LogFiles) close(p *logPair) {
	if err := p.close(); err != nil {
		l.fail(p, err)
	}
}

// Close closes the files and returns all that went wrong on the way.
func (l *LogFiles) Close() error {
	l.close(l.run)
	for _, p := range l.instances {
		l.close(p)
	}
	return errors.Join(append(l.errs, l.root.Close())...)
}

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
	name string
	// record is the last one, with what also holds for the next.
	record         record
	phases         int
	text, ndjson   *os.File
	opened, broken bool
}

// note keeps what later lines need to know of an event.
func (p *logPair) note(e lifecycle.Event) {
	switch e := e.(type) {
	case lifecycle.InstanceStarted:
		p.record.Suite, p.record.Platform = e.Suite, e.Platform
	case lifecycle.PhaseStarted:
		p.record.Action = string(e.Phase)
		p.phases++
		// Unique within the run, and the same whenever the run is replayed.
		p.record.ActionID = fmt.Sprintf("%s-%s-%d", p.record.RunID, p.name, p.phases)
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
	more := ""
	if l.Partial {
		more = run.MoreFollows
	}
	r := &p.record
	r.Timestamp, r.Level, r.EventType, r.Stream = at.UTC().Format(logTime), string(l.Level), l.Kind, stream
	r.Message, r.Partial = l.Text, l.Partial
	r.Sequence++
	_, err := fmt.Fprintf(p.text, "%s %-5s %s%s%s\n", r.Timestamp, strings.ToUpper(r.Level), l.Prefix(), l.Text, more)
	if err != nil {
		return err
	}
	return text.WriteJSON(p.ndjson, r, "")
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
