package backend

import (
	"fmt"
	"net/http"
	"slices"
)

// Engine is an implementation of [ContainerBackend] as a program registers it.
type Engine struct {
	// Kind is what Recognize puts into an endpoint, and what Open is chosen by.
	Kind Kind
	// Recognize reports whether the headers of an answer to GET /_ping are this engine's, and fills in the endpoint's
	// versions. It is nil for Docker and Podman, which detection itself tells apart, and is asked before them.
	Recognize func(ep *Endpoint, h http.Header) bool
	// Open makes a backend. It asks the engine for nothing.
	Open func(ep Endpoint) (ContainerBackend, error)
}

// Engines are the engines that a program has.
type Engines []Engine

// Recognize reports whether one of the engines knows the headers of a ping's answer for
// its own, and fills in the endpoint's kind and versions.
func (e Engines) Recognize(ep *Endpoint, h http.Header) bool {
	for _, one := range e {
		if one.Recognize != nil && one.Recognize(ep, h) {
			ep.Kind = one.Kind
			return true
		}
	}
	return false
}

// Open makes the backend of an endpoint's kind. Errors: ErrUnsupported.
func (e Engines) Open(ep Endpoint) (ContainerBackend, error) {
	i := slices.IndexFunc(e, func(one Engine) bool { return one.Kind == ep.Kind })
	if i < 0 {
		return nil, &Error{Op: "open " + ep.URI, Kind: ErrUnsupported,
			Detail: fmt.Sprintf("galley has no backend for the engine %q", ep.Kind)}
	}
	return e[i].Open(ep)
}
