package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/detect"
	"github.com/galley-kitchen/galley/backend/docker"
	"github.com/galley-kitchen/galley/backend/podman"
)

// open connects to an engine. An address in kitchen.yml beats the settings for its
// own instance.
func (a *app) open(ctx context.Context, engine, host string) (backend.ContainerBackend, backend.Endpoint, error) {
	o, err := a.detectOptions()
	if err != nil {
		return nil, backend.Endpoint{}, err
	}
	if engine != "" && o.Engine == "" {
		o.Engine = engine
	}
	if host != "" {
		o.Host, o.HostSource = host, "the instance's engine"
	}
	found, err := detect.Find(ctx, detect.ThisHost(), o)
	if err != nil { // an interrupt may have come when the service ran already
		return nil, backend.Endpoint{}, errors.Join(err, found.Close())
	}
	if found.Warning != "" {
		fmt.Fprintln(a.err, "$$$$$$ "+found.Warning)
	}
	be, err := openEndpoint(found.Chosen)
	if err != nil {
		return nil, backend.Endpoint{}, errors.Join(err, found.Close())
	}
	return closing{be, found.Close}, found.Chosen, nil
}

func (a *app) detectOptions() (detect.Options, error) {
	o := detect.Options{Engine: a.set.v.GetString("engine"), Host: a.set.v.GetString("host"),
		TLSCertPath: a.set.v.GetString("tls-cert-path"), TLSSkipVerify: !a.set.v.GetBool("tls-verify")}
	o.HostSource = a.set.source("host")
	if kinds := []string{"", string(backend.KindDocker), string(backend.KindPodman)}; !slices.Contains(kinds, o.Engine) {
		return o, fmt.Errorf("%s is %q: write docker or podman", a.set.source("engine"), o.Engine)
	}
	return o, nil
}

// openEndpoint makes the backend for what answered at an endpoint.
func openEndpoint(ep backend.Endpoint) (backend.ContainerBackend, error) {
	switch ep.Kind {
	case backend.KindDocker:
		return docker.New(ep)
	case backend.KindPodman:
		return podman.New(ep)
	default:
		return nil, fmt.Errorf("galley has no backend for the engine %q at %s", ep.Kind, ep.URI)
	}
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
