package cmdutil

import (
	"context"
	"errors"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/detect"
	"github.com/galley-kitchen/galley/backend/observed"
	"github.com/galley-kitchen/galley/internal/settings"
	"github.com/galley-kitchen/galley/internal/timing"
	"github.com/galley-kitchen/galley/lifecycle"
)

// open connects to an engine. host is that of an instance, by kitchen.yml or by its record, and beats the settings.
func (f *Factory) open(ctx context.Context, engine, host string) (backend.ContainerBackend, backend.Endpoint, error) {
	o, err := f.DetectOptions()
	if err != nil {
		return nil, backend.Endpoint{}, err
	}
	if engine != "" { // what is recorded, or what kitchen.yml and the settings come to
		o.Engine = engine
	}
	if host != "" {
		o.Host, o.HostSource = host, "the instance's engine"
	}
	end := timing.Start(ctx, timing.Engine, "Detect", "")
	found, err := detect.Find(ctx, detect.ThisHost(), o)
	end(err)
	if err != nil { // an interrupt may have come when the service ran already
		return nil, backend.Endpoint{}, errors.Join(err, found.Close())
	}
	if found.Warning != "" {
		f.Warn(found.Warning)
	}
	be, err := f.Engines.Open(found.Chosen)
	if err != nil {
		return nil, backend.Endpoint{}, errors.Join(err, found.Close())
	}
	return closing{observed.Backend(be), found.Close}, found.Chosen, nil
}

// DetectOptions say how the settings have an engine looked for.
func (f *Factory) DetectOptions() (detect.Options, error) {
	s, err := f.Settings()
	if err != nil {
		return detect.Options{}, err
	}
	if f.several {
		return detect.Options{TLSCertPath: s.TLSCertPath, TLSSkipVerify: !s.TLSVerify, NoService: f.NoService,
			Services: &f.services, Engines: f.Engines}, nil
	}
	return detect.Options{Engine: s.Engine, Host: s.Host, HostSource: s.Source("host").String(),
		TLSCertPath: s.TLSCertPath, TLSSkipVerify: !s.TLSVerify, NoService: f.NoService,
		Services: &f.services, EngineSource: s.Source("engine").String(), Engines: f.Engines}, nil
}

// asked is the engine that the user asked for, outside kitchen.yml. An address in kitchen.yml comes before one of a
// file of settings or of another program's variable.
func (f *Factory) asked() (lifecycle.Asked, error) {
	if f.several {
		return lifecycle.Asked{}, nil
	}
	o, err := f.DetectOptions()
	if err != nil {
		return lifecycle.Asked{}, err
	}
	s, err := f.Settings()
	if err != nil {
		return lifecycle.Asked{}, err
	}
	inFile := func(name string) bool {
		kind := s.Source(name).Kind
		return kind == settings.UserFile || kind == settings.ProjectFile
	}
	if c, ok := detect.Explicit(detect.ThisHost(), o); ok {
		return lifecycle.Asked{Engine: o.Engine, Host: c.Endpoint.URI, Source: c.Source,
			Weak: o.Host == "" || inFile("host")}, nil
	}
	if o.Engine != "" {
		return lifecycle.Asked{Engine: o.Engine, Source: s.Source("engine").String(), Weak: inFile("engine")}, nil
	}
	return lifecycle.Asked{}, nil
}

// offers reports whether the settings or this machine offer an engine's address.
func (f *Factory) offers(ctx context.Context, uri string) bool {
	o, err := f.DetectOptions()
	return err == nil && detect.Offers(ctx, detect.ThisHost(), o, uri)
}

// closing is a backend with something more to end: a private service.
type closing struct {
	backend.ContainerBackend
	more func() error
}

// Close closes the backend first, which may still talk to the service.
func (c closing) Close() error {
	return errors.Join(c.ContainerBackend.Close(), c.more())
}
