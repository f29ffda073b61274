// Package service is what the containers beside a runner are like, and how they, and a runner, are seen to be ready.
package service

import (
	"encoding/json"
	"fmt"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
)

// Spec says what the container of a service must be like, on a network on which it has its name.
func Spec(s config.Service, name, image, network string, labels backend.Labels) backend.ContainerSpec {
	return backend.ContainerSpec{
		Name: name, Image: image, Entrypoint: s.Entrypoint, Command: s.Command, Env: s.Env, Labels: labels,
		Mounts: s.Mounts, Ports: s.Ports,
		Network: backend.NetworkAttachment{Mode: spec.NetworkNamed, Name: network, Aliases: []string{s.Name}},
	}
}

// Definition is all of a service's configuration that its container is made from, as a text to be digested: some of it
// is secret.
func Definition(s config.Service) (string, error) {
	s.Ready = nil
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("digest the service %s: %w", s.Name, err)
	}
	return string(text), nil
}
