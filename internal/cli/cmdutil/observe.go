package cmdutil

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"

	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/internal/timing"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report"
	"github.com/galley-kitchen/galley/report/files"
	"github.com/galley-kitchen/galley/report/trace"
)

// Observing returns a context in which what takes time is told to the traces that the settings ask for.
func (f *Factory) Observing(ctx context.Context) context.Context {
	return timing.With(ctx, func(s timing.Span) {
		if f.traces != nil {
			f.traces.Handle(lifecycle.SpanFinished{Stamp: lifecycle.Stamp{Time: s.Started.Add(s.Duration)}, Span: s})
		}
	})
}

// Traces is where the events of a run go to be traced, nil for nowhere. It is closed by EndObserving.
func (f *Factory) Traces() lifecycle.Sink {
	if f.traces == nil {
		return nil
	}
	return struct{ lifecycle.Sink }{f.traces}
}

// observe begins what the settings and OpenTelemetry's variables ask for.
func (f *Factory) observe(s *settings.Loaded) error {
	var sinks []lifecycle.Sink
	if s.Trace != "" {
		sink, err := trace.OpenFile(s.Trace, f.Command)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Source("trace"), err)
		}
		sinks = append(sinks, sink)
	}
	sink, err := trace.OpenOTLP(os.Getenv, f.Command, f.Version, f.Warn)
	if err != nil {
		return errors.Join(err, report.NewMulti(sinks...).Close())
	}
	if sink != nil {
		sinks = append(sinks, sink)
	}
	if len(sinks) > 0 {
		f.traces = report.NewMulti(sinks...)
		f.traces.Mask(f.Secrets)
	}
	if s.PProf != "" {
		return f.profile(s.PProf)
	}
	return nil
}

// profile writes how the processor is used from here on, and at the end which memory and goroutines there are.
func (f *Factory) profile(dir string) error {
	open := func(name string) (io.WriteCloser, error) {
		return files.Open(filepath.Join(dir, name+".pprof"), "", true)
	}
	cpu, err := open("cpu")
	if err != nil {
		return err
	}
	f.endProfiles = append(f.endProfiles, func() error {
		pprof.StopCPUProfile()
		return cpu.Close()
	})
	for _, name := range []string{"heap", "goroutine"} {
		f.endProfiles = append(f.endProfiles, func() error {
			w, err := open(name)
			if err != nil {
				return err
			}
			return errors.Join(pprof.Lookup(name).WriteTo(w, 0), w.Close())
		})
	}
	return pprof.StartCPUProfile(cpu)
}

// EndObserving writes what is still to be written of traces and profiles.
func (f *Factory) EndObserving() error {
	var errs []error
	if f.traces != nil {
		errs = append(errs, f.traces.Close())
	}
	for _, end := range f.endProfiles {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}
