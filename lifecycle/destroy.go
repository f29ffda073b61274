package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// destroy removes the runner and its sandboxes. Where there is nothing, that is
// success too.
func (w *worker) destroy(ctx context.Context) error {
	imageID := ""
	if w.container != nil {
		imageID = w.container.ImageID
		if err := w.eng.RemoveContainer(ctx, w.container.ID); err != nil {
			return err
		}
		w.container = nil
	}
	if w.state.Sandbox == "" {
		return nil
	}
	dir := filepath.Join(w.run.o.Project.StateDir(), "sandbox", w.state.Sandbox)
	err := os.RemoveAll(dir)
	if errors.Is(err, os.ErrPermission) && !w.state.Upload {
		if imageID == "" { // the runner is gone, its files are not
			img, err := w.platformImage(ctx)
			if err != nil {
				return fmt.Errorf("clean the sandbox: %w", err)
			}
			imageID = img.ID
		}
		if err := w.clean(ctx, dir, imageID); err != nil {
			return err
		}
		err = os.RemoveAll(dir)
	}
	if err != nil {
		return &sandbox.LeftoverError{Dir: dir, Paths: []string{"."}, Err: err}
	}
	return nil
}

// cleanAt is where the container that cleans sees the directory.
const cleanAt = "/galley"

// clean empties a directory in which containers left files that only their root
// may remove, through a container of the same kind.
func (w *worker) clean(ctx context.Context, dir, imageID string) error {
	c, err := w.eng.CreateContainer(ctx, backend.ContainerSpec{
		Name: safeName(containerName(w.run.o.Project, w.inst.Name) + "-clean"), Image: imageID, User: "0",
		Entrypoint: []string{"sh", "-c", "rm -rf " + cleanAt + "/*/* " + cleanAt + "/*/.[!.]*"},
		Labels:     w.run.labels(backend.RoleRunner),
		Network:    backend.NetworkAttachment{Mode: backend.NetworkNone},
		Mounts:     []backend.Mount{{Type: backend.MountBind, Source: dir, Target: cleanAt, Own: true}},
	})
	if err != nil {
		return fmt.Errorf("clean the sandbox: %w", err)
	}
	err = w.eng.StartContainer(ctx, c.ID)
	if err == nil {
		var code int
		if code, err = w.eng.WaitContainer(ctx, c.ID); err == nil && code != 0 {
			err = fmt.Errorf("rm exited with code %d", code)
		}
	}
	if err = errors.Join(err, w.eng.RemoveContainer(ctx, c.ID)); err != nil {
		return fmt.Errorf("clean the sandbox: %w", err)
	}
	return nil
}
