package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/detect"
	"github.com/galley-kitchen/galley/backend/docker"
	"github.com/galley-kitchen/galley/backend/podman"
	"github.com/galley-kitchen/galley/backend/spec"
)

// bareCommand makes this program the bare one.
const bareCommand = "bare"

// bare makes the calls that a test cannot do without: create, start, two execs,
// remove; and before them the ping that tells which engine it is.
func bare(ctx context.Context, host, name string) (err error) {
	found, err := detect.Find(ctx, detect.ThisHost(), detect.Options{Host: host, HostSource: "the command line"})
	if err != nil {
		return err
	}
	be, err := backend.Engines{docker.Engine(), podman.Engine()}.Open(found.Chosen)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, be.Close()) }()
	c, err := be.CreateContainer(ctx, backend.ContainerSpec{Name: name, Image: "docker.io/library/busybox:latest",
		Entrypoint: []string{"sh", "-c", "trap 'exit 0' TERM; while :; do sleep 86400 & wait $!; done"},
		Network:    backend.NetworkAttachment{Mode: spec.NetworkNamed, Name: "dokken"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, be.RemoveContainer(context.WithoutCancel(ctx), c.ID)) }()
	if err := be.StartContainer(ctx, c.ID); err != nil {
		return err
	}
	for range 2 {
		code, err := be.Exec(ctx, c.ID, backend.ExecSpec{Command: []string{"sh", "-c", "true"}})
		if err != nil {
			return err
		}
		if code != 0 {
			return fmt.Errorf("exit code %d", code)
		}
	}
	return nil
}
