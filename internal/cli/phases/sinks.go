package phases

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/internal/cli/cmdutil"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report"
)

// sinks are where the events of a run go: the screen, the reports, the log files.
func (o *Options) sinks(s *settings.Loaded, logs *report.LogFiles) (*report.Multi, error) {
	terminal := report.IsTerminal(o.Out, os.Getenv)
	level, err := report.ParseLevel(s.LogLevel)
	if err != nil {
		return nil, err
	}
	ro := report.Options{Level: level, Fold: report.FoldFor(os.Getenv),
		Color: report.UseColor(cmdutil.ColorWish(s), os.Getenv, terminal)}
	specs := s.Report
	var list []report.SinkCloser
	switch {
	case terminal:
		list = append(list, report.NewConsole(report.NewTerminal(o.Out), o.Err, ro))
	case slices.ContainsFunc(specs, func(spec string) bool { return strings.HasSuffix(spec, "=-") }):
		list = append(list, report.NewPlain(o.Err, o.Err, ro)) // stdout is for the report
	default:
		list = append(list, report.NewPlain(o.Out, o.Err, ro))
	}
	asked := slices.ContainsFunc(specs, func(spec string) bool {
		return spec == "github" || strings.HasPrefix(spec, "github=")
	})
	if os.Getenv("GITHUB_ACTIONS") == "true" && !asked {
		list = append(list, report.NewGitHub(o.Out, os.Getenv("GITHUB_STEP_SUMMARY")))
	}
	env := report.Env{Stdout: o.Out, Getenv: os.Getenv}
	if s.Source("report").Kind == settings.ProjectFile {
		if env.Within, err = o.Dir(); err != nil {
			return nil, err
		}
	}
	reports, err := report.OpenAll(specs, env)
	if err != nil {
		for _, opened := range list {
			err = errors.Join(err, opened.Close())
		}
		return nil, err
	}
	list = append(list, reports...)
	all := []lifecycle.Sink{logs}
	for _, s := range list {
		all = append(all, s)
	}
	return report.NewMulti(all...), nil
}
