package config

import (
	"time"

	"github.com/galley-kitchen/galley/backend/spec"
)

// Service is a container beside the runner, such as a database, on a network of the instance's own: an entry of
// kitchen.yml's `services:`.
type Service struct {
	// Name is what the runner and other services find it by.
	Name  string
	Image string
	// Entrypoint and Command are nil for the image's own.
	Entrypoint, Command []string
	Env                 map[string]string
	Mounts              []spec.Mount // volumes and tmpfs
	Ports               []spec.PortMapping
	// DependsOn are the services that have to be ready before this one is started.
	DependsOn []string
	Ready     *Ready
	// Shared makes it one for all instances of a run that have it.
	Shared bool `json:",omitempty"`
	// Networks are those of the instance on which it is besides that of all services.
	Networks []Endpoint `json:",omitempty"`
}

// Ready says how a container is seen to be ready for use. All that is set has to hold.
type Ready struct {
	// Port is a TCP port on which it listens, 0 for none.
	Port int
	// HTTP is a URL that it answers, as seen from within.
	HTTP string
	// Log is a regular expression that a line of its output matches.
	Log string
	// Exec is an argv that exits with 0 within it.
	Exec []string
	// File is a path that exists within it.
	File string
	// HealthCheck says whether the image's HEALTHCHECK has to pass. nil leaves it to whether there is one and nothing
	// else is asked for.
	HealthCheck *bool
	// Timeout is how long that may take, and Interval the time between two looks.
	Timeout, Interval time.Duration
}

// HasCheck reports whether it asks for anything besides the image's HEALTHCHECK.
func (r Ready) HasCheck() bool {
	return r.Port != 0 || r.HTTP != "" || r.Log != "" || len(r.Exec) > 0 || r.File != ""
}
