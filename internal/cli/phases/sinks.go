package phases

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report"
	"github.com/galley-kitchen/galley/report/console"
	"github.com/galley-kitchen/galley/report/files"
	"github.com/galley-kitchen/galley/report/text"
)

// errReaderGone is the cause of the end of a run whose output has lost its reader, as in `galley test | head`.
var errReaderGone = errors.New("the reader of the output has gone")

// pipe calls broken when its reader has gone.
type pipe struct {
	io.Writer
	broken func(error)
}

// Write writes p.
func (w pipe) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		w.broken(errReaderGone)
	}
	return n, err
}

// sinks are where the events of a run go: the screen, the reports, the log files. stop is called when stdout
// has lost its reader.
func (o *Options) sinks(s *settings.Loaded, logs *files.LogFiles, stop func(error)) (*report.Multi, error) {
	out := o.Out
	if o.Result {
		out = o.Err
	}
	lowest, err := level(s)
	if err != nil {
		return nil, err
	}
	terminal := console.IsTerminal(out, os.Getenv)
	ro := console.Options{Level: lowest, Fold: text.FoldFor(os.Getenv), Color: cmdutil.Color(s, terminal)}
	specs := s.Report
	if o.NoReports {
		specs = nil
	}
	list := []lifecycle.Sink{logs}
	o.pause = func() func() { return func() {} }
	switch {
	case terminal && !s.Quiet:
		c := console.New(console.FileTerminal{File: out}, o.Err, ro)
		o.pause = c.Pause
		list = append(list, c)
	case slices.ContainsFunc(specs, report.Stdout):
		list = append(list, console.NewPlain(o.Err, o.Err, ro)) // stdout is for the report
	default:
		list = append(list, console.NewPlain(pipe{out, stop}, o.Err, ro))
	}
	asked := slices.ContainsFunc(specs, func(spec string) bool {
		return spec == "github" || strings.HasPrefix(spec, "github=")
	})
	if os.Getenv("GITHUB_ACTIONS") == "true" && !asked {
		list = append(list, report.NewGitHub(out, os.Getenv("GITHUB_STEP_SUMMARY")))
	}
	env := report.Env{Stdout: pipe{o.Out, stop}, Getenv: os.Getenv}
	if s.Source("report").Kind == settings.ProjectFile {
		if env.Within, err = o.Dir(); err != nil {
			return nil, err
		}
	}
	if traces := o.Traces(); traces != nil {
		list = append(list, traces)
	}
	reports, err := report.OpenAll(specs, env)
	if err != nil {
		return nil, errors.Join(err, report.NewMulti(list[1:]...).Close())
	}
	return report.NewMulti(append(list, reports...)...), nil
}

// level is the lowest level that is shown. Test Kitchen's "fatal" is taken as error, since galley has nothing to say
// that is worse.
func level(s *settings.Loaded) (lifecycle.Level, error) {
	switch {
	case s.Quiet && s.Verbose:
		return "", fmt.Errorf("quiet (%s) and verbose (%s) exclude each other: drop one of them", s.Source("quiet"),
			s.Source("verbose"))
	case s.Quiet:
		return lifecycle.LevelWarn, nil
	case s.Verbose:
		return lifecycle.LevelDebug, nil
	case s.LogLevel == "fatal":
		return lifecycle.LevelError, nil
	}
	return lifecycle.Level(s.LogLevel), nil
}
