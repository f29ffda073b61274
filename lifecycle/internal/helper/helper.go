// Package helper makes containers that a run needs for itself and removes again.
package helper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// cleanupTime is how long the removal of a helper may take after an interrupt.
const cleanupTime = 30 * time.Second

// Container is a helper.
type Container struct {
	engine backend.Containers
	// ID is the engine's.
	ID string
}

// Create makes a container that is not started, for what its image has in its files. The caller closes it.
func Create(ctx context.Context, engine backend.Containers, spec backend.ContainerSpec) (*Container, error) {
	made, err := engine.CreateContainer(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("make a container of %s: %w", spec.Image, err)
	}
	return &Container{engine: engine, ID: made.ID}, nil
}

// Start makes a container and starts it. The caller closes it.
func Start(ctx context.Context, engine backend.Containers, spec backend.ContainerSpec) (*Container, error) {
	c, err := Create(ctx, engine, spec)
	if err != nil {
		return nil, err
	}
	if err := engine.StartContainer(ctx, c.ID); err != nil {
		return nil, errors.Join(fmt.Errorf("start container %s: %w", spec.Name, err), c.Close(ctx))
	}
	return c, nil
}

// Exec runs a command in it, see runner.Runner.
func (c *Container) Exec(ctx context.Context, cmd runner.Command) (int, error) {
	return c.engine.Exec(ctx, c.ID, backend.ExecSpec{Command: cmd.Argv, Env: cmd.Env, User: cmd.User, WorkDir: cmd.WorkDir,
		Stdin: cmd.Stdin, Stdout: cmd.Stdout, Stderr: cmd.Stderr})
}

// Upload puts files below a directory, which must be there.
func (c *Container) Upload(ctx context.Context, dir string, files []sandbox.File) error {
	return archive.Send(ctx, c.engine, c.ID, dir, files)
}

// Download copies a file or directory to this machine.
func (c *Container) Download(ctx context.Context, from, to string) error {
	return archive.Fetch(ctx, c.engine, c.ID, from, to)
}

// Close removes it, also after an interrupt.
func (c *Container) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	return c.engine.RemoveContainer(ctx, c.ID)
}
