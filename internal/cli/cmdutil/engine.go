package cmdutil

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/detect"
	"github.com/galley-kitchen/galley/backend/observed"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
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
	o := detect.Options{TLSCertPath: s.TLSCertPath, TLSSkipVerify: !s.TLSVerify, NoService: f.NoService,
		Services: &f.services, Engines: f.Engines}
	if !f.several {
		o.Engine, o.EngineSource = s.Engine, s.Source("engine").String()
		o.Host, o.HostSource = s.Host, s.Source("host").String()
	}
	return o, nil
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

// engineName is what a value of --on may call its engine.
var engineName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// placeOf is what a value of --on has behind the name in NAME=PLACE, or all of it. An address may have such a sign too.
func placeOf(value string) string {
	if name, place, ok := strings.Cut(value, "="); ok && !strings.Contains(name, "://") {
		return place
	}
	return value
}

// EnginesOn finds the engines that --on names: docker, podman, an address, or NAME= and one of these. From then on no
// other setting names an engine. Errors: that one does not answer, with the reasons of all candidates; that two are the
// same.
func (f *Factory) EnginesOn(ctx context.Context, values []string) ([]lifecycle.On, error) {
	s, err := f.Settings()
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"engine", "host"} {
		if s.Source(name).Kind == settings.CommandLine {
			return nil, fmt.Errorf("--on and --%s both name engines: leave one of them out", name)
		}
	}
	f.several = true
	var list []lifecycle.On
	asked, found := map[string]string{}, map[string]string{}
	for _, value := range values {
		on, uri, err := f.engineOn(ctx, value)
		if err != nil {
			return nil, fmt.Errorf("--on %s: %w", value, err)
		}
		if other, ok := found[uri]; ok {
			return nil, fmt.Errorf("--on %s and --on %s are the same engine, %s: leave one of them out", other, value, uri)
		}
		if other, ok := asked[on.Name]; ok {
			return nil, fmt.Errorf("--on %s and --on %s would both be called %s\nGive them names: --on one=%s --on two=%s",
				other, value, on.Name, placeOf(other), placeOf(value))
		}
		asked[on.Name], found[uri] = value, value
		list = append(list, on)
	}
	return list, nil
}

// engineOn finds the engine of one value of --on, and where it is.
func (f *Factory) engineOn(ctx context.Context, value string) (on lifecycle.On, uri string, err error) {
	place := placeOf(value)
	if name, ok := strings.CutSuffix(value, "="+place); ok {
		if !engineName.MatchString(name) {
			return on, "", fmt.Errorf("%q cannot be a name: write small letters and digits, with dashes between", name)
		}
		on.Name = name
	}
	o, err := f.DetectOptions()
	if err != nil {
		return on, "", err
	}
	switch {
	case strings.Contains(place, "://"):
		o.Host, o.HostSource, on.Host = place, "--on", place
	case slices.Contains(settings.Words("engine"), place):
		o.Engine, o.EngineSource = place, "--on"
	default:
		return on, "", fmt.Errorf("write one of %s, or an address such as unix:///run/podman/podman.sock, "+
			"with or without a name: mine=ADDRESS", strings.Join(settings.Words("engine"), ", "))
	}
	r, err := detect.Find(ctx, detect.ThisHost(), o)
	if err = errors.Join(err, r.Close()); err != nil {
		return on, "", err
	}
	on.Engine = string(r.Chosen.Kind)
	if on.Name == "" {
		on.Name = on.Engine
	}
	if r.Chosen.Ephemeral { // it has no lasting address
		return on, "a service that galley starts", nil
	}
	return on, lifecycle.Canonical(r.Chosen.URI), nil
}

// PutOn puts each of instances on each of engines.
func PutOn(instances []config.Instance, engines []lifecycle.On) []config.Instance {
	if len(engines) == 0 {
		return instances
	}
	var list []config.Instance
	for _, i := range instances {
		for _, on := range engines {
			list = append(list, lifecycle.PutOn(i, on))
		}
	}
	return list
}

// addRecorded adds the instances that --on has put on engines, each after the one of kitchen.yml that it is of.
func (f *Factory) addRecorded(conf *kitchen.Config) error {
	p, err := f.Project()
	if err != nil {
		return nil //nolint:nilerr // told by the commands that need one; a configuration can be read without
	}
	recorded, err := p.RecordedOn()
	if err != nil || len(recorded) == 0 {
		return err
	}
	var list []kitchen.RawInstance
	for _, i := range conf.Instances {
		list = append(list, i)
		for _, engine := range recorded[i.Name] {
			i := i
			i.Name, i.On = lifecycle.OnName(i.Name, engine), engine
			list = append(list, i)
		}
	}
	conf.Instances = list
	return nil
}

// WithEngines adds to chosen instances the same ones on the engines that --on has put them on.
func WithEngines(all, chosen []kitchen.RawInstance) []kitchen.RawInstance {
	want := OneOf(chosen)
	return slices.DeleteFunc(slices.Clone(all), func(i kitchen.RawInstance) bool {
		plain := i
		plain.Name = strings.TrimSuffix(i.Name, "@"+i.On)
		return !want(i) && (i.On == "" || !want(plain))
	})
}
