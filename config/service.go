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
	Image string `key:"image" as:"image"`
	// Entrypoint and Command are nil for the image's own.
	Entrypoint []string           `key:"entrypoint" as:"command"`
	Command    []string           `key:"command" as:"command"`
	Env        map[string]string  `key:"environment env" as:"env"`
	Mounts     []spec.Mount       `key:"volumes" joins:"true"` // volumes and tmpfs
	Ports      []spec.PortMapping `key:"ports"`
	// DependsOn are the services that have to be ready before this one is started.
	DependsOn []string `key:"depends_on" as:"depends on"`
	Ready     *Ready   `key:"ready"`
	// Shared makes it one for all instances of a run that have it.
	Shared bool `key:"shared" json:",omitempty"`
	// Networks are those of the instance on which it is besides that of all services.
	Networks []Endpoint `key:"networks" json:",omitempty"`
}

// Ready says how a container is seen to be ready for use. All that is set has to hold.
type Ready struct {
	// Port is a TCP port on which it listens, 0 for none.
	Port int `key:"port" as:"port"`
	// HTTP is a URL that it answers, as seen from within.
	HTTP string `key:"http" as:"url"`
	// Log is a regular expression that a line of its output matches.
	Log string `key:"log" as:"log pattern"`
	// Exec is an argv that exits with 0 within it.
	Exec []string `key:"exec" as:"shell"`
	// File is a path that exists within it.
	File string `key:"file" as:"path inside"`
	// HealthCheck says whether the image's HEALTHCHECK has to pass. nil leaves it to whether there is one and nothing
	// else is asked for.
	HealthCheck *bool `key:"healthcheck"`
	// Timeout is how long that may take, and Interval the time between two looks.
	Timeout  time.Duration `key:"timeout" as:"time"`
	Interval time.Duration `key:"interval" as:"time"`
}

// HasCheck reports whether it asks for anything besides the image's HEALTHCHECK.
func (r Ready) HasCheck() bool {
	return r.Port != 0 || r.HTTP != "" || r.Log != "" || len(r.Exec) > 0 || r.File != ""
}
