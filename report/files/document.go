package files

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/run"
)

// rewriteEvery is how often a document is written anew while the run goes on.
const rewriteEvery = time.Second

// Render writes a report of a run.
type Render func(io.Writer, *run.Run) error

// Document is a sink that keeps a file with the report of the run so far. It is written when the run begins, as phases
// and instances end, and at Close, each time beside the file and then put in its place. So the file is whole at any
// time, also when galley is killed, and never has the results of an old run.
type Document struct {
	path      string
	place     file
	render    Render
	collector *run.Collector
	written   time.Time // of the event that caused the last writing
	stale     bool      // something has ended since then
	// once opens what is written once, at Close: standard output, a pipe or a device.
	once func() (io.WriteCloser, error)
	err  error
}

// NewDocument makes sure that path can be written before anything is run. For within see [Open].
func NewDocument(path, within string, r Render) (*Document, error) {
	d := &Document{path: path, render: r, collector: run.NewCollector()}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, unwritable(path, errors.New("it is a directory"))
	case err == nil && !info.Mode().IsRegular() && within == "":
		d.once = func() (io.WriteCloser, error) { return os.OpenFile(path, os.O_WRONLY, 0) }
		return d, nil
	}
	if d.place, err = locate(path, within); err != nil {
		return nil, unwritable(path, err)
	}
	f, err := d.place.create()
	if err == nil {
		err = errors.Join(f.Close(), d.place.discard())
	}
	if err != nil {
		return nil, unwritable(path, errors.Join(err, d.place.close()))
	}
	return d, nil
}

// NewFinal returns a document that is written to w once, at Close. w stays open.
func NewFinal(w io.Writer, r Render) *Document {
	once := func() (io.WriteCloser, error) { return Unclosed{w}, nil }
	return &Document{path: "-", render: r, collector: run.NewCollector(), once: once}
}

// Unclosed is a writer that is left open.
type Unclosed struct{ io.Writer }

// Close does nothing.
func (Unclosed) Close() error { return nil }

func unwritable(path string, err error) error {
	return fmt.Errorf("report %s cannot be written: %w; name a file in a directory that you may write to", path, err)
}

// Handle takes in an event, and writes the file where it is time to.
func (d *Document) Handle(e lifecycle.Event) {
	d.collector.Handle(e)
	at := e.At().Time
	switch e.(type) {
	case lifecycle.RunStarted:
		d.stale, d.written = true, time.Time{}
	case lifecycle.PhaseFinished, lifecycle.InstanceFinished:
		d.stale = true
	}
	if d.once != nil || !d.stale || at.Sub(d.written) < rewriteEvery {
		return
	}
	d.written, d.stale = at, false
	d.keep(d.write())
}

func (d *Document) keep(err error) {
	if d.err == nil && err != nil {
		d.err = fmt.Errorf("report %s: %w", d.path, err)
	}
}

func (d *Document) write() error {
	if d.once != nil {
		w, err := d.once()
		if err != nil {
			return err
		}
		return errors.Join(d.render(w, d.collector.Result()), w.Close())
	}
	f, err := d.place.create()
	if err != nil {
		return err
	}
	if err = d.render(f, d.collector.Result()); err == nil {
		err = d.place.replace(f)
	}
	if err != nil {
		_ = f.Close() // it is closed already, or of no use
		return errors.Join(err, d.place.discard())
	}
	return nil
}

// Close writes the report a last time and returns the first error.
func (d *Document) Close() error {
	d.keep(d.write())
	if d.once == nil {
		d.keep(d.place.close())
	}
	return d.err
}
